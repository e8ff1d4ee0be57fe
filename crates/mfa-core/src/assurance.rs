//! Kinds of second factor and their authentication method references (RFC 8176).

use serde::{Deserialize, Serialize};

/// Kind of second factor.
///
/// Exhaustive, so that a new factor fails to compile wherever it is not handled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FactorKind {
    /// Code of an authenticator app (RFC 6238).
    Totp,
    /// Code sent by SMS.
    Sms,
    /// Single-use recovery code.
    Recovery,
    /// Passkey or security key (WebAuthn Level 3).
    Passkey,
}

impl FactorKind {
    /// Returns the name used in responses, events and columns.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Totp => "totp",
            Self::Sms => "sms",
            Self::Recovery => "recovery",
            Self::Passkey => "passkey",
        }
    }

    /// Returns the factor with this name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Totp, Self::Sms, Self::Recovery, Self::Passkey].into_iter().find(|kind| kind.as_str() == name)
    }

    /// Returns the `amr` claim of a login by password and this factor. RFC 8176 has no value for recovery codes.
    pub const fn amr(self) -> &'static [&'static str] {
        match self {
            Self::Totp => &["pwd", "otp", "mfa"],
            Self::Sms => &["pwd", "sms", "mfa"],
            Self::Recovery => &["pwd", "mfa"],
            Self::Passkey => &["pwd", "pop", "user", "mfa"],
        }
    }
    /// Returns whether a page that imitates this service cannot relay the factor (NIST SP 800-63B-4 §3.2.5).
    pub const fn is_phishing_resistant(self) -> bool {
        matches!(self, Self::Passkey)
    }
}
