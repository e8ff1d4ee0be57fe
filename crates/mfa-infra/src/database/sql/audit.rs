//! Queries of the chain verifier, the export and the retention of events.

use diesel::result::QueryResult;
use mfa_core::{StoreError, Timestamp};
use serde_json::json;

use super::SqlDatabase;
use super::dialect::{Dialect, Statement};
use crate::database::audit::{
    AuditRows, ChainPosition, ChainRow, Count, Cursor, EndRow, FloorRow, MacRow, PORTION,
};

impl<C: Dialect> AuditRows for SqlDatabase<C> {
    fn chain(
        &self,
        after: ChainPosition,
        user: Option<i64>,
    ) -> Result<(Vec<ChainRow>, Vec<FloorRow>), StoreError> {
        self.pool.now("read chains", |connection| {
            connection.read_snapshot(|connection| {
                // An equation for one user, so that no row of another is read.
                let condition = match user {
                    Some(_) => "user_id = $1 AND seq > $2",
                    None => "(user_id, seq) > ($1, $2)",
                };
                let query = format!(
                    "SELECT {} FROM mfa_events WHERE {condition} ORDER BY user_id, seq LIMIT $3",
                    columns::<C>()
                );
                let query =
                    Statement::new(query).bind(user.unwrap_or(after.user)).bind(after.seq).bind(PORTION);
                let rows: Vec<ChainRow> = connection.load(query)?;
                let floors = floors(connection, rows.iter().map(|row| row.user_id).collect())?;
                Ok((rows, floors))
            })
        })
    }

    fn ends(&self, after: i64, user: Option<i64>) -> Result<(Vec<EndRow>, Vec<FloorRow>), StoreError> {
        self.pool.now("read ends of chains", |connection| {
            connection.read_snapshot(|connection| {
                let [seq, mac] = C::CHAIN_HEAD;
                let query = format!(
                    "SELECT CAST(u.id AS bigint) AS user_id, \
                     {seq} AS head_seq, {mac} AS head_mac, \
                     (SELECT seq FROM mfa_events WHERE user_id = u.id ORDER BY seq DESC LIMIT 1) AS last_seq, \
                     (SELECT {} FROM mfa_events WHERE user_id = u.id ORDER BY seq DESC LIMIT 1) AS last_mac \
                     FROM users u WHERE u.id > $1 AND u.id <= $2 ORDER BY u.id LIMIT $3",
                    C::hex("mac")
                );
                let query = Statement::new(query)
                    .bind(user.map_or(after, |user| after.max(user.saturating_sub(1))))
                    .bind(user.unwrap_or(i64::MAX))
                    .bind(PORTION);
                let rows: Vec<EndRow> = connection.load(query)?;
                let floors = floors(connection, rows.iter().map(|row| row.user_id).collect())?;
                Ok((rows, floors))
            })
        })
    }

    fn macs(&self, positions: &[ChainPosition]) -> Result<(Vec<MacRow>, Vec<FloorRow>), StoreError> {
        let pairs: Vec<_> = positions.iter().map(|it| (it.user, it.seq)).collect();
        self.pool.now("read macs", |connection| {
            connection.read_snapshot(|connection| {
                let query = format!(
                    "SELECT e.user_id, e.seq, {} AS mac FROM {} JOIN mfa_events e \
                     ON e.user_id = CAST(v.value ->> 0 AS bigint) AND e.seq = CAST(v.value ->> 1 AS bigint)",
                    C::hex("e.mac"),
                    C::elements("$1")
                );
                let rows = connection.load(Statement::new(query).bind(json!(pairs).to_string()))?;
                let floors = floors(connection, positions.iter().map(|it| it.user).collect())?;
                Ok((rows, floors))
            })
        })
    }

    fn by_time(&self, after: Cursor, before: Timestamp) -> Result<Vec<ChainRow>, StoreError> {
        self.pool.now("read events by time", |connection| {
            let query = format!(
                "SELECT {} FROM mfa_events WHERE (at, id) > ({}, $2) AND at < {} \
                 ORDER BY mfa_events.at, id LIMIT $4",
                columns::<C>(),
                C::timestamp("$1"),
                C::timestamp("$3")
            );
            let query = Statement::new(query).bind(after.at).bind(after.id).bind(before.millis());
            connection.load(query.bind(PORTION))
        })
    }

    fn first_kept(&self, up_to: ChainPosition, before: Timestamp) -> Result<Option<i64>, StoreError> {
        self.pool.now("first kept event", |connection| {
            let query = format!(
                "SELECT min(seq) AS count FROM mfa_events WHERE user_id = $1 AND seq <= $2 AND at >= {}",
                C::timestamp("$3")
            );
            let query = Statement::new(query).bind(up_to.user).bind(up_to.seq).bind(before.millis());
            connection.one::<Count>(query).map(|it| it.count)
        })
    }

    fn raise(&self, floors: &[FloorRow]) -> Result<u64, StoreError> {
        self.pool.now("remove old events", |connection| {
            connection.write(|connection| {
                let mut removed = 0_u64;
                for floor in floors {
                    let raise = Statement::new(
                        "INSERT INTO mfa_event_floors (user_id, seq, mac, floor_key, floor_mac) \
                         VALUES ($1, $2, $3, $4, $5) ON CONFLICT (user_id) DO UPDATE SET seq = excluded.seq, \
                         mac = excluded.mac, floor_key = excluded.floor_key, floor_mac = excluded.floor_mac \
                         WHERE mfa_event_floors.seq < excluded.seq",
                    );
                    let raise = raise.bind(floor.user_id).bind(floor.seq).bind(&floor.mac);
                    connection.execute(raise.bind(&floor.floor_key).bind(&floor.floor_mac))?;
                    let delete = Statement::new("DELETE FROM mfa_events WHERE user_id = $1 AND seq <= $2");
                    let deleted = connection.execute(delete.bind(floor.user_id).bind(floor.seq))?;
                    removed = removed.saturating_add(u64::try_from(deleted).unwrap_or(0));
                }
                Ok(removed)
            })
        })
    }
}

/// The columns of [`ChainRow`].
fn columns<C: Dialect>() -> String {
    format!(
        "id, user_id, seq, {} AS event_id, {} AS at, event, method, outcome, ip, user_agent, request_id, actor, \
         reason, {} AS salt, {} AS personal_digest, mac_key, {} AS mac, {} AS token_id, token_session",
        C::hex("event_id"),
        C::millis("at"),
        C::hex("salt"),
        C::hex("personal_digest"),
        C::hex("mac"),
        C::hex("token_id")
    )
}

fn floors<C: Dialect>(connection: &mut C, users: Vec<i64>) -> QueryResult<Vec<FloorRow>> {
    let query = format!(
        "SELECT user_id, seq, mac, floor_key, floor_mac FROM mfa_event_floors WHERE {}",
        C::is_in("user_id", "$1")
    );
    connection.load(Statement::new(query).bind(users))
}
