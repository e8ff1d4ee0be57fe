//! Port for bulk imports of users.

use std::fmt;

use super::row::unpadded;
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Text};
use mfa_core::{BoxFuture, NewUser, StoreError, UserId};

/// Store for bulk imports: one statement for many users.
pub trait UserImportStore: Send + Sync + fmt::Debug {
    /// Returns the users with one of these addresses, in any case, or with one of these names.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the database did not answer.
    fn find_all(
        &self,
        emails: Vec<String>,
        usernames: Vec<String>,
    ) -> BoxFuture<'_, Result<Vec<UserIdentity>, StoreError>>;

    /// Inserts users with one commit, except those whose name or address is taken. Returns the inserted users.
    ///
    /// # Errors
    ///
    /// [`StoreError`]: no user was inserted, or the outcome is unknown.
    fn insert_all(&self, users: Vec<NewUser>) -> BoxFuture<'_, Result<Vec<UserIdentity>, StoreError>>;
}

/// Identity of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserIdentity {
    /// Id of the user.
    pub user: UserId,
    /// Email address.
    pub email: String,
    /// User name.
    pub username: String,
}

#[derive(QueryableByName)]
pub(super) struct UserIdentityRow {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Text)]
    email: String,
    #[diesel(sql_type = Text)]
    username: String,
}

impl UserIdentityRow {
    pub(super) fn into_identity(self) -> UserIdentity {
        UserIdentity {
            user: UserId::new(self.id),
            email: unpadded(&self.email),
            username: unpadded(&self.username),
        }
    }
}
