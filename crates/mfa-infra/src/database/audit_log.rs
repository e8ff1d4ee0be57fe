//! Events as rows that are read back, the same for both databases.

use diesel::QueryableByName;
use diesel::result::Error;
use diesel::sql_types::{BigInt, Nullable, Text};
use mfa_core::{AuditPage, AuditQuery, EventKind, StoredEvent, Timestamp, UserId};

/// An event.
#[derive(QueryableByName)]
pub(super) struct EventRow {
    #[diesel(sql_type = BigInt)]
    id: i64,
    #[diesel(sql_type = BigInt)]
    user_id: i64,
    #[diesel(sql_type = BigInt)]
    seq: i64,
    #[diesel(sql_type = BigInt)]
    at: i64,
    #[diesel(sql_type = Text)]
    event: String,
    #[diesel(sql_type = Nullable<Text>)]
    method: Option<String>,
    #[diesel(sql_type = Text)]
    outcome: String,
    #[diesel(sql_type = Nullable<Text>)]
    ip: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    user_agent: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    request_id: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    actor: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    reason: Option<String>,
}

impl EventRow {
    pub(super) fn into_event(self) -> StoredEvent {
        StoredEvent {
            id: self.id,
            user: UserId::new(self.user_id),
            seq: u64::try_from(self.seq).unwrap_or(0),
            at: Timestamp::from_millis(self.at),
            event: self.event,
            method: self.method,
            outcome: self.outcome,
            ip: self.ip,
            user_agent: self.user_agent,
            request_id: self.request_id,
            actor: self.actor,
            reason: self.reason,
        }
    }
}

/// A number of an event as a column holds it.
pub(super) fn column(seq: Option<u64>) -> i64 {
    seq.map_or(i64::MAX, |seq| i64::try_from(seq).unwrap_or(i64::MAX))
}

/// The two queries behind a page of events of all users.
pub(super) trait AuditLogQueries {
    /// Events by descending id, at most this many, of those that are looked at.
    fn events(&mut self, query: AuditQuery, limit: i64) -> Result<Vec<EventRow>, Error>;

    /// The id of the last event that is looked at, where there are more behind it.
    fn last_looked_at(&mut self, query: AuditQuery) -> Result<Option<i64>, Error>;
}

/// One page of events of all users.
pub(super) fn page(queries: &mut impl AuditLogQueries, query: AuditQuery) -> Result<AuditPage, Error> {
    let limit = usize::try_from(query.limit).unwrap_or(usize::MAX);
    // One more than is shown tells whether there is another page.
    let rows = queries.events(query, i64::from(query.limit).saturating_add(1))?;
    let more = rows.len() > limit;
    let events: Vec<_> = rows.into_iter().take(limit).map(EventRow::into_event).collect();
    let next = match events.last() {
        Some(last) if more => Some(last.id),
        _ if query.kind.is_some() => queries.last_looked_at(query)?,
        _ => None,
    };
    Ok(AuditPage { events, next })
}

/// What is looked at: by id, or by the user's own numbers, which an index leads to.
pub(super) const fn order(query: AuditQuery) -> &'static str {
    if query.user.is_some() { "seq" } else { "id" }
}

/// How many events are looked at for a page of this size.
pub(super) fn looked_at(query: AuditQuery, limit: i64) -> i64 {
    // As many as are wanted, where every one that is looked at is.
    if query.kind.is_some() { i64::from(AuditQuery::SCAN_LIMIT) } else { limit }
}

/// The name of a kind in its column.
pub(super) fn kind(query: AuditQuery) -> Option<&'static str> {
    query.kind.map(EventKind::as_str)
}
