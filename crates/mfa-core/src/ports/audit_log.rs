//! What happened, read back.

use std::fmt;

use super::box_future::BoxFuture;
use super::store_error::StoreError;
use crate::{EventKind, Timestamp, UserId};

/// The stored events, for people to read. What was refused before a factor was looked at is in the log alone.
pub trait AuditLog: Send + Sync + fmt::Debug {
    /// A user's own events, newest first.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store gave no answer.
    fn list_for_user(
        &self,
        user: UserId,
        page: UserEventsQuery,
    ) -> BoxFuture<'_, Result<Vec<StoredEvent>, StoreError>>;

    /// Events of all users, newest first, for administrators.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store gave no answer.
    fn list_all(&self, query: AuditQuery) -> BoxFuture<'_, Result<AuditPage, StoreError>>;
}

/// Which of a user's events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UserEventsQuery {
    /// Only those with a smaller number.
    pub before: Option<u64>,
    /// At most this many.
    pub limit: u32,
}

/// Which events of all users.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuditQuery {
    /// Only those of this user.
    pub user: Option<UserId>,
    /// Only those of this kind.
    pub kind: Option<EventKind>,
    /// Only those with a smaller id.
    pub before: Option<i64>,
    /// At most this many.
    pub limit: u32,
}

impl AuditQuery {
    /// How many events of all users one query looks at for those of one kind. A kind may be rare, and nobody's search
    /// is to read the whole table: the page that was found by then says where to go on.
    pub const SCAN_LIMIT: u32 = 50_000;
}

/// Some events of all users, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditPage {
    /// The events of this page.
    pub events: Vec<StoredEvent>,
    /// The `before` of the next page, where there may be one. A page may hold fewer events than asked for and still
    /// have a next one.
    pub next: Option<i64>,
}

/// An event as it was stored. Its kind, factor and outcome are text, because another version may have written it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEvent {
    /// The key of its row.
    pub id: i64,
    /// Whose it is.
    pub user: UserId,
    /// Its number among the user's events.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// What happened, by its [`EventKind::as_str`].
    pub event: String,
    /// With which factor.
    pub method: Option<String>,
    /// How it ended.
    pub outcome: String,
    /// From which address.
    pub ip: Option<String>,
    /// By which user agent.
    pub user_agent: Option<String>,
    /// In which request.
    pub request_id: Option<String>,
    /// Which administrator did it, where one did.
    pub actor: Option<String>,
    /// Why, in the administrator's words.
    pub reason: Option<String>,
}
