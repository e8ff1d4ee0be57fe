//! Records of listed users, by their ids.

use std::collections::BTreeMap;

use diesel::result::QueryResult;
use mfa_core::{UserId, UserRecord};

use super::super::dialect::{Dialect, Statement};
use super::super::user_state;
use crate::database::columns::ColumnKind;
use crate::database::row::UserRow;

/// Column that no account has.
const FULL_NAME: &str = "full_name";

/// Reads users in the order of these ids. One that was deleted since the ids were read is left out.
pub(super) fn load<C: Dialect>(connection: &mut C, ids: &[i64]) -> QueryResult<Vec<UserRecord>> {
    let full_name = C::column(FULL_NAME, ColumnKind::Text);
    let rows = connection.load::<UserRow>(statement::<C>(ids, &full_name));
    let Ok(rows) = rows else { return row_by_row(connection, ids) };
    let records = rows.into_iter().map(UserRow::into_record);
    let mut records: BTreeMap<_, _> = records.map(|it| (it.user.value(), it)).collect();
    Ok(ids.iter().filter_map(|id| records.remove(id)).collect())
}

fn statement<C: Dialect>(ids: &[i64], full_name: &str) -> Statement {
    let column = |name, kind| C::column(name, kind);
    let flag = |name| column(name, ColumnKind::Flag);
    let text = format!(
        "SELECT {} AS id, {} AS email, {} AS username, {} AS full_name, {} AS is_active, {} AS is_superuser, \
         {} AS mfa_enforced, {} AS totp_enabled, {} AS sms_enabled, {} AS has_passkey, {} AS lock_until, \
         {} AS last_success_at, {} AS unreadable FROM users WHERE {}",
        column("id", ColumnKind::Id),
        column("email", ColumnKind::Name),
        column("username", ColumnKind::Name),
        full_name,
        flag("is_active"),
        flag("is_superuser"),
        flag("mfa_enforced"),
        user_state::app::<C>(),
        user_state::sms::<C>(),
        user_state::passkey::<C>(),
        column("mfa_lock_until", ColumnKind::Time),
        column("mfa_last_success_at", ColumnKind::Time),
        (C::INVALID_VALUE)(),
        C::is_in("id", "$1"),
    );
    Statement::new(text).bind(ids.to_vec())
}

/// Reads each user alone. A user who cannot be read is listed by id, with the column.
fn row_by_row<C: Dialect>(connection: &mut C, ids: &[i64]) -> QueryResult<Vec<UserRecord>> {
    let full_name = C::column(FULL_NAME, ColumnKind::Text);
    let mut users = Vec::with_capacity(ids.len());
    let mut refusal = None;
    for id in ids {
        let one = [*id];
        let user = match connection.first::<UserRow>(statement::<C>(&one, &full_name)) {
            Ok(row) => row.map(UserRow::into_record),
            Err(_) => match connection.first::<UserRow>(statement::<C>(&one, "NULL")) {
                Ok(row) => row.map(UserRow::into_record).map(without_full_name),
                Err(error) => {
                    let column = connection.unreadable_column(*id);
                    // An unreachable database names no column.
                    if column.is_none() {
                        refusal = Some(error);
                    }
                    Some(unreadable(*id, column))
                }
            },
        };
        users.extend(user);
    }
    match refusal {
        Some(error) if users.iter().all(|it| it.unreadable.as_deref() == Some(UNKNOWN)) => Err(error),
        _ => Ok(users),
    }
}

/// Names the column, unless another one cannot be read either.
fn without_full_name(user: UserRecord) -> UserRecord {
    let unreadable = user.unreadable.or_else(|| Some(FULL_NAME.to_owned()));
    UserRecord { unreadable, ..user }
}

const UNKNOWN: &str = "unknown";

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
        sms_enabled: false,
        has_passkey: false,
        lock_until: None,
        last_success_at: None,
        unreadable: Some(column.unwrap_or(UNKNOWN).to_owned()),
    }
}
