//! How secrets are kept in a row.

use std::fmt;

use crate::{SecretBytes, UserId};

/// Seals secrets for a column of one user's row and unseals them again, with authenticated encryption.
///
/// Synchronous: it is called inside decisions.
pub trait SecretCipher: Send + Sync + fmt::Debug {
    /// Seals a secret for its place.
    ///
    /// # Errors
    ///
    /// [`CipherError`] when there is no key or no randomness: store nothing.
    fn seal(&self, secret: &SecretBytes, place: SealContext) -> Result<Sealed, CipherError>;

    /// Unseals what was sealed for this very place.
    ///
    /// # Errors
    ///
    /// [`CipherError`] when the value was altered, moved, sealed with a key that is not here, or never sealed: refuse
    /// the call; never take it for an absent secret.
    fn unseal(&self, sealed: &Sealed, place: SealContext) -> Result<SecretBytes, CipherError>;

    /// Whether it was sealed with the key that seals now: anything else is sealed anew when keys are rotated.
    fn is_current(&self, sealed: &Sealed) -> bool;
}

/// A sealed value, as a column holds it. Opaque: only a [`SecretCipher`] reads it.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed(String);

impl Sealed {
    /// Takes what a column holds, whatever it is: a cipher refuses what it did not seal.
    pub const fn from_column(text: String) -> Self {
        Self(text)
    }

    /// What a column is to hold.
    pub fn as_column(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Sealed {
    /// Shows nothing: a column may hold a value that should be sealed and is not.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealed(…)")
    }
}

/// The place a value is sealed for: it unseals nowhere else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SealContext {
    /// In whose row.
    pub user: UserId,
    /// In which column.
    pub column: SealedColumn,
}

/// A column of `users` that holds sealed values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SealedColumn {
    /// The TOTP secret in force.
    TotpSecret,
    /// A TOTP secret that waits for its confirmation.
    TotpPendingSecret,
    /// The phone number in force.
    PhoneNumber,
    /// A phone number that waits for its confirmation.
    PhonePending,
}

impl SealedColumn {
    /// The name of the column.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TotpSecret => "totp_secret",
            Self::TotpPendingSecret => "totp_pending_secret",
            Self::PhoneNumber => "phone_number",
            Self::PhonePending => "phone_pending",
        }
    }
}

/// A value that could not be sealed or unsealed. Says nothing of the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CipherError {
    /// It was never sealed.
    #[error("the value is not sealed")]
    NotSealed,
    /// Its key is not in the ring.
    #[error("the key that sealed the value is not configured")]
    UnknownKey,
    /// It was altered, or sealed for another place.
    #[error("the value was altered or moved")]
    Altered,
    /// There was no randomness for a nonce.
    #[error("no randomness to seal with")]
    NoEntropy,
}
