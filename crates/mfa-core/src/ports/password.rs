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

    /// Hashes a password for storage with bcrypt, for another program that reads nothing else.
    ///
    /// The default hashes as [`hash`](Self::hash) does.
    ///
    /// # Errors
    ///
    /// [`HashError`] if the password was not hashed: store nothing.
    fn hash_bcrypt(&self, password: SecretText) -> BoxFuture<'_, Result<PasswordDigest, HashError>> {
        self.hash(password)
    }

    /// Verifies a password against a stored hash.
    ///
    /// Without a hash it computes dummies of the kinds and costs that stored hashes have ([`PasswordKinds`]), so that an
    /// unknown user takes as long as a wrong password.
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

/// Kinds of password hash in the table of users, and the cost of bcrypt.
///
/// Every login computes one hash of each kind, whatever its row has: otherwise the time of a login would show whether the
/// user exists, and which kind of hash the row has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordKinds {
    /// Whether there are Argon2id hashes.
    pub argon2id: bool,
    /// Greatest cost of a bcrypt hash up to [`Self::MAX_BCRYPT_COST`]; `None` without such hashes.
    pub bcrypt_cost: Option<u32>,
}

impl PasswordKinds {
    /// Maximum cost that counts. One row of a greater cost must not slow down every login.
    pub const MAX_BCRYPT_COST: u32 = 14;
    /// Minimum cost of bcrypt.
    pub const MIN_BCRYPT_COST: u32 = 4;
    /// Greatest cost of a bcrypt hash that is verified at all.
    pub const MAX_VERIFIED_BCRYPT_COST: u32 = 16;
    /// Assumption while the kinds are unknown: both, with the default cost of passlib.
    pub const UNKNOWN: Self = Self { argon2id: true, bcrypt_cost: Some(12) };
    /// Argon2id alone, the kind of new hashes.
    pub const ARGON2ID: Self = Self { argon2id: true, bcrypt_cost: None };

    /// Returns the kinds of these columns, of which the first seven characters suffice. Without any known kind it is
    /// [`Self::ARGON2ID`].
    pub fn of_columns<'a>(columns: impl IntoIterator<Item = &'a str>) -> Self {
        let mut kinds = Self { argon2id: false, bcrypt_cost: None };
        for column in columns {
            kinds.add(column);
        }
        if kinds.bcrypt_cost.is_none() { Self::ARGON2ID } else { kinds }
    }

    /// Adds the kind of a column. An unknown kind adds nothing.
    pub fn add(&mut self, column: &str) {
        if column.starts_with("$argon2") {
            self.argon2id = true;
        } else if let Some(cost) = bcrypt_cost(column).filter(|cost| *cost <= Self::MAX_BCRYPT_COST) {
            self.bcrypt_cost = self.bcrypt_cost.max(Some(cost));
        }
    }
}

/// Returns the cost in `$2b$12$…`.
fn bcrypt_cost(column: &str) -> Option<u32> {
    let (minor, rest) = column.strip_prefix("$2")?.split_once('$')?;
    let (cost, _) = rest.split_once('$')?;
    let is_bcrypt = ["a", "b", "x", "y"].contains(&minor) && cost.len() == 2;
    let cost = cost.parse().ok().filter(|_| is_bcrypt)?;
    (cost >= PasswordKinds::MIN_BCRYPT_COST).then_some(cost)
}

/// Result of verifying a password.
///
/// Exhaustive, so that a caller cannot overlook a result.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_and_the_greatest_cost_are_read_from_the_first_characters() {
        let kinds = |columns: &[&str]| PasswordKinds::of_columns(columns.iter().copied());
        assert_eq!(kinds(&[]), PasswordKinds::ARGON2ID);
        assert_eq!(kinds(&["", "plain", "$2b$03$", "$2z$12$", "$2b$1$", "$2"]), PasswordKinds::ARGON2ID);
        assert_eq!(kinds(&["$argon2"]), PasswordKinds::ARGON2ID);
        let bcrypt = PasswordKinds { argon2id: false, bcrypt_cost: Some(12) };
        assert_eq!(kinds(&["$2b$10$", "$2y$12$", "$2a$04$", ""]), bcrypt);
        assert_eq!(kinds(&["$2b$12$", "$argon2"]), PasswordKinds::UNKNOWN);
        assert_eq!(kinds(&["$2b$31$", "$2b$15$"]), PasswordKinds::ARGON2ID);
        assert_eq!(kinds(&["$2b$31$", "$2b$14$"]).bcrypt_cost, Some(PasswordKinds::MAX_BCRYPT_COST));
    }
}
