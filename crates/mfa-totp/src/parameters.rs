//! TOTP parameters: hash function and number of digits.

use std::fmt;

/// Hash function of the HMAC (RFC 6238 §1.2).
///
/// Exhaustive, so that each function is implemented and displayed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// SHA-1, which every app supports. Its collisions do not affect HMAC (RFC 4226 §B.2).
    #[default]
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-512.
    Sha512,
}

impl Algorithm {
    /// Returns the name used in otpauth URIs and responses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
            Self::Sha512 => "SHA512",
        }
    }
}

/// Number of digits of a code, never fewer than six (RFC 4226 §5.3).
///
/// Exhaustive, so that each length is parsed and displayed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Digits {
    /// Six digits, which every app supports.
    #[default]
    Six,
    /// Seven digits.
    Seven,
    /// Eight digits.
    Eight,
}

impl Digits {
    /// Returns the number of digits.
    pub const fn count(self) -> u8 {
        match self {
            Self::Six => 6,
            Self::Seven => 7,
            Self::Eight => 8,
        }
    }

    /// Returns the last decimal digits of a number.
    pub(crate) const fn last_of(self, number: u32) -> u32 {
        match self {
            Self::Six => number % 1_000_000,
            Self::Seven => number % 10_000_000,
            Self::Eight => number % 100_000_000,
        }
    }
}

impl fmt::Display for Digits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.count().fmt(f)
    }
}

/// Parameters that both sides must share besides the secret. The period is always [`crate::PERIOD`].
///
/// Accounts use the default (SHA-1, six digits) and store no parameters. Several apps ignore other values in the URI
/// and would display codes that never match.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Parameters {
    /// Hash function.
    pub algorithm: Algorithm,
    /// Number of digits.
    pub digits: Digits,
}
