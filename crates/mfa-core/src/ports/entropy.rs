//! Port for randomness from the operating system.

use std::fmt;

/// Cryptographically secure source of randomness.
pub trait Entropy: Send + Sync + fmt::Debug {
    /// Fills the buffer with random bytes.
    ///
    /// # Errors
    ///
    /// [`EntropyError`] if the source failed: do not use the buffer.
    fn fill(&self, buffer: &mut [u8]) -> Result<(), EntropyError>;
}

/// Error of the source of randomness.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("cannot read random bytes from the operating system")]
pub struct EntropyError;
