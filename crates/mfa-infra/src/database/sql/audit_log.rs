//! Queries of the audit log: the events of one user, and pages of the events of all users.

use std::time::Duration;

use diesel::QueryableByName;
use diesel::result::QueryResult;
use diesel::sql_types::{BigInt, Nullable, Text};
use mfa_core::{
    AuditLog, AuditPage, AuditQuery, BoxFuture, EventKind, EventToken, IssuedTokenEvent, Outcome, StoreError,
    StoredEvent, Timestamp, TokenId, UserEventsQuery, UserId,
};

use super::SqlDatabase;
use super::dialect::{Dialect, Statement};

/// Number of the first event of the user's row. Earlier ones are those of another row with the same id: of another person,
/// or of a copy.
const FIRST_OF_ROW: &str = "coalesce((SELECT max(seq) FROM mfa_events \
    WHERE user_id = $1 AND event = 'foreign_change' AND method IS NULL), 0)";

/// By how much the order of the IDs may differ from that of the times: clocks of servers, and events that wait for their
/// commit.
const ORDER_TOLERANCE: Duration = Duration::from_mins(5);

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

    fn list_issued_tokens(
        &self,
        user: UserId,
        since: Timestamp,
    ) -> BoxFuture<'_, Result<Vec<IssuedTokenEvent>, StoreError>> {
        self.pool.run("list issued tokens", move |connection| issued_tokens(connection, user, since))
    }
}

/// Time by which an event may be stored after a later one: more than any difference of clocks, and than any commit takes.
const DISORDER: Duration = Duration::from_mins(10);

/// Reads the events of a user that issued a token since a time.
///
/// Times rise with sequence numbers but for [`DISORDER`]. So the newest event that is older by that much ends the scan,
/// and no further index is needed, which each verification would have to write.
fn issued_tokens<C: Dialect>(
    connection: &mut C,
    user: UserId,
    since: Timestamp,
) -> QueryResult<Vec<IssuedTokenEvent>> {
    let text = format!(
        "SELECT {}, {} AS token_id, token_session FROM mfa_events WHERE user_id = $1 \
         AND seq > coalesce((SELECT seq FROM mfa_events WHERE user_id = $1 AND at < {} ORDER BY seq DESC LIMIT 1), 0) \
         AND at >= {} AND token_id IS NOT NULL AND event <> $4 ORDER BY seq DESC",
        columns::<C>(),
        C::hex("token_id"),
        C::timestamp("$2"),
        C::timestamp("$3")
    );
    let statement = Statement::new(text)
        .bind(user.value())
        .bind(since.minus(DISORDER).millis())
        .bind(since.millis())
        .bind(EventKind::TokenRevoked.as_str());
    let rows: Vec<IssuedTokenRow> = connection.load(statement)?;
    Ok(rows.into_iter().filter_map(IssuedTokenRow::into_event).collect())
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
        _ if query.is_filtered() => last_scanned(connection, query)?,
        _ => None,
    };
    Ok(AuditPage { events, next })
}

/// Reads events by descending id, at most this many, among those that are scanned.
fn events<C: Dialect>(connection: &mut C, query: AuditQuery, limit: i64) -> QueryResult<Vec<EventRow>> {
    let (columns, order) = (columns::<C>(), order(query));
    let text = format!(
        "SELECT {columns} FROM (SELECT * FROM mfa_events WHERE {} ORDER BY {order} DESC LIMIT $5) AS scanned \
         WHERE ($6 IS NULL OR event = $6) AND ($7 IS NULL OR outcome = $7) AND ($8 IS NULL OR ip = $8) \
         AND ($9 IS NULL OR at >= {}) AND ($10 IS NULL OR at < {}) ORDER BY {order} DESC LIMIT $11",
        scanned::<C>(query),
        C::timestamp("$9"),
        C::timestamp("$10"),
    );
    // Without a filter every scanned event is on the page.
    let scanned = if query.is_filtered() { i64::from(AuditQuery::SCAN_LIMIT) } else { limit };
    let statement = bind_scanned(text, query)
        .bind(scanned)
        .bind(query.kind.map(EventKind::as_str))
        .bind(query.outcome.map(Outcome::as_str))
        .bind(query.ip.map(|ip| ip.to_string()))
        .bind(query.from.map(Timestamp::millis))
        .bind(query.to.map(Timestamp::millis))
        .bind(limit);
    connection.load(statement)
}

/// Returns the id of the last scanned event, if more events follow it.
fn last_scanned<C: Dialect>(connection: &mut C, query: AuditQuery) -> QueryResult<Option<i64>> {
    let text = format!(
        "SELECT id FROM mfa_events WHERE {} ORDER BY {} DESC LIMIT 1 OFFSET $5",
        scanned::<C>(query),
        order(query)
    );
    let statement = bind_scanned(text, query).bind(i64::from(AuditQuery::SCAN_LIMIT).saturating_sub(1));
    Ok(connection.first::<IdRow>(statement)?.map(|it| it.id))
}

/// Condition on the events that are scanned: those of the user and of the period. IDs grow with time, so a period is a
/// range of IDs, which the index on the time finds.
fn scanned<C: Dialect>(query: AuditQuery) -> String {
    let user = if query.user.is_some() { "user_id = $2" } else { "CAST($2 AS bigint) IS NULL" };
    let from = match query.from {
        Some(_) => format!(
            "id >= coalesce((SELECT id FROM mfa_events WHERE at >= {} ORDER BY at, id LIMIT 1), {})",
            C::timestamp("$3"),
            i64::MAX
        ),
        None => "CAST($3 AS bigint) IS NULL".to_owned(),
    };
    let to = match query.to {
        Some(_) => format!(
            "id <= coalesce((SELECT id FROM mfa_events WHERE at < {} ORDER BY at DESC, id DESC LIMIT 1), 0)",
            C::timestamp("$4")
        ),
        None => "CAST($4 AS bigint) IS NULL".to_owned(),
    };
    // Texts without a condition that is not needed, so that each has a plan of its own.
    format!("id < $1 AND {user} AND {from} AND {to}")
}

/// Binds the parameters of [`scanned`].
fn bind_scanned(text: String, query: AuditQuery) -> Statement {
    Statement::new(text)
        .bind(query.before.unwrap_or(i64::MAX))
        .bind(query.user.map(UserId::value))
        .bind(query.from.map(|from| from.minus(ORDER_TOLERANCE).millis()))
        .bind(query.to.map(|to| to.plus(ORDER_TOLERANCE).millis()))
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

#[derive(QueryableByName)]
struct IdRow {
    #[diesel(sql_type = BigInt)]
    id: i64,
}

/// Event with the token that it issued.
#[derive(QueryableByName)]
struct IssuedTokenRow {
    #[diesel(embed)]
    event: EventRow,
    #[diesel(sql_type = Text)]
    token_id: String,
    #[diesel(sql_type = Nullable<BigInt>)]
    token_session: Option<i64>,
}

impl IssuedTokenRow {
    /// Returns the event, or `None` if its token was altered: no token has such an ID.
    fn into_event(self) -> Option<IssuedTokenEvent> {
        let id = TokenId::parse_hex(&self.token_id)?;
        let session = self.token_session.map(u64::try_from).transpose().ok()?;
        Some(IssuedTokenEvent { event: self.event.into_event(), token: EventToken { id, session } })
    }
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
