//! The keys that sign and verify, in one place whatever their algorithm.

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

/// A key of one algorithm, which it knows itself: a token never chooses (RFC 8725 §3.1).
pub(crate) trait TokenKey: Send + Sync + fmt::Debug {
    /// Its name in the header's `kid`.
    fn id(&self) -> &str;

    /// Its algorithm as the header's `alg` writes it.
    fn algorithm(&self) -> &'static str;

    /// What everybody may know of it; `None` for a key that is secret as a whole.
    fn public_key(&self) -> Option<&PublicKey> {
        None
    }

    /// The signature of a message.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, IssueError>;

    /// Whether the signature is that of the message under this key and algorithm.
    fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), TokenError>;
}
