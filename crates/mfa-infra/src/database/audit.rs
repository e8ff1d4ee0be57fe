//! Raw events for the chain verifier and for retention, read in portions on a thread that may block.

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Nullable, Text};
use mfa_core::{StoreError, Timestamp};

/// Number of rows of one read: a long read keeps a database from removing old row versions.
pub const PORTION: i64 = 1_000;

/// Position in the chain of a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ChainPosition {
    pub user: i64,
    pub seq: i64,
}

/// Position in the order of time. Events of the same time are ordered by id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor {
    pub at: i64,
    pub id: i64,
}

impl Cursor {
    /// Returns the position before every event of that time.
    pub const fn from(at: Timestamp) -> Self {
        Self { at: at.millis(), id: i64::MIN }
    }
}

/// Event with all fields that its MAC covers. Bytes are lower-case hexadecimal.
#[derive(Clone, Debug, QueryableByName)]
pub struct ChainRow {
    #[diesel(sql_type = BigInt)]
    pub id: i64,
    #[diesel(sql_type = BigInt)]
    pub user_id: i64,
    #[diesel(sql_type = BigInt)]
    pub seq: i64,
    #[diesel(sql_type = Text)]
    pub event_id: String,
    #[diesel(sql_type = BigInt)]
    pub at: i64,
    #[diesel(sql_type = Text)]
    pub event: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub method: Option<String>,
    #[diesel(sql_type = Text)]
    pub outcome: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub ip: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub user_agent: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub request_id: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub actor: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub reason: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub salt: Option<String>,
    #[diesel(sql_type = Text)]
    pub personal_digest: String,
    #[diesel(sql_type = Text)]
    pub mac_key: String,
    #[diesel(sql_type = Text)]
    pub mac: String,
    #[diesel(sql_type = Nullable<Text>)]
    pub token_id: Option<String>,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub token_session: Option<i64>,
}

impl ChainRow {
    pub const fn moment(&self) -> Cursor {
        Cursor { at: self.at, id: self.id }
    }

    pub const fn place(&self) -> ChainPosition {
        ChainPosition { user: self.user_id, seq: self.seq }
    }
}

/// Floor of a chain: its start after old events were removed.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct FloorRow {
    #[diesel(sql_type = BigInt)]
    pub user_id: i64,
    /// Sequence number of the last removed event.
    #[diesel(sql_type = BigInt)]
    pub seq: i64,
    /// MAC of that event.
    #[diesel(sql_type = Text)]
    pub mac: String,
    #[diesel(sql_type = Text)]
    pub floor_key: String,
    #[diesel(sql_type = Text)]
    pub floor_mac: String,
}

/// End of a chain: the head in the row of the user, and the last stored event.
#[derive(Clone, Debug, QueryableByName)]
pub struct EndRow {
    #[diesel(sql_type = BigInt)]
    pub user_id: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub head_seq: Option<i64>,
    #[diesel(sql_type = Nullable<Text>)]
    pub head_mac: Option<String>,
    #[diesel(sql_type = Nullable<BigInt>)]
    pub last_seq: Option<i64>,
    #[diesel(sql_type = Nullable<Text>)]
    pub last_mac: Option<String>,
}

/// MAC of one event.
#[derive(Clone, Debug, QueryableByName)]
pub struct MacRow {
    #[diesel(sql_type = BigInt)]
    pub user_id: i64,
    #[diesel(sql_type = BigInt)]
    pub seq: i64,
    #[diesel(sql_type = Text)]
    pub mac: String,
}

/// Nullable number.
#[derive(QueryableByName)]
pub(super) struct Count {
    #[diesel(sql_type = Nullable<BigInt>)]
    pub(super) count: Option<i64>,
}

/// Reads of the chain verifier, and the removal of old events. Every call is short.
pub trait AuditRows: Send + Sync {
    /// Returns the next events after a position in the order of chains, and the floors of their users, of one snapshot.
    fn chain(
        &self,
        after: ChainPosition,
        user: Option<i64>,
    ) -> Result<(Vec<ChainRow>, Vec<FloorRow>), StoreError>;

    /// Returns the ends of the chains of the users after one, and their floors, of one snapshot.
    fn ends(&self, after: i64, user: Option<i64>) -> Result<(Vec<EndRow>, Vec<FloorRow>), StoreError>;

    /// Returns the MACs of the events at these positions, and the floors of their users, of one snapshot.
    fn macs(&self, positions: &[ChainPosition]) -> Result<(Vec<MacRow>, Vec<FloorRow>), StoreError>;

    /// Returns the next events after a cursor that are older than `before`, in the order of time.
    fn by_time(&self, after: Cursor, before: Timestamp) -> Result<Vec<ChainRow>, StoreError>;

    /// Returns the sequence number of the first event of a user, up to a position, that is not older than `before`.
    fn first_kept(&self, up_to: ChainPosition, before: Timestamp) -> Result<Option<i64>, StoreError>;

    /// Raises floors and removes the events below them in one transaction. Returns the number of removed events.
    fn raise(&self, floors: &[FloorRow]) -> Result<u64, StoreError>;
}
