//! Port for slow password hashes.

use std::fmt;

use super::box_future::BoxFuture;
use crate::SecretText;

/// Slow password hashing with its own limits on concurrency and memory.
pub trait PasswordHasher: Send + Sync + fmt::Debug {
    /// Hashes a password for storage.
    ///
    /// # Errors
    ///
    /// [`HashError`] if the password was not hashed: store nothing.
    fn hash(&self, password: SecretText) -> BoxFuture<'_, Result<PasswordDigest, HashError>>;

    /// Verifies a password against a stored hash.
    ///
    /// Without a hash it computes a dummy of the same cost, so that an unknown user takes as long as a wrong
    /// password.
    ///
    /// # Errors
    ///
    /// [`HashError`] if the password was not verified: deny the login.
    fn verify(
        &self,
        password: SecretText,
        digest: Option<PasswordDigest>,
    ) -> BoxFuture<'_, Result<PasswordCheck, HashError>>;
}

/// Password hash as stored in a column: Argon2id (PHC string) or bcrypt.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordDigest(String);

impl PasswordDigest {
    /// Wraps the content of a column.
    pub const fn from_column(text: String) -> Self {
        Self(text)
    }

    /// Returns the content for a column.
    pub fn as_column(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordDigest(…)")
    }
}

/// Result of verifying a password.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordCheck {
    /// The password is correct and the hash has the current strength.
    Correct,
    /// The password is correct and the hash is outdated.
    CorrectButOutdated,
    /// The password is wrong, or there is no hash.
    Wrong,
}

/// Error of hashing or verifying a password.
///
/// Exhaustive, so that each case is mapped to an HTTP response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HashError {
    /// Too many passwords are waiting.
    #[error("too many passwords wait to be hashed")]
    Overloaded,
    /// Hashing failed.
    #[error("the password could not be hashed")]
    Failed,
}
