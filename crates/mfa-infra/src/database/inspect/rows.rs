//! Rows and queries of inspections.

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Text};
use mfa_core::SealedColumn;

use super::facts::{DatabaseInspection, UnreadableCodes};
use crate::database::error::MigrationError;

/// Columns whose values are sealed.
pub(super) const SEALED: [SealedColumn; 4] = [
    SealedColumn::TotpSecret,
    SealedColumn::TotpPendingSecret,
    SealedColumn::PhoneNumber,
    SealedColumn::PhonePending,
];

#[derive(QueryableByName)]
pub(super) struct PlaintextCount {
    #[diesel(sql_type = BigInt)]
    pub(super) rows: i64,
    #[diesel(sql_type = BigInt)]
    pub(super) first: i64,
}

#[derive(QueryableByName)]
pub(super) struct KeyCount {
    #[diesel(sql_type = Text)]
    pub(super) value: String,
    #[diesel(sql_type = BigInt)]
    pub(super) rows: i64,
}

/// Adds the number of values that each key sealed to the facts.
pub(super) fn count_sealed(rows: Vec<KeyCount>, facts: &mut DatabaseInspection) {
    for KeyCount { value, rows } in rows {
        let sum = facts.sealed_by.entry(value).or_default();
        *sum = sum.saturating_add(rows);
    }
}

/// Adds the number of passkeys by their RP ID to the facts.
pub(super) fn count_passkeys(rows: Vec<KeyCount>, facts: &mut DatabaseInspection) {
    facts.passkeys = rows.into_iter().map(|it| (it.value, it.rows)).collect();
}

/// Returns the query for unsealed values of a column. The key id of a sealed value is between its first two dots.
pub(super) fn unsealed_query(column: &str) -> String {
    format!(
        "SELECT count(*) AS rows, coalesce(CAST(min(id) AS bigint), 0) AS first FROM users \
         WHERE {column} IS NOT NULL AND {column} NOT LIKE 'v1.%.%'"
    )
}

/// Query for the key check values of all keys. The first version stored its only one as `canary`.
pub(super) const KEY_CHECK_VALUES: &str =
    "SELECT value FROM mfa_meta WHERE name = 'canary' OR name LIKE 'key %' ORDER BY name";

/// Returns the rows with unreadable recovery codes, or `None` if there are none.
pub(super) fn counted(count: &PlaintextCount) -> Option<UnreadableCodes> {
    (count.rows > 0).then_some(UnreadableCodes { rows: count.rows, first: count.first })
}

/// Returns an error message on one line.
pub(super) fn one_line(error: &dyn std::error::Error) -> String {
    error.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Returns the reason of the database: the check has a remedy of its own.
pub(super) fn reason(error: &MigrationError) -> String {
    error.reason().map_or_else(|| one_line(error), str::to_owned)
}
