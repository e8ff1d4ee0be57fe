//! Columns of `users` that form an account, and how a value of an unexpected type is read.
//!
//! NOVA and operators write to `users` too. A value that this service would not write must not make the statement fail,
//! because a statement reads the rows of several users. Each database therefore has an expression for each kind of
//! column that never fails.

use diesel::QueryableByName;
use diesel::sql_types::{Nullable, Text};

/// Kind of a column, which decides how it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ColumnKind {
    /// Primary key.
    Id,
    /// Text of NOVA; NULL is read as empty.
    Name,
    /// Boolean; NULL is read as false.
    Flag,
    /// Text or NULL.
    Text,
    /// Time or NULL. Infinity is read as the end of a lock that never expires, minus infinity as NULL.
    Time,
    /// Integer or NULL.
    Step,
    /// Integer; NULL is read as 0.
    Count,
    /// Backup method; NULL is read as `none`.
    Method,
    /// Version of the row; NULL is read as [`NO_VERSION`], which is invalid.
    Version,
    /// JSON document; NULL is read as an empty text, which is invalid.
    Document,
    /// JSON array; NULL is read as an empty text, which is invalid.
    List,
}

/// Columns of [`AccountRow`](super::row::AccountRow), in its order.
pub(super) const ACCOUNT: [(&str, ColumnKind); 26] = [
    ("id", ColumnKind::Id),
    ("email", ColumnKind::Name),
    ("username", ColumnKind::Name),
    ("is_active", ColumnKind::Flag),
    ("is_superuser", ColumnKind::Flag),
    ("mfa_enforced", ColumnKind::Flag),
    ("is_totp_enabled", ColumnKind::Flag),
    ("totp_secret", ColumnKind::Text),
    ("totp_pending_secret", ColumnKind::Text),
    ("totp_pending_expires_at", ColumnKind::Time),
    ("totp_enrolled_at", ColumnKind::Time),
    ("phone_number", ColumnKind::Text),
    ("phone_pending", ColumnKind::Text),
    ("is_phone_verified", ColumnKind::Flag),
    ("phone_verified_at", ColumnKind::Time),
    ("mfa_backup_method", ColumnKind::Method),
    ("recovery_codes", ColumnKind::Text),
    ("recovery_codes_generated_at", ColumnKind::Time),
    ("totp_last_step", ColumnKind::Step),
    ("mfa_failed_attempts", ColumnKind::Count),
    ("mfa_lock_until", ColumnKind::Time),
    ("mfa_last_success_at", ColumnKind::Time),
    ("mfa_last_method", ColumnKind::Text),
    ("mfa_version", ColumnKind::Version),
    ("mfa_internal", ColumnKind::Document),
    ("mfa_authenticators", ColumnKind::List),
];

/// Version of a row without one.
pub(super) const NO_VERSION: i64 = i64::MIN;
/// Milliseconds of [`Timestamp::FAR_FUTURE`](mfa_core::Timestamp::FAR_FUTURE) in SQL.
pub(super) const FAR_FUTURE: &str = "253402214400000";
/// Milliseconds of a time before every other one, 0001-01-01T00:00:00Z, in SQL.
pub(super) const FAR_PAST: &str = "-62135596800000";

/// Returns the columns of an account as a list for `SELECT`, and last the name of a column with an invalid type.
pub(super) fn select_list(expression: fn(&str, ColumnKind) -> String, invalid_type: &str) -> String {
    let columns = ACCOUNT.iter().map(|(name, kind)| expression(name, *kind));
    columns.chain([invalid_type.to_owned()]).collect::<Vec<_>>().join(", ")
}

/// Value of any column as text.
#[derive(QueryableByName)]
pub(super) struct AnyValue {
    #[diesel(sql_type = Nullable<Text>)]
    #[expect(dead_code, reason = "only whether it can be read matters")]
    value: Option<String>,
}

/// Returns the name of the first column of a user that the database refuses to read. `None` if it refuses none, or does
/// not even read the id: then it is unreachable.
///
/// `read` executes a query for the expression of one column, and returns whether it succeeded.
pub(super) fn first_unreadable(
    expression: fn(&str, ColumnKind) -> String,
    mut read: impl FnMut(&str) -> bool,
) -> Option<&'static str> {
    let refused = |(name, kind): &&(&'static str, ColumnKind)| !read(&expression(name, *kind));
    let (name, kind) = ACCOUNT.iter().find(refused)?;
    (*kind != ColumnKind::Id).then_some(*name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_column_is_found_and_an_unreachable_database_refuses_none() {
        let name = |column: &str, _| column.to_owned();
        assert_eq!(first_unreadable(name, |column| column != "phone_number"), Some("phone_number"));
        assert_eq!(first_unreadable(name, |_| true), None);
        assert_eq!(first_unreadable(name, |_| false), None);
    }
}
