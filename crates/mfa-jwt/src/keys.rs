//! Keys that sign and verify tokens, independent of their algorithm.

mod private;
mod public;
mod ring;
mod secret;
mod strength;

pub use private::{PrivateKey, SigningAlgorithm};
pub use public::{KeySet, PublicKey};
pub use ring::TokenKeyRing;
pub use secret::SecretKey;
pub use strength::check_secret_strength;

use std::fmt;

use crate::{IssueError, TokenError};

/// Signing key of one algorithm. The key determines the algorithm, never the token (RFC 8725 §3.1).
pub(crate) trait TokenKey: Send + Sync + fmt::Debug {
    /// Returns the key ID for the header's `kid`.
    fn id(&self) -> &str;

    /// Returns the algorithm for the header's `alg`.
    fn algorithm(&self) -> &'static str;

    /// Returns the public half, or `None` for a secret key.
    fn public_key(&self) -> Option<&PublicKey> {
        None
    }

    /// Signs a message.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, IssueError>;

    /// Verifies the signature of a message.
    fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), TokenError>;
}
