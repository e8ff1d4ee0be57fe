//! Events in SQLite, as an auditor reads them.

use diesel::result::Error;
use diesel::sql_types::{BigInt, Text};
use diesel::{Connection, RunQueryDsl, SqliteConnection, sql_query};
use mfa_core::{StoreError, Timestamp};
use serde_json::json;

use super::SqliteDatabase;
use crate::database::audit::{
    AuditRows, ChainPosition, ChainRow, Count, Cursor, EndRow, FloorRow, MacRow, PORTION,
};

/// The columns of [`ChainRow`].
const COLUMNS: &str = "id, user_id, seq, event_id, at, event, method, outcome, ip, user_agent, request_id, actor, \
    reason, salt, personal_digest, mac_key, mac";

impl AuditRows for SqliteDatabase {
    fn chain(
        &self,
        after: ChainPosition,
        of: Option<i64>,
    ) -> Result<(Vec<ChainRow>, Vec<FloorRow>), StoreError> {
        self.pool.now("read chains", |connection| {
            // A transaction that reads is a snapshot: rows and floors are those of the same moment.
            connection.transaction(|connection| {
                // Of one user by an equation, so that nothing beyond is read.
                let which = match of {
                    Some(_) => "user_id = ?1 AND seq > ?2",
                    None => "(user_id, seq) > (?1, ?2)",
                };
                let rows: Vec<ChainRow> = sql_query(format!(
                    "SELECT {COLUMNS} FROM mfa_events WHERE {which} ORDER BY user_id, seq LIMIT ?3"
                ))
                .bind::<BigInt, _>(of.unwrap_or(after.user))
                .bind::<BigInt, _>(after.seq)
                .bind::<BigInt, _>(PORTION)
                .load(connection)?;
                let users: Vec<_> = rows.iter().map(|row| row.user_id).collect();
                let floors = floors(connection, &users)?;
                Ok((rows, floors))
            })
        })
    }

    fn ends(&self, after: i64, of: Option<i64>) -> Result<(Vec<EndRow>, Vec<FloorRow>), StoreError> {
        self.pool.now("read ends of chains", |connection| {
            connection.transaction(|connection| {
                let rows: Vec<EndRow> = sql_query(
                    "SELECT u.id AS user_id, u.mfa_internal ->> '$.chain.n' AS head_seq, \
                     u.mfa_internal ->> '$.chain.mac' AS head_mac, last.seq AS last_seq, last.mac AS last_mac \
                     FROM users u LEFT JOIN mfa_events last ON last.user_id = u.id \
                     AND last.seq = (SELECT max(seq) FROM mfa_events WHERE user_id = u.id) \
                     WHERE u.id > ?1 AND u.id <= ?2 ORDER BY u.id LIMIT ?3",
                )
                .bind::<BigInt, _>(of.map_or(after, |user| after.max(user.saturating_sub(1))))
                .bind::<BigInt, _>(of.unwrap_or(i64::MAX))
                .bind::<BigInt, _>(PORTION)
                .load(connection)?;
                let users: Vec<_> = rows.iter().map(|row| row.user_id).collect();
                let floors = floors(connection, &users)?;
                Ok((rows, floors))
            })
        })
    }

    fn macs(&self, places: &[ChainPosition]) -> Result<(Vec<MacRow>, Vec<FloorRow>), StoreError> {
        let wanted: Vec<_> = places.iter().map(|it| json!([it.user, it.seq])).collect();
        self.pool.now("read macs", |connection| {
            connection.transaction(|connection| {
                let rows = sql_query(
                    "SELECT e.user_id, e.seq, e.mac FROM json_each(?1) AS v \
                     JOIN mfa_events e ON e.user_id = v.value ->> 0 AND e.seq = v.value ->> 1",
                )
                .bind::<Text, _>(json!(wanted).to_string())
                .load(connection)?;
                let users: Vec<_> = places.iter().map(|it| it.user).collect();
                Ok((rows, floors(connection, &users)?))
            })
        })
    }

    fn by_time(&self, after: Cursor, before: Timestamp) -> Result<Vec<ChainRow>, StoreError> {
        self.pool.now("read events by time", |connection| {
            sql_query(format!(
                "SELECT {COLUMNS} FROM mfa_events WHERE (at, id) > (?1, ?2) AND at < ?3 ORDER BY at, id LIMIT ?4"
            ))
            .bind::<BigInt, _>(after.at)
            .bind::<BigInt, _>(after.id)
            .bind::<BigInt, _>(before.millis())
            .bind::<BigInt, _>(PORTION)
            .load(connection)
        })
    }

    fn first_kept(&self, up_to: ChainPosition, before: Timestamp) -> Result<Option<i64>, StoreError> {
        self.pool.now("first kept event", |connection| {
            sql_query(
                "SELECT min(seq) AS count FROM mfa_events WHERE user_id = ?1 AND seq <= ?2 AND at >= ?3",
            )
            .bind::<BigInt, _>(up_to.user)
            .bind::<BigInt, _>(up_to.seq)
            .bind::<BigInt, _>(before.millis())
            .get_result::<Count>(connection)
            .map(|it| it.count)
        })
    }

    fn raise(&self, floors: &[FloorRow]) -> Result<u64, StoreError> {
        self.pool.now("remove old events", |connection| {
            connection.immediate_transaction(|connection| {
                let mut removed = 0_u64;
                for floor in floors {
                    sql_query(
                        "INSERT INTO mfa_event_floors (user_id, seq, mac, floor_key, floor_mac) \
                         VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (user_id) DO UPDATE SET seq = excluded.seq, \
                         mac = excluded.mac, floor_key = excluded.floor_key, floor_mac = excluded.floor_mac \
                         WHERE mfa_event_floors.seq < excluded.seq",
                    )
                    .bind::<BigInt, _>(floor.user_id)
                    .bind::<BigInt, _>(floor.seq)
                    .bind::<Text, _>(&floor.mac)
                    .bind::<Text, _>(&floor.floor_key)
                    .bind::<Text, _>(&floor.floor_mac)
                    .execute(connection)?;
                    let gone = sql_query("DELETE FROM mfa_events WHERE user_id = ?1 AND seq <= ?2")
                        .bind::<BigInt, _>(floor.user_id)
                        .bind::<BigInt, _>(floor.seq)
                        .execute(connection)?;
                    removed = removed.saturating_add(u64::try_from(gone).unwrap_or(0));
                }
                Ok(removed)
            })
        })
    }
}

fn floors(connection: &mut SqliteConnection, users: &[i64]) -> Result<Vec<FloorRow>, Error> {
    sql_query(
        "SELECT user_id, seq, mac, floor_key, floor_mac FROM mfa_event_floors \
         WHERE user_id IN (SELECT value FROM json_each(?1))",
    )
    .bind::<Text, _>(json!(users).to_string())
    .load(connection)
}
