//! Queries of the audit log: the events of one user, and pages of the events of all users.

use diesel::QueryableByName;
use diesel::result::QueryResult;
use diesel::sql_types::{BigInt, Nullable, Text};
use mfa_core::{
    AuditLog, AuditPage, AuditQuery, BoxFuture, EventKind, StoreError, StoredEvent, Timestamp,
    UserEventsQuery, UserId,
};

use super::SqlDatabase;
use super::dialect::{Dialect, Statement};

/// Number of the first event of the user's row. Earlier ones are those of another row with the same id: of another person,
/// or of a copy.
const FIRST_OF_ROW: &str = "coalesce((SELECT max(seq) FROM mfa_events \
    WHERE user_id = $1 AND event = 'foreign_change' AND method IS NULL), 0)";

impl<C: Dialect> AuditLog for SqlDatabase<C> {
    fn list_for_user(
        &self,
        user: UserId,
        page: UserEventsQuery,
    ) -> BoxFuture<'_, Result<Vec<StoredEvent>, StoreError>> {
        self.pool.run("list own events", move |connection| {
            let query = format!(
                "SELECT {} FROM mfa_events WHERE user_id = $1 AND seq < $2 AND seq >= {FIRST_OF_ROW} \
                 ORDER BY seq DESC LIMIT $3",
                columns::<C>()
            );
            let before = page.before.map_or(i64::MAX, |seq| i64::try_from(seq).unwrap_or(i64::MAX));
            let query = Statement::new(query).bind(user.value()).bind(before).bind(i64::from(page.limit));
            let rows: Vec<EventRow> = connection.load(query)?;
            Ok(rows.into_iter().map(EventRow::into_event).collect())
        })
    }

    fn list_all(&self, query: AuditQuery) -> BoxFuture<'_, Result<AuditPage, StoreError>> {
        self.pool.run("list events", move |connection| page(connection, query))
    }
}

/// Reads one page of events of all users.
fn page<C: Dialect>(connection: &mut C, query: AuditQuery) -> QueryResult<AuditPage> {
    let limit = usize::try_from(query.limit).unwrap_or(usize::MAX);
    // One more than the page holds shows whether another page follows.
    let rows = events(connection, query, i64::from(query.limit).saturating_add(1))?;
    let has_more = rows.len() > limit;
    let events: Vec<_> = rows.into_iter().take(limit).map(EventRow::into_event).collect();
    let next = match events.last() {
        Some(last) if has_more => Some(last.id),
        _ if query.kind.is_some() => last_scanned(connection, query)?,
        _ => None,
    };
    Ok(AuditPage { events, next })
}

/// Reads events by descending id, at most this many, among those that are scanned.
fn events<C: Dialect>(connection: &mut C, query: AuditQuery, limit: i64) -> QueryResult<Vec<EventRow>> {
    let (columns, user, order) = (columns::<C>(), user_condition(query), order(query));
    let text = format!(
        "SELECT {columns} FROM (SELECT * FROM mfa_events WHERE id < $1 AND {user} ORDER BY {order} DESC LIMIT $4) \
         AS scanned WHERE $3 IS NULL OR event = $3 ORDER BY {order} DESC LIMIT $5"
    );
    // Without a filter every scanned event is on the page.
    let scanned = if query.kind.is_some() { i64::from(AuditQuery::SCAN_LIMIT) } else { limit };
    let statement = Statement::new(text)
        .bind(query.before.unwrap_or(i64::MAX))
        .bind(query.user.map(UserId::value))
        .bind(query.kind.map(EventKind::as_str))
        .bind(scanned)
        .bind(limit);
    connection.load(statement)
}

/// Returns the id of the last scanned event, if more events follow it.
fn last_scanned<C: Dialect>(connection: &mut C, query: AuditQuery) -> QueryResult<Option<i64>> {
    let text = format!(
        "SELECT id FROM mfa_events WHERE id < $1 AND {} ORDER BY {} DESC LIMIT 1 OFFSET $3",
        user_condition(query),
        order(query)
    );
    let statement = Statement::new(text)
        .bind(query.before.unwrap_or(i64::MAX))
        .bind(query.user.map(UserId::value))
        .bind(i64::from(AuditQuery::SCAN_LIMIT).saturating_sub(1));
    Ok(connection.first::<IdRow>(statement)?.map(|it| it.id))
}

/// The columns of [`EventRow`].
fn columns<C: Dialect>() -> String {
    format!(
        "id, user_id, seq, {} AS at, event, method, outcome, ip, user_agent, request_id, actor, reason",
        C::millis("at")
    )
}

/// Order of the scan: by id, or by the user's own sequence numbers, which have an index.
const fn order(query: AuditQuery) -> &'static str {
    if query.user.is_some() { "seq" } else { "id" }
}

/// Condition on the user. Two texts, so that each has a plan of its own.
const fn user_condition(query: AuditQuery) -> &'static str {
    if query.user.is_some() { "user_id = $2" } else { "CAST($2 AS bigint) IS NULL" }
}

#[derive(QueryableByName)]
struct IdRow {
    #[diesel(sql_type = BigInt)]
    id: i64,
}

/// Event as it is read back.
#[derive(QueryableByName)]
struct EventRow {
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
    fn into_event(self) -> StoredEvent {
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
