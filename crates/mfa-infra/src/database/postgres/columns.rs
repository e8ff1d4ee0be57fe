//! Expressions that read the columns of `users` in PostgreSQL, whatever NOVA made of them.

use std::sync::LazyLock;

use diesel::sql_types::BigInt;
use diesel::{PgConnection, RunQueryDsl, sql_query};

use crate::database::columns::{
    AnyValue, ColumnKind, FAR_FUTURE, FAR_PAST, NO_VERSION, first_unreadable, select_list,
};

/// The columns of an account. A type cannot be invalid: the migration checks the types.
pub(super) static ACCOUNT: LazyLock<String> = LazyLock::new(|| select_list(expression, "NULL::text"));

/// Name of the first column whose value is invalid; NULL if all are valid.
pub(super) const INVALID_VALUE: &str = "CASE WHEN mfa_version IS NULL THEN 'mfa_version' \
    WHEN mfa_internal IS NULL THEN 'mfa_internal' \
    WHEN mfa_backup_method NOT IN ('none', 'sms') THEN 'mfa_backup_method' END";

/// Returns the expression that reads a column.
pub(super) fn expression(column: &str, kind: ColumnKind) -> String {
    match kind {
        ColumnKind::Id | ColumnKind::Step => format!("{column}::bigint"),
        ColumnKind::Name | ColumnKind::Document | ColumnKind::List => format!("coalesce({column}::text, '')"),
        ColumnKind::Flag => format!("coalesce({column}, false)"),
        ColumnKind::Text => format!("{column}::text"),
        ColumnKind::Time => millis_or_null(column),
        ColumnKind::Count => format!("coalesce({column}, 0)::bigint"),
        ColumnKind::Method => format!("coalesce({column}::text, 'none')"),
        ColumnKind::Version => format!("coalesce({column}, '{NO_VERSION}'::bigint)"),
    }
}

/// Returns the expression that reads a time as milliseconds. The conversion of an infinite time to an integer would fail.
pub(super) fn millis_or_null(column: &str) -> String {
    format!(
        "CASE WHEN {column} >= '9999-12-31' THEN {FAR_FUTURE} \
         WHEN {column} > '-infinity' THEN (extract(epoch from {column}) * 1000)::bigint END"
    )
}

/// Returns the expression that reads a time that is not NULL as milliseconds.
pub(super) fn millis(column: &str) -> String {
    format!(
        "(CASE WHEN {column} >= '9999-12-31' THEN {FAR_FUTURE} WHEN {column} = '-infinity' THEN {FAR_PAST} \
         ELSE (extract(epoch from {column}) * 1000)::bigint END)"
    )
}

/// Returns the name of the first column of a user that the database refuses to read.
pub(super) fn unreadable_column(connection: &mut PgConnection, user: i64) -> Option<&'static str> {
    first_unreadable(expression, |expression| {
        let query = sql_query(format!("SELECT ({expression})::text AS value FROM users WHERE id = $1"));
        query.bind::<BigInt, _>(user).load::<AnyValue>(connection).is_ok()
    })
}
