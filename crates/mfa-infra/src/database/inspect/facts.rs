//! Facts about a database.

use std::collections::BTreeMap;

use mfa_core::Timestamp;

use crate::database::required_schema::MissingObject;
use crate::database::zoneless::ZonelessTimes;

/// Result of inspecting a database, for `doctor`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DatabaseInspection {
    /// Whether there is no database: no SQLite file, or an empty one.
    pub is_absent: bool,
    /// Pending migrations, oldest first. If there are any, only the clock was read beside them.
    pub pending: Vec<String>,
    /// Time of the database's own clock, if it has one.
    pub time: Option<Timestamp>,
    /// Key check values, one for each primary key so far; none before the first start.
    pub key_check_values: Vec<String>,
    /// Columns with values that should be sealed and are not.
    pub unsealed: Vec<PlaintextColumn>,
    /// Parts of the schema that another program removed. If there are any, nothing below was read.
    pub missing: Vec<MissingObject>,
    /// Rows whose recovery codes have another form, and match nothing.
    pub unreadable_codes: Option<UnreadableCodes>,
    /// Columns of an imported service, with other names than ours, that still have values.
    pub old_columns: Vec<String>,
    /// Number of users with a factor or an MFA requirement that the old columns do not show.
    pub hidden_from_old_columns: i64,
    /// Number of values sealed with each key, by key id.
    pub sealed_by: BTreeMap<String, i64>,
    /// Number of passkeys by the RP ID that they were registered for.
    pub passkeys: BTreeMap<String, i64>,
    /// Number of updates of `users` since statistics began, and the HOT updates among them.
    pub updates: Option<HotUpdateStats>,
    /// Privileges that this role lacks, such as `INSERT on mfa_events`.
    pub missing_rights: Vec<String>,
    /// Other roles that may write columns that only this service should write.
    pub other_writers: Vec<String>,
    /// Server settings with which an acknowledged commit can be lost.
    pub careless: Vec<String>,
    /// Damage that the integrity check of the file reports.
    pub damage: Option<String>,
    /// Mode of the file, if other users may read it.
    pub open_to_others: Option<u32>,
    /// Columns because of which rows cannot be read as accounts.
    pub unreadable: Vec<UnreadableColumn>,
    /// Number of rows that were examined, if not all were, because there are too many.
    pub examined: Option<u64>,
    /// Rows whose user name or e-mail address has blanks around it, which no login finds.
    pub names_with_blanks: Option<NamesWithBlanks>,
    /// E-mail addresses that differ from another one only by case.
    pub shared_addresses: Vec<SharedAddress>,
    /// Time columns without a time zone.
    pub zoneless_times: Option<ZonelessTimes>,
    /// End of the last month that has a partition of `mfa_events`; `None` if the table is not partitioned.
    pub partitions_end: Option<Timestamp>,
    /// Whether addresses in another case are not found, because the table is large and has no index for them.
    pub lacks_email_index: bool,
}

/// Column because of which rows cannot be read as accounts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnreadableColumn {
    /// Name of the column.
    pub column: String,
    /// Number of rows.
    pub rows: u64,
    /// Lowest user id among the rows.
    pub first: i64,
}

/// Rows whose user name or e-mail address has blanks around it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamesWithBlanks {
    /// Number of rows.
    pub rows: i64,
    /// Lowest user id among the rows.
    pub first: i64,
    /// Statement that removes the characters that were found.
    pub statement: String,
}

/// Users with the same e-mail address, without regard to case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharedAddress {
    /// Lowest ids of the users.
    pub users: Vec<i64>,
}

/// Column with values that should be sealed and are not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlaintextColumn {
    /// Name of the column.
    pub column: &'static str,
    /// Number of rows.
    pub rows: i64,
    /// Lowest user id among the rows.
    pub first: i64,
}

/// Rows with recovery codes in another form than that of this product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnreadableCodes {
    /// Number of rows.
    pub rows: i64,
    /// Lowest user id among the rows.
    pub first: i64,
}

/// PostgreSQL counts of all updates and of HOT updates of `users`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HotUpdateStats {
    /// Number of all updates.
    pub all: i64,
    /// Number of updates that stayed on their page and changed no index.
    pub hot: i64,
}
