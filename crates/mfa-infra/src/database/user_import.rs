//! Users by the thousand, for what is taken over from another system.

use std::fmt;

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Text};
use mfa_core::{BoxFuture, NewUser, StoreError, UserId};

/// Users by the thousand: one statement for many of them.
pub trait UserImportStore: Send + Sync + fmt::Debug {
    /// The users who have one of these addresses or one of these names, spelled as they are given.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store gave no answer.
    fn find_all(
        &self,
        emails: Vec<String>,
        usernames: Vec<String>,
    ) -> BoxFuture<'_, Result<Vec<UserIdentity>, StoreError>>;

    /// Adds users, all with one commit, but for those whose name or address is taken; answers who they are by name.
    ///
    /// # Errors
    ///
    /// [`StoreError`]: none was added, or it is not known.
    fn insert_all(&self, users: Vec<NewUser>) -> BoxFuture<'_, Result<Vec<UserIdentity>, StoreError>>;
}

/// Who somebody is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserIdentity {
    /// The key.
    pub user: UserId,
    /// Address.
    pub email: String,
    /// Name.
    pub username: String,
}

#[derive(QueryableByName)]
pub(super) struct EntryRow {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = Text)]
    email: String,
    #[diesel(sql_type = Text)]
    username: String,
}

impl EntryRow {
    pub(super) fn into_identity(self) -> UserIdentity {
        UserIdentity { user: UserId::new(self.id), email: self.email, username: self.username }
    }
}
