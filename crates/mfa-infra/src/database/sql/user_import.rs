//! Queries of bulk imports of users.

use std::time::Duration;

use diesel::result::QueryResult;
use mfa_core::{BoxFuture, NewUser, StoreError, login_forms};

use super::SqlDatabase;
use super::dialect::{Dialect, Statement};
use super::logins::email_is_in;
use crate::database::columns::ColumnKind;
use crate::database::committer::now;
use crate::database::login_columns::LoginColumns;
use crate::database::user_import::{UserIdentity, UserIdentityRow, UserImportStore};

/// A query that fails within this time was refused because of a value.
const QUICK_REFUSAL: Duration = Duration::from_millis(500);

impl<C: Dialect> UserImportStore for SqlDatabase<C> {
    fn find_all(
        &self,
        emails: Vec<String>,
        usernames: Vec<String>,
    ) -> BoxFuture<'_, Result<Vec<UserIdentity>, StoreError>> {
        let columns = self.columns.clone();
        self.pool.run("find users", move |connection| {
            let began = now();
            let rows = find(connection, &columns, &emails, &usernames).or_else(|error| {
                // A slow query was ended by a timeout. A quick refusal means a row that cannot be read: it is left out.
                if began.elapsed() >= QUICK_REFUSAL {
                    return Err(error);
                }
                let by_email = emails.chunks(1).map(|email| (email, [].as_slice()));
                let by_name = usernames.chunks(1).map(|name| ([].as_slice(), name));
                let each = by_email.chain(by_name);
                let each: Vec<_> =
                    each.map(|(email, name)| find(connection, &columns, email, name)).collect();
                let is_reachable = each.iter().any(Result::is_ok);
                if is_reachable { Ok(each.into_iter().flatten().flatten().collect()) } else { Err(error) }
            })?;
            Ok(rows.into_iter().map(UserIdentityRow::into_identity).collect())
        })
    }

    fn insert_all(&self, users: Vec<NewUser>) -> BoxFuture<'_, Result<Vec<UserIdentity>, StoreError>> {
        let columns = self.columns.clone();
        self.pool.run("insert users", move |connection| {
            let rows = connection.insert_users(&users, &columns)?;
            Ok(rows.into_iter().map(UserIdentityRow::into_identity).collect())
        })
    }
}

/// Reads the users with one of these addresses or names.
fn find<C: Dialect>(
    connection: &mut C,
    columns: &LoginColumns,
    emails: &[String],
    usernames: &[String],
) -> QueryResult<Vec<UserIdentityRow>> {
    let (by_email, spellings) = email_is_in::<C>(columns, "$1", emails.iter().map(String::as_str));
    let selected = format!(
        "SELECT {} AS id, {} AS email, {} AS username FROM users WHERE",
        C::column("id", ColumnKind::Id),
        C::column("email", ColumnKind::Name),
        C::column("username", ColumnKind::Name)
    );
    let usernames: Vec<_> = usernames.iter().flat_map(|it| login_forms(it)).collect();
    // Two parts, so that each uses its index.
    let query = format!(
        "{selected} {by_email} UNION {selected} {}",
        C::text_is_in("username", &columns.username, "$2")
    );
    connection.load(Statement::new(query).bind(spellings).bind(usernames))
}
