//! Chance, from the operating system.

use std::fmt;

/// A cryptographic source of randomness.
pub trait Entropy: Send + Sync + fmt::Debug {
    /// Fills the buffer with random bytes.
    ///
    /// # Errors
    ///
    /// [`EntropyError`] when the source failed: make nothing out of the buffer.
    fn fill(&self, buffer: &mut [u8]) -> Result<(), EntropyError>;
}

/// The source of randomness failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the operating system gave no randomness")]
pub struct EntropyError;
