//! Port for values of the installation, and for the keys that rows need.

use std::fmt;

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Nullable, Text};
use mfa_core::{BoxFuture, KeyId, SealedColumn, StoreError, Timestamp, UserId};

/// Store of the installation's values, and of the keys that rows need.
///
/// Rows are read in windows by id, so that no read takes long, however many rows there are.
pub trait InstallationStore: Send + Sync + fmt::Debug {
    /// Returns the names and values of the installation.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the database did not answer.
    fn facts(&self) -> BoxFuture<'_, Result<Vec<(String, String)>, StoreError>>;

    /// Stores a value, replacing the one of that name.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the database did not answer.
    fn put_fact(&self, name: String, value: String) -> BoxFuture<'_, Result<(), StoreError>>;

    /// Removes a value if it is still equal to `value`, and returns whether it was.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the database did not answer.
    fn forget_fact(&self, name: String, value: String) -> BoxFuture<'_, Result<bool, StoreError>>;

    /// Returns the approximate number of rows, for a progress bar.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the database did not answer.
    fn rows(&self, table: KeyedTable) -> BoxFuture<'_, Result<u64, StoreError>>;

    /// Returns the window of at most `most` rows after an id; `None` if no row follows.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the database did not answer.
    fn window(
        &self,
        table: KeyedTable,
        after: i64,
        most: u32,
    ) -> BoxFuture<'_, Result<Option<RowWindow>, StoreError>>;

    /// Counts the keys that the rows of a window need. Codes that expired before `now` need none.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the database did not answer.
    fn keys_needed(
        &self,
        table: KeyedTable,
        window: RowWindow,
        now: Timestamp,
    ) -> BoxFuture<'_, Result<Vec<KeyUsage>, StoreError>>;

    /// Returns the users of a window with a value that is sealed with another key than `key`.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the database did not answer.
    fn sealed_otherwise(
        &self,
        window: RowWindow,
        key: KeyId,
    ) -> BoxFuture<'_, Result<Vec<UserId>, StoreError>>;
}

/// Table with values that are encrypted or authenticated with a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyedTable {
    /// Table `users`.
    Users,
    /// Table `mfa_events`.
    Events,
}

/// Window of consecutive rows by id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowWindow {
    /// Id before the first row.
    pub after: i64,
    /// Id of the last row.
    pub last: i64,
    /// Number of rows.
    pub rows: u64,
}

/// Number of values of one kind that need one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyUsage {
    /// Kind of the values.
    pub kind: KeyedValue,
    /// Id of the key; `None` for values that should be sealed and are not.
    pub key: Option<KeyId>,
    /// Number of values.
    pub count: u64,
}

/// Kind of value that needs a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyedValue {
    /// Sealed column.
    Sealed(SealedColumn),
    /// Tag of an unused recovery code.
    RecoveryTag,
    /// Digest of a pending SMS code.
    SmsCode,
    /// Digest of an access pass that is not used yet.
    AccessPass,
    /// MAC of an event.
    Event,
}

impl KeyedValue {
    /// All kinds.
    pub const ALL: &[Self] = &[
        Self::Sealed(SealedColumn::TotpSecret),
        Self::Sealed(SealedColumn::TotpPendingSecret),
        Self::Sealed(SealedColumn::PhoneNumber),
        Self::Sealed(SealedColumn::PhonePending),
        Self::RecoveryTag,
        Self::SmsCode,
        Self::AccessPass,
        Self::Event,
    ];

    /// Returns the name in queries and reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sealed(column) => column.as_str(),
            Self::RecoveryTag => "recovery_tag",
            Self::SmsCode => "sms_code",
            Self::AccessPass => "access_pass",
            Self::Event => "event",
        }
    }
}

impl KeyedTable {
    pub(super) const fn table(self) -> &'static str {
        match self {
            Self::Users => "users",
            Self::Events => "mfa_events",
        }
    }
}

#[derive(QueryableByName)]
pub(super) struct InstallationRow {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    value: String,
}

impl InstallationRow {
    pub(super) fn into_pair(self) -> (String, String) {
        (self.name, self.value)
    }
}

#[derive(QueryableByName)]
pub(super) struct CountRow {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

impl CountRow {
    pub(super) fn count(&self) -> u64 {
        u64::try_from(self.count).unwrap_or(0)
    }
}

#[derive(QueryableByName)]
pub(super) struct WindowRow {
    #[diesel(sql_type = Nullable<BigInt>)]
    last: Option<i64>,
    #[diesel(sql_type = BigInt)]
    count: i64,
}

impl WindowRow {
    pub(super) fn into_window(self, after: i64) -> Option<RowWindow> {
        let rows = u64::try_from(self.count).unwrap_or(0);
        self.last.map(|last| RowWindow { after, last, rows })
    }
}

#[derive(QueryableByName)]
pub(super) struct KeyUsageRow {
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Nullable<Text>)]
    key: Option<String>,
    #[diesel(sql_type = BigInt)]
    count: i64,
}

impl KeyUsageRow {
    /// Converts the row. An invalid key id counts as no key: this service did not make the value.
    pub(super) fn into_usage(self) -> Option<KeyUsage> {
        let kind = KeyedValue::ALL.iter().copied().find(|kind| kind.as_str() == self.kind)?;
        let key = self.key.and_then(|id| KeyId::parse(&id).ok());
        Some(KeyUsage { kind, key, count: u64::try_from(self.count).unwrap_or(0) })
    }
}

#[derive(QueryableByName)]
pub(super) struct KeyIdRow {
    #[diesel(sql_type = BigInt)]
    pub(super) id: i64,
}
