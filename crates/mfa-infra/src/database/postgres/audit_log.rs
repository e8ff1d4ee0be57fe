//! Events in PostgreSQL, read back.

use diesel::result::Error;
use diesel::sql_types::{BigInt, Nullable, Text};
use diesel::{OptionalExtension, PgConnection, QueryableByName, RunQueryDsl, sql_query};
use mfa_core::{
    AuditLog, AuditPage, AuditQuery, BoxFuture, StoreError, StoredEvent, UserEventsQuery, UserId,
};

use super::PostgresDatabase;
use crate::database::audit_log::{self, AuditLogQueries, EventRow};

/// The columns of [`EventRow`].
const COLUMNS: &str = "id, user_id, seq, (extract(epoch from at) * 1000)::bigint AS at, event, method, outcome, ip, \
    user_agent, request_id, actor, reason";

#[derive(QueryableByName)]
struct Id {
    #[diesel(sql_type = BigInt)]
    id: i64,
}

impl AuditLog for PostgresDatabase {
    fn list_for_user(
        &self,
        user: UserId,
        page: UserEventsQuery,
    ) -> BoxFuture<'_, Result<Vec<StoredEvent>, StoreError>> {
        self.pool.run("list own events", move |connection| {
            let rows = sql_query(format!(
                "SELECT {COLUMNS} FROM mfa_events WHERE user_id = $1 AND seq < $2 ORDER BY seq DESC LIMIT $3"
            ))
            .bind::<BigInt, _>(user.value())
            .bind::<BigInt, _>(audit_log::column(page.before))
            .bind::<BigInt, _>(i64::from(page.limit))
            .load::<EventRow>(connection)?;
            Ok(rows.into_iter().map(EventRow::into_event).collect())
        })
    }

    fn list_all(&self, query: AuditQuery) -> BoxFuture<'_, Result<AuditPage, StoreError>> {
        self.pool.run("list events", move |connection| audit_log::page(&mut **connection, query))
    }
}

impl AuditLogQueries for PgConnection {
    fn events(&mut self, query: AuditQuery, limit: i64) -> Result<Vec<EventRow>, Error> {
        let order = audit_log::order(query);
        sql_query(format!(
            "SELECT {COLUMNS} FROM (SELECT * FROM mfa_events WHERE id < $1 AND {} ORDER BY {order} DESC LIMIT $4) \
             AS looked_at WHERE $3 IS NULL OR event = $3 ORDER BY {order} DESC LIMIT $5",
            of_user(query),
        ))
        .bind::<BigInt, _>(query.before.unwrap_or(i64::MAX))
        .bind::<Nullable<BigInt>, _>(query.user.map(UserId::value))
        .bind::<Nullable<Text>, _>(audit_log::kind(query))
        .bind::<BigInt, _>(audit_log::looked_at(query, limit))
        .bind::<BigInt, _>(limit)
        .load(self)
    }

    fn last_looked_at(&mut self, query: AuditQuery) -> Result<Option<i64>, Error> {
        let found = sql_query(format!(
            "SELECT id FROM mfa_events WHERE id < $1 AND {} ORDER BY {} DESC LIMIT 1 OFFSET $3",
            of_user(query),
            audit_log::order(query),
        ))
        .bind::<BigInt, _>(query.before.unwrap_or(i64::MAX))
        .bind::<Nullable<BigInt>, _>(query.user.map(UserId::value))
        .bind::<BigInt, _>(i64::from(AuditQuery::SCAN_LIMIT).saturating_sub(1))
        .get_result::<Id>(self)
        .optional()?;
        Ok(found.map(|it| it.id))
    }
}

/// Told apart in the text, so that each of the two has a plan of its own.
const fn of_user(query: AuditQuery) -> &'static str {
    if query.user.is_some() { "user_id = $2" } else { "$2::bigint IS NULL" }
}
