//! Slow hashes, for passwords.

use std::fmt;

use super::box_future::BoxFuture;
use crate::SecretText;

/// Hashes passwords slowly, behind a bound of its own on concurrency and memory.
pub trait PasswordHasher: Send + Sync + fmt::Debug {
    /// Hashes a password for storage.
    ///
    /// # Errors
    ///
    /// [`HashError`]: store nothing.
    fn hash(&self, password: SecretText) -> BoxFuture<'_, Result<PasswordDigest, HashError>>;

    /// Checks a password against a stored hash; against a dummy of the same cost where there is none, so that an
    /// unknown user takes as long as a wrong password.
    ///
    /// # Errors
    ///
    /// [`HashError`]: the password was not checked; let nobody in.
    fn verify(
        &self,
        password: SecretText,
        digest: Option<PasswordDigest>,
    ) -> BoxFuture<'_, Result<PasswordCheck, HashError>>;
}

/// A password hash, as a column holds it: PHC string of Argon2id, or bcrypt.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordDigest(String);

impl PasswordDigest {
    /// Takes what a column holds.
    pub const fn from_column(text: String) -> Self {
        Self(text)
    }

    /// What a column is to hold.
    pub fn as_column(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordDigest(…)")
    }
}

/// What a check of a password says.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordCheck {
    /// Right, and the hash is as strong as new ones are.
    Correct,
    /// Right, and the hash is of an older kind.
    CorrectButOutdated,
    /// Wrong, or there is no such user.
    Wrong,
}

/// A password was not hashed or not checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HashError {
    /// Too many wait already.
    #[error("too many passwords wait to be hashed")]
    Overloaded,
    /// Hashing failed.
    #[error("the password could not be hashed")]
    Failed,
}
