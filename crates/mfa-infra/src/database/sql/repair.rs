//! Replacement of values of an account that cannot be read, by safe ones.

use diesel::result::{Error, QueryResult};
use mfa_core::{RepairScope, Timestamp, UserId};

use super::dialect::{Dialect, Statement};
use crate::database::columns::{ACCOUNT, ColumnKind, FAR_FUTURE};

/// Replaces the values in scope. Returns whether the account can be read afterwards.
///
/// Reading stops at the first invalid value, so one is replaced at a time.
pub(super) fn repair<C: Dialect>(
    connection: &mut C,
    user: UserId,
    scope: RepairScope,
    now: Timestamp,
) -> QueryResult<bool> {
    for _ in ACCOUNT {
        let found = match connection.find_account(user.value()) {
            Ok(None) => return Ok(false),
            Ok(Some(row)) => match row.to_account() {
                Ok(_) => return Ok(true),
                Err(error) => (error.column().to_owned(), Some(row.mfa_version)),
            },
            Err(error) => match connection.unreadable_column(user.value()) {
                Some(column) => (column.to_owned(), None),
                None => return Err(error),
            },
        };
        let (column, version) = found;
        let value = ACCOUNT.iter().find(|(name, _)| *name == column);
        let value = value.filter(|(name, _)| is_in_scope(name, scope));
        let Some(value) = value.and_then(|(name, kind)| safe_value::<C>(name, *kind, now)) else {
            return Ok(false);
        };
        // A version that rises by one shows the guard trigger that the write is no other program's.
        let update = format!(
            "UPDATE users SET {column} = {value}, mfa_version = mfa_version + 1 \
             WHERE id = $1 AND ($2 IS NULL OR mfa_version = $2)"
        );
        connection.execute(Statement::new(update).bind(user.value()).bind(version))?;
    }
    Err(Error::NotFound)
}

fn is_in_scope(column: &str, scope: RepairScope) -> bool {
    match scope {
        RepairScope::Lock => matches!(column, "mfa_lock_until" | "mfa_failed_attempts"),
        RepairScope::All => true,
    }
}

/// Returns an expression for a value that lets nobody in: a lock that only an administrator ends, no factor, no rights, no
/// session.
fn safe_value<C: Dialect>(column: &str, kind: ColumnKind, now: Timestamp) -> Option<String> {
    let value = match (kind, column) {
        (ColumnKind::Flag, "mfa_enforced") => "TRUE".to_owned(),
        (ColumnKind::Flag, _) => "FALSE".to_owned(),
        (ColumnKind::Time, "mfa_lock_until") => C::timestamp(FAR_FUTURE),
        (ColumnKind::Time | ColumnKind::Step | ColumnKind::Text, _) => "NULL".to_owned(),
        (ColumnKind::List, _) => "'[]'".to_owned(),
        (ColumnKind::Count, _) => "0".to_owned(),
        (ColumnKind::Method, _) => "'none'".to_owned(),
        // The session number is greater than each that was counted, so that no earlier token fits. The next decision looks
        // for the last event, whose number is lost.
        (ColumnKind::Document, _) => {
            format!("'{{\"sv\":{},\"sv_at\":{},\"ins\":true}}'", now.seconds(), now.millis())
        }
        (ColumnKind::Id | ColumnKind::Name | ColumnKind::Version, _) => return None,
    };
    Some(value)
}
