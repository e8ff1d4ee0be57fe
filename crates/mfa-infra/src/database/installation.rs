//! What an operator's commands ask of a database beside the ports: the facts of the installation, and which keys its
//! rows need.

use std::fmt;

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Nullable, Text};
use mfa_core::{BoxFuture, KeyId, SealedColumn, StoreError, Timestamp, UserId};

/// Facts of the installation, and the keys that its rows need. Everything is read in windows by id, so that no read
/// takes long, however many rows there are.
pub trait InstallationStore: Send + Sync + fmt::Debug {
    /// All facts: name and value.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store gave no answer.
    fn facts(&self) -> BoxFuture<'_, Result<Vec<(String, String)>, StoreError>>;

    /// Keeps a fact, in the place of the one of that name.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store gave no answer.
    fn put_fact(&self, name: String, value: String) -> BoxFuture<'_, Result<(), StoreError>>;

    /// Forgets a fact, if it is still this one. Answers whether it was.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store gave no answer.
    fn forget_fact(&self, name: String, value: String) -> BoxFuture<'_, Result<bool, StoreError>>;

    /// How many rows there are, about: for a progress bar.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store gave no answer.
    fn rows(&self, table: KeyedTable) -> BoxFuture<'_, Result<u64, StoreError>>;

    /// The next rows by id, at most `most`; `None` where there are no more.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store gave no answer.
    fn window(
        &self,
        table: KeyedTable,
        after: i64,
        most: u32,
    ) -> BoxFuture<'_, Result<Option<RowWindow>, StoreError>>;

    /// Which keys the rows of a window need. What has ended at `now` needs none.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store gave no answer.
    fn keys_needed(
        &self,
        table: KeyedTable,
        window: RowWindow,
        now: Timestamp,
    ) -> BoxFuture<'_, Result<Vec<KeyUsage>, StoreError>>;

    /// The users of a window who have something sealed with another key than this one.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store gave no answer.
    fn sealed_otherwise(
        &self,
        window: RowWindow,
        key: KeyId,
    ) -> BoxFuture<'_, Result<Vec<UserId>, StoreError>>;
}

/// A table whose rows need keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyedTable {
    /// `users`.
    Users,
    /// `mfa_events`.
    Events,
}

/// Some rows that follow each other by id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowWindow {
    /// The id before the first one.
    pub after: i64,
    /// The id of the last one.
    pub last: i64,
    /// How many there are.
    pub rows: u64,
}

/// How many values of one kind need one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyUsage {
    /// What they are.
    pub kind: KeyedValue,
    /// Which key; `None` for a value that should be sealed and is not.
    pub key: Option<KeyId>,
    /// How many.
    pub count: u64,
}

/// A kind of value that needs a key to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyedValue {
    /// A sealed column.
    Sealed(SealedColumn),
    /// The tag of a recovery code that is not spent.
    RecoveryTag,
    /// The digest of a code by SMS that is awaited.
    SmsCode,
    /// The MAC of an event.
    Event,
}

impl KeyedValue {
    /// Every kind.
    pub const ALL: &[Self] = &[
        Self::Sealed(SealedColumn::TotpSecret),
        Self::Sealed(SealedColumn::TotpPendingSecret),
        Self::Sealed(SealedColumn::PhoneNumber),
        Self::Sealed(SealedColumn::PhonePending),
        Self::RecoveryTag,
        Self::SmsCode,
        Self::Event,
    ];

    /// Its name in queries and answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sealed(column) => column.as_str(),
            Self::RecoveryTag => "recovery_tag",
            Self::SmsCode => "sms_code",
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
pub(super) struct InstallationValueRow {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    value: String,
}

impl InstallationValueRow {
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
    /// A key with a name that no key has is none: what it is said to have made was not made by us.
    pub(super) fn into_usage(self) -> Option<KeyUsage> {
        let kind = KeyedValue::ALL.iter().copied().find(|kind| kind.as_str() == self.kind)?;
        let key = self.key.and_then(|id| KeyId::parse(&id).ok());
        Some(KeyUsage { kind, key, count: u64::try_from(self.count).unwrap_or(0) })
    }
}

#[derive(QueryableByName)]
pub(super) struct IdRow {
    #[diesel(sql_type = BigInt)]
    pub(super) id: i64,
}
