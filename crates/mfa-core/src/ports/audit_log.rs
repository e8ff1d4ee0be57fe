//! Port for reading stored security events.

use std::fmt;
use std::net::IpAddr;

use super::box_future::BoxFuture;
use super::store_error::StoreError;
use crate::{EventKind, EventToken, Outcome, Timestamp, UserId};

/// Reader of stored events. Requests that were denied before a factor was checked are only in the log.
pub trait AuditLog: Send + Sync + fmt::Debug {
    /// Lists a user's own events, newest first.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the events could not be read: report the failure and let the caller retry.
    fn list_for_user(
        &self,
        user: UserId,
        page: UserEventsQuery,
    ) -> BoxFuture<'_, Result<Vec<StoredEvent>, StoreError>>;

    /// Lists events of all users, newest first, for administrators.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the events could not be read: report the failure and let the caller retry.
    fn list_all(&self, query: AuditQuery) -> BoxFuture<'_, Result<AuditPage, StoreError>>;

    /// Lists the events of a user that issued an access token with two factors since a time, newest first.
    ///
    /// The list is complete: no event may be left out, since it is what the owner looks for.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the events could not be read: report the failure and let the caller retry.
    fn list_issued_tokens(
        &self,
        user: UserId,
        since: Timestamp,
    ) -> BoxFuture<'_, Result<Vec<IssuedTokenEvent>, StoreError>>;
}

/// Stored event that issued an access token with two factors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuedTokenEvent {
    /// The event.
    pub event: StoredEvent,
    /// The token.
    pub token: EventToken,
}

/// Query for the events of one user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UserEventsQuery {
    /// Only events with a smaller number.
    pub before: Option<u64>,
    /// Maximum number of events.
    pub limit: u32,
}

/// Query for the events of all users.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuditQuery {
    /// Only events of this user.
    pub user: Option<UserId>,
    /// Only events of this kind.
    pub kind: Option<EventKind>,
    /// Only events with this outcome.
    pub outcome: Option<Outcome>,
    /// Only events of requests from this client address.
    pub ip: Option<IpAddr>,
    /// Only events at this time or later.
    pub from: Option<Timestamp>,
    /// Only events before this time.
    pub to: Option<Timestamp>,
    /// Only events with a smaller ID.
    pub before: Option<i64>,
    /// Maximum number of events.
    pub limit: u32,
}

impl AuditQuery {
    /// Maximum number of rows that one query scans for events that match a filter.
    ///
    /// They may be rare, and a search must not read the whole table. The page found by then has a `next` from which the
    /// search continues.
    pub const SCAN_LIMIT: u32 = 50_000;

    /// Creates a query for the newest events of all users.
    pub const fn newest(limit: u32) -> Self {
        Self { user: None, kind: None, outcome: None, ip: None, from: None, to: None, before: None, limit }
    }

    /// Returns whether the query leaves out events of its user, or of all users.
    pub const fn is_filtered(&self) -> bool {
        self.kind.is_some()
            || self.outcome.is_some()
            || self.ip.is_some()
            || self.from.is_some()
            || self.to.is_some()
    }
}

/// Page of events of all users, newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditPage {
    /// Events of this page.
    pub events: Vec<StoredEvent>,
    /// Value of `before` for the next page, if there may be one. A page with fewer events than the limit can have a
    /// next page.
    pub next: Option<i64>,
}

/// Event as it was stored. Kind, factor and outcome are text, because another version may have written them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEvent {
    /// ID of the row.
    pub id: i64,
    /// User whose event it is.
    pub user: UserId,
    /// Number of the event among the user's events.
    pub seq: u64,
    /// Time of the event.
    pub at: Timestamp,
    /// Kind, as [`EventKind::as_str`] writes it.
    pub event: String,
    /// Factor that was used.
    pub method: Option<String>,
    /// Outcome of the action.
    pub outcome: String,
    /// Client address.
    pub ip: Option<String>,
    /// User agent of the client.
    pub user_agent: Option<String>,
    /// Request ID.
    pub request_id: Option<String>,
    /// Administrator who performed the action, if any.
    pub actor: Option<String>,
    /// Reason that the administrator gave.
    pub reason: Option<String>,
}
