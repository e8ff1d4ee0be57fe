//! Queries of bulk imports of users.

use mfa_core::{BoxFuture, NewUser, StoreError};

use super::SqlDatabase;
use super::dialect::{Dialect, Statement};
use crate::database::user_import::{UserIdentity, UserIdentityRow, UserImportStore};

impl<C: Dialect> UserImportStore for SqlDatabase<C> {
    fn find_all(
        &self,
        emails: Vec<String>,
        usernames: Vec<String>,
    ) -> BoxFuture<'_, Result<Vec<UserIdentity>, StoreError>> {
        self.pool.run("find users", move |connection| {
            // Two parts, so that each uses its index.
            let query = format!(
                "SELECT CAST(id AS bigint) AS id, CAST(email AS text) AS email, CAST(username AS text) AS username \
                 FROM users WHERE {} UNION \
                 SELECT CAST(id AS bigint), CAST(email AS text), CAST(username AS text) FROM users WHERE {}",
                C::is_in("email", "$1"),
                C::is_in("username", "$2")
            );
            let rows: Vec<UserIdentityRow> =
                connection.load(Statement::new(query).bind(emails).bind(usernames))?;
            Ok(rows.into_iter().map(UserIdentityRow::into_identity).collect())
        })
    }

    fn insert_all(&self, users: Vec<NewUser>) -> BoxFuture<'_, Result<Vec<UserIdentity>, StoreError>> {
        self.pool.run("insert users", move |connection| {
            let rows = connection.insert_users(&users)?;
            Ok(rows.into_iter().map(UserIdentityRow::into_identity).collect())
        })
    }
}
