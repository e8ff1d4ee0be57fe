//! Pages of users for administrators, which survive a row that the database refuses to read.

use std::time::{Duration, Instant};

use diesel::result::QueryResult;
use mfa_core::{UserId, UserQuery, UserRecord};

use super::dialect::{Dialect, Statement};
use crate::database::columns::ColumnKind;
use crate::database::committer::now;
use crate::database::installation::KeyIdRow;
use crate::database::row::{UserRow, like};

/// A query that fails within this time was refused because of a value, not ended by a timeout.
const QUICK_REFUSAL: Duration = Duration::from_millis(500);

/// Column that no account has.
const FULL_NAME: &str = "full_name";

/// Reads a page of users by ascending id.
pub(super) fn page<C: Dialect>(connection: &mut C, query: &UserQuery) -> QueryResult<Vec<UserRecord>> {
    let began = now();
    let rows = statement::<C>(query, &C::column(FULL_NAME, ColumnKind::Text));
    match connection.load::<UserRow>(rows) {
        Ok(rows) => Ok(rows.into_iter().map(UserRow::into_record).collect()),
        Err(error) if is_slow(began) => Err(error),
        // One of the rows cannot be read: read each one alone.
        Err(error) => row_by_row(connection, query).map_err(|_| error),
    }
}

fn is_slow(began: Instant) -> bool {
    began.elapsed() >= QUICK_REFUSAL
}

fn statement<C: Dialect>(query: &UserQuery, full_name: &str) -> Statement {
    let column = |name, kind| C::column(name, kind);
    let flag = |name| column(name, ColumnKind::Flag);
    let text = format!(
        "SELECT {} AS id, {} AS email, {} AS username, {} AS full_name, {} AS is_active, {} AS is_superuser, \
         {} AS mfa_enforced, ({}) AND totp_secret IS NOT NULL AND NOT {} AS totp_enabled, {} AS lock_until, {} AS unreadable \
         FROM users WHERE {}",
        column("id", ColumnKind::Id),
        column("email", ColumnKind::Name),
        column("username", ColumnKind::Name),
        full_name,
        flag("is_active"),
        flag("is_superuser"),
        flag("mfa_enforced"),
        flag("is_totp_enabled"),
        C::HAS_PLACEHOLDER,
        column("mfa_lock_until", ColumnKind::Time),
        (C::INVALID_VALUE)(),
        condition::<C>(),
    );
    bound(text, query)
}

fn condition<C: Dialect>() -> String {
    format!(
        "id > $1 AND ($2 IS NULL OR {} OR {}) ORDER BY users.id LIMIT $3",
        C::matches("email", "$2"),
        C::matches("username", "$2")
    )
}

fn bound(text: String, query: &UserQuery) -> Statement {
    Statement::new(text)
        .bind(query.after.map_or(i64::MIN, UserId::value))
        .bind(query.text.as_deref().map(like))
        .bind(i64::from(query.limit))
}

/// Reads the ids of a page, then each user alone. A user who cannot be read is listed by id, with the column.
fn row_by_row<C: Dialect>(connection: &mut C, query: &UserQuery) -> QueryResult<Vec<UserRecord>> {
    let ids =
        format!("SELECT {} AS id FROM users WHERE {}", C::column("id", ColumnKind::Id), condition::<C>());
    let ids: Vec<KeyIdRow> = connection.load(bound(ids, query))?;
    let mut users = Vec::with_capacity(ids.len());
    for KeyIdRow { id } in ids {
        let one = UserQuery { text: None, after: Some(UserId::new(id.saturating_sub(1))), limit: 1 };
        let full_name = C::column(FULL_NAME, ColumnKind::Text);
        let user = match connection.first::<UserRow>(statement::<C>(&one, &full_name)) {
            Ok(row) => row.map(UserRow::into_record),
            Err(_) => match connection.first::<UserRow>(statement::<C>(&one, "NULL")) {
                Ok(row) => row.map(UserRow::into_record).map(without_full_name),
                Err(_) => Some(unreadable(id, connection.unreadable_column(id))),
            },
        };
        users.extend(user.filter(|it| it.user.value() == id));
    }
    Ok(users)
}

/// Names the column, unless another one cannot be read either.
fn without_full_name(user: UserRecord) -> UserRecord {
    let unreadable = user.unreadable.or_else(|| Some(FULL_NAME.to_owned()));
    UserRecord { unreadable, ..user }
}

/// Returns a user of whom only the id is known. The app counts as enabled, so that an export names the user.
fn unreadable(id: i64, column: Option<&'static str>) -> UserRecord {
    UserRecord {
        user: UserId::new(id),
        email: String::new(),
        username: String::new(),
        full_name: None,
        is_active: false,
        is_superuser: false,
        mfa_enforced: false,
        totp_enabled: true,
        lock_until: None,
        unreadable: Some(column.unwrap_or("unknown").to_owned()),
    }
}
