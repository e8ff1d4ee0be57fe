//! Expressions that read the columns of `users` in SQLite, where a column can contain values of any type.

use std::sync::LazyLock;

use diesel::sql_types::BigInt;
use diesel::{RunQueryDsl, SqliteConnection, sql_query};

use crate::database::columns::{
    self, AnyValue, ColumnKind, FAR_FUTURE, NO_VERSION, first_unreadable, select_list,
};

/// The columns of an account.
pub(super) static ACCOUNT: LazyLock<String> = LazyLock::new(|| select_list(expression, &INVALID_TYPE));

/// Name of the first column with a value of a type that cannot be understood; NULL if there is none.
static INVALID_TYPE: LazyLock<String> = LazyLock::new(|| {
    let cases = columns::ACCOUNT.iter().filter_map(|(name, kind)| {
        invalid_type(name, *kind).map(|condition| format!("WHEN {condition} THEN '{name}'"))
    });
    format!("CASE {} END", cases.collect::<Vec<_>>().join(" "))
});

/// Name of the first column whose value is invalid; NULL if all are valid.
pub(super) static INVALID_VALUE: LazyLock<String> = LazyLock::new(|| {
    format!(
        "coalesce({}, CASE WHEN NOT coalesce(json_valid(mfa_internal), 0) THEN 'mfa_internal' \
         WHEN NOT coalesce(json_valid(mfa_authenticators), 0) THEN 'mfa_authenticators' \
         WHEN mfa_backup_method NOT IN ('none', 'sms') THEN 'mfa_backup_method' END)",
        *INVALID_TYPE
    )
});

const TRUE: &str = "('1', 't', 'true', 'y', 'yes', 'on')";
const FALSE: &str = "('', '0', 'f', 'false', 'n', 'no', 'off')";
const INFINITY: &str = "('infinity', '+infinity', 'inf')";
/// Numbers that are times in seconds, from 2001 to 2286.
const SECONDS: &str = "1000000000 AND 9999999999";
const MINUS_INFINITY: &str = "('-infinity', '-inf')";

/// Returns the expression that reads a column.
pub(super) fn expression(column: &str, kind: ColumnKind) -> String {
    match kind {
        ColumnKind::Id => column.to_owned(),
        ColumnKind::Name | ColumnKind::Document | ColumnKind::List => {
            format!("coalesce(CAST({column} AS TEXT), '')")
        }
        ColumnKind::Flag => format!(
            "CASE typeof({column}) WHEN 'text' THEN lower(trim({column})) IN {TRUE} \
             ELSE coalesce({column}, 0) <> 0 END"
        ),
        ColumnKind::Text => format!("CAST({column} AS TEXT)"),
        ColumnKind::Time => millis_or_null(column),
        ColumnKind::Step => format!("CASE typeof({column}) WHEN 'integer' THEN {column} END"),
        ColumnKind::Count => format!("CASE typeof({column}) WHEN 'integer' THEN {column} ELSE 0 END"),
        ColumnKind::Method => format!("coalesce(CAST({column} AS TEXT), 'none')"),
        ColumnKind::Version => {
            format!("CASE typeof({column}) WHEN 'integer' THEN {column} ELSE {NO_VERSION} END")
        }
    }
}

/// Returns the expression that reads a time as milliseconds. A text such as the result of `datetime('now')` is UTC. A
/// number of ten digits is in seconds, such as the result of `unixepoch()`: in milliseconds it would be a time in 1970.
pub(super) fn millis_or_null(column: &str) -> String {
    format!(
        "CASE WHEN typeof({column}) IN ('integer', 'real') AND {column} BETWEEN {SECONDS} \
         THEN CAST({column} * 1000 AS INTEGER) \
         WHEN typeof({column}) = 'integer' THEN {column} \
         WHEN typeof({column}) = 'real' THEN CASE WHEN {column} >= {FAR_FUTURE} THEN {FAR_FUTURE} \
         WHEN {column} > -{FAR_FUTURE} THEN CAST({column} AS INTEGER) END \
         WHEN typeof({column}) = 'text' THEN CASE WHEN lower(trim({column})) IN {INFINITY} THEN {FAR_FUTURE} \
         WHEN {column} GLOB '[0-9][0-9][0-9][0-9]-*' THEN unixepoch({column}) * 1000 END END"
    )
}

/// Returns the condition that a value has a type, or is a text, that the column cannot mean.
fn invalid_type(column: &str, kind: ColumnKind) -> Option<String> {
    match kind {
        ColumnKind::Flag => Some(format!(
            "(typeof({column}) = 'blob' OR typeof({column}) = 'text' \
             AND lower(trim({column})) NOT IN {TRUE} AND lower(trim({column})) NOT IN {FALSE})"
        )),
        ColumnKind::Time => Some(format!(
            "(typeof({column}) = 'blob' OR typeof({column}) = 'text' AND {} IS NULL \
             AND lower(trim({column})) NOT IN {MINUS_INFINITY} AND trim({column}) <> '')",
            millis_or_null(column)
        )),
        ColumnKind::Step | ColumnKind::Count | ColumnKind::Version => {
            Some(format!("typeof({column}) NOT IN ('integer', 'null')"))
        }
        ColumnKind::Id
        | ColumnKind::Name
        | ColumnKind::Text
        | ColumnKind::Method
        | ColumnKind::Document
        | ColumnKind::List => None,
    }
}

/// Returns the name of the first column of a user that the database refuses to read.
pub(super) fn unreadable_column(connection: &mut SqliteConnection, user: i64) -> Option<&'static str> {
    first_unreadable(expression, |expression| {
        let query =
            sql_query(format!("SELECT CAST(({expression}) AS TEXT) AS value FROM users WHERE id = ?1"));
        query.bind::<BigInt, _>(user).load::<AnyValue>(connection).is_ok()
    })
}
