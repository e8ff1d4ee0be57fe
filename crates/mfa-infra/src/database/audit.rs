//! Events as an auditor reads them: raw, in portions, on a thread that may block.

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Nullable, Text};
use mfa_core::{StoreError, Timestamp};

/// How many rows are read at once: a reader that stays open keeps a database from cleaning up behind it.
pub const PORTION: i64 = 1_000;

/// A place in the chain of a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ChainPosition {
    pub user: i64,
    pub seq: i64,
}

/// A place in the order of time, which two events of one moment share by their ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor {
    pub at: i64,
    pub id: i64,
}

impl Cursor {
    /// Before every event of that time.
    pub const fn from(at: Timestamp) -> Self {
        Self { at: at.millis(), id: i64::MIN }
    }
}

/// An event, as its MAC was made of it. Bytes are lower-case hexadecimal.
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
}

impl ChainRow {
    pub const fn moment(&self) -> Cursor {
        Cursor { at: self.at, id: self.id }
    }

    pub const fn place(&self) -> ChainPosition {
        ChainPosition { user: self.user_id, seq: self.seq }
    }
}

/// Where a chain begins whose old events were removed.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct FloorRow {
    #[diesel(sql_type = BigInt)]
    pub user_id: i64,
    /// The number of the last event that is gone.
    #[diesel(sql_type = BigInt)]
    pub seq: i64,
    /// Its MAC.
    #[diesel(sql_type = Text)]
    pub mac: String,
    #[diesel(sql_type = Text)]
    pub floor_key: String,
    #[diesel(sql_type = Text)]
    pub floor_mac: String,
}

/// Where a chain ends: by the row of the user, and by the last event that is there.
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

/// The MAC of one event.
#[derive(Clone, Debug, QueryableByName)]
pub struct MacRow {
    #[diesel(sql_type = BigInt)]
    pub user_id: i64,
    #[diesel(sql_type = BigInt)]
    pub seq: i64,
    #[diesel(sql_type = Text)]
    pub mac: String,
}

/// A number of rows.
#[derive(QueryableByName)]
pub(super) struct Count {
    #[diesel(sql_type = Nullable<BigInt>)]
    pub(super) count: Option<i64>,
}

/// What an auditor reads, and what retention removes. Every call is short.
pub trait AuditRows: Send + Sync {
    /// The next events behind a place, in the order of chains, and the floors of their users, as of one moment.
    fn chain(
        &self,
        after: ChainPosition,
        of: Option<i64>,
    ) -> Result<(Vec<ChainRow>, Vec<FloorRow>), StoreError>;

    /// The ends of the chains of the next users behind one, and their floors, as of one moment.
    fn ends(&self, after: i64, of: Option<i64>) -> Result<(Vec<EndRow>, Vec<FloorRow>), StoreError>;

    /// The MACs of the events at these places, and the floors of their users, as of one moment.
    fn macs(&self, places: &[ChainPosition]) -> Result<(Vec<MacRow>, Vec<FloorRow>), StoreError>;

    /// The next events behind a moment that are older than another, in the order of time.
    fn by_time(&self, after: Cursor, before: Timestamp) -> Result<Vec<ChainRow>, StoreError>;

    /// The first event of a user, up to this one, that is not older than this time.
    fn first_kept(&self, up_to: ChainPosition, before: Timestamp) -> Result<Option<i64>, StoreError>;

    /// Raises these floors and removes what is below them, all or nothing. Answers how many events were removed.
    fn raise(&self, floors: &[FloorRow]) -> Result<u64, StoreError>;
}
