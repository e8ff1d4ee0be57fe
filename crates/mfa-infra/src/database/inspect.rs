//! A look at a database from outside, which changes nothing in it: for `doctor`.

mod postgres;
mod sqlite;

use std::collections::BTreeMap;

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Text};
use mfa_core::{SealedColumn, Timestamp};

use super::DatabaseLocation;

/// What a look at a database has found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DatabaseFacts {
    /// Migrations that it still needs, oldest first. Where there are any, nothing but its clock was looked at.
    pub pending: Vec<String>,
    /// What time it is by its own clock, where it has one.
    pub time: Option<Timestamp>,
    /// The known texts that the keys in use have sealed, one of each key; none before the first start.
    pub canaries: Vec<String>,
    /// Values that should be sealed and are not.
    pub unsealed: Vec<PlaintextColumn>,
    /// By the name of a key, how many values it has sealed.
    pub sealed_by: BTreeMap<String, i64>,
    /// Updates of `users` since statistics began, and how many of them were HOT.
    pub updates: Option<UpdateStats>,
    /// Rights that this role lacks, such as `INSERT on mfa_events`.
    pub missing_rights: Vec<String>,
    /// Other roles that may write what is ours alone.
    pub other_writers: Vec<String>,
    /// Settings by which an answered commit may be lost.
    pub careless: Vec<String>,
    /// What a check of the file says that it is not whole.
    pub damage: Option<String>,
    /// The mode of a file that others may read.
    pub open_to_others: Option<u32>,
}

/// Values of one column that should be sealed and are not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlaintextColumn {
    /// The column.
    pub column: &'static str,
    /// How many rows.
    pub rows: i64,
    /// The user with the lowest id among them.
    pub first: i64,
}

/// How rows were rewritten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UpdateStats {
    /// All updates.
    pub all: i64,
    /// Those that stayed on their page and touched no index.
    pub hot: i64,
}

impl DatabaseLocation {
    /// Looks at the database. Blocks; takes no lock and writes nothing.
    ///
    /// # Errors
    ///
    /// A sentence, where it cannot be reached or does not answer.
    pub fn examine(&self) -> Result<DatabaseFacts, String> {
        match self {
            Self::Sqlite(path) => sqlite::examine(path),
            Self::Postgres(url) => postgres::examine(url),
        }
    }
}

/// The columns whose values are sealed.
const SEALED: [SealedColumn; 4] = [
    SealedColumn::TotpSecret,
    SealedColumn::TotpPendingSecret,
    SealedColumn::PhoneNumber,
    SealedColumn::PhonePending,
];

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    rows: i64,
    #[diesel(sql_type = BigInt)]
    first: i64,
}

#[derive(QueryableByName)]
struct ByKey {
    #[diesel(sql_type = Text)]
    value: String,
    #[diesel(sql_type = BigInt)]
    rows: i64,
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    value: String,
}

/// Both databases read this alike: the name of a sealed value's key stands between its first two dots.
fn unsealed_query(column: &str) -> String {
    format!(
        "SELECT count(*) AS rows, coalesce(CAST(min(id) AS bigint), 0) AS first FROM users \
         WHERE {column} IS NOT NULL AND {column} NOT LIKE 'v1.%.%'"
    )
}

/// The canaries of all keys, under the name that the first version had for its one as well.
const CANARIES: &str = "SELECT value FROM mfa_meta WHERE name = 'canary' OR name LIKE 'key %' ORDER BY name";

fn one_line(error: &dyn std::error::Error) -> String {
    error.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests;
