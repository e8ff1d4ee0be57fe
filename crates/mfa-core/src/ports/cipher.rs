//! Port for the encryption of secrets in database columns.

use std::fmt;

use crate::{SealContext, Sealed, SecretBytes};

/// Authenticated encryption of secrets, each bound to one column of one user's row.
///
/// Synchronous, because decisions call it.
pub trait SecretCipher: Send + Sync + fmt::Debug {
    /// Encrypts a secret for this context.
    ///
    /// # Errors
    ///
    /// [`CipherError`] if there is no key or no randomness: store nothing.
    fn seal(&self, secret: &SecretBytes, context: SealContext) -> Result<Sealed, CipherError>;

    /// Decrypts a value that was sealed for exactly this context.
    ///
    /// # Errors
    ///
    /// [`CipherError`] if the value was altered, moved, sealed with an unknown key, or never sealed: deny the
    /// request. Never treat the secret as absent.
    fn unseal(&self, sealed: &Sealed, context: SealContext) -> Result<SecretBytes, CipherError>;

    /// Returns whether the value was sealed with the primary key. A key rotation re-encrypts all other values.
    fn is_current(&self, sealed: &Sealed) -> bool;
}

/// Error of sealing or unsealing. It contains nothing of the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CipherError {
    /// The value was never sealed.
    #[error("the value is not sealed")]
    NotSealed,
    /// The key that sealed the value is not in the key ring.
    #[error("the key that sealed the value is not configured")]
    UnknownKey,
    /// The value was altered, or sealed for another context.
    #[error("the value was altered or moved")]
    Altered,
    /// There was no randomness for a nonce.
    #[error("no randomness to seal with")]
    NoEntropy,
}
