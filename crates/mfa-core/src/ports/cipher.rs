//! How secrets are kept in a row.

use std::fmt;

use crate::{SealContext, Sealed, SecretBytes};

/// Seals secrets for a column of one user's row and unseals them again, with authenticated encryption.
///
/// Synchronous: it is called inside decisions.
pub trait SecretCipher: Send + Sync + fmt::Debug {
    /// Seals a secret for its place.
    ///
    /// # Errors
    ///
    /// [`CipherError`] when there is no key or no randomness: store nothing.
    fn seal(&self, secret: &SecretBytes, context: SealContext) -> Result<Sealed, CipherError>;

    /// Unseals what was sealed for this very place.
    ///
    /// # Errors
    ///
    /// [`CipherError`] when the value was altered, moved, sealed with a key that is not here, or never sealed: refuse
    /// the call; never take it for an absent secret.
    fn unseal(&self, sealed: &Sealed, context: SealContext) -> Result<SecretBytes, CipherError>;

    /// Whether it was sealed with the key that seals now: anything else is sealed anew when keys are rotated.
    fn is_current(&self, sealed: &Sealed) -> bool;
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
