//! Events in PostgreSQL, as an auditor reads them.

use diesel::result::Error;
use diesel::sql_types::{Array, BigInt, Text};
use diesel::{Connection, PgConnection, RunQueryDsl, sql_query};
use mfa_core::{StoreError, Timestamp};

use super::PostgresDatabase;
use crate::database::audit::{
    AuditRows, ChainPosition, ChainRow, Count, Cursor, EndRow, FloorRow, MacRow, PORTION,
};

/// The columns of [`ChainRow`].
const COLUMNS: &str = "id, user_id, seq, encode(event_id, 'hex') AS event_id, \
    (extract(epoch from at) * 1000)::bigint AS at, event, method, outcome, ip, user_agent, request_id, actor, reason, \
    encode(salt, 'hex') AS salt, encode(personal_digest, 'hex') AS personal_digest, mac_key, encode(mac, 'hex') AS mac";

impl AuditRows for PostgresDatabase {
    fn chain(
        &self,
        after: ChainPosition,
        of: Option<i64>,
    ) -> Result<(Vec<ChainRow>, Vec<FloorRow>), StoreError> {
        self.pool.now("read chains", |connection| {
            at_one_moment(connection, |connection| {
                // Of one user by an equation, so that nothing beyond is read.
                let which = match of {
                    Some(_) => "user_id = $1 AND seq > $2",
                    None => "(user_id, seq) > ($1, $2)",
                };
                let rows: Vec<ChainRow> = sql_query(format!(
                    "SELECT {COLUMNS} FROM mfa_events WHERE {which} ORDER BY user_id, seq LIMIT $3"
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
            at_one_moment(connection, |connection| {
                let rows: Vec<EndRow> = sql_query(
                    "SELECT u.id::bigint AS user_id, (u.mfa_internal -> 'chain' ->> 'n')::bigint AS head_seq, \
                     u.mfa_internal -> 'chain' ->> 'mac' AS head_mac, last.seq AS last_seq, \
                     encode(last.mac, 'hex') AS last_mac FROM users u LEFT JOIN LATERAL \
                     (SELECT seq, mac FROM mfa_events WHERE user_id = u.id ORDER BY seq DESC LIMIT 1) last ON TRUE \
                     WHERE u.id > $1 AND u.id <= $2 ORDER BY u.id LIMIT $3",
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
        let (users, numbers): (Vec<_>, Vec<_>) = places.iter().map(|it| (it.user, it.seq)).unzip();
        self.pool.now("read macs", |connection| {
            at_one_moment(connection, |connection| {
                let rows = sql_query(
                    "SELECT e.user_id, e.seq, encode(e.mac, 'hex') AS mac FROM unnest($1, $2) AS v(user_id, seq) \
                     JOIN mfa_events e ON e.user_id = v.user_id AND e.seq = v.seq",
                )
                .bind::<Array<BigInt>, _>(&users)
                .bind::<Array<BigInt>, _>(&numbers)
                .load(connection)?;
                Ok((rows, floors(connection, &users)?))
            })
        })
    }

    fn by_time(&self, after: Cursor, before: Timestamp) -> Result<Vec<ChainRow>, StoreError> {
        self.pool.now("read events by time", |connection| {
            sql_query(format!(
                "SELECT {COLUMNS} FROM mfa_events WHERE (at, id) > (to_timestamp($1 / 1000.0), $2) \
                 AND at < to_timestamp($3 / 1000.0) ORDER BY mfa_events.at, id LIMIT $4"
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
                "SELECT min(seq) AS count FROM mfa_events WHERE user_id = $1 AND seq <= $2 \
                 AND at >= to_timestamp($3 / 1000.0)",
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
            connection.transaction(|connection| {
                let mut removed = 0_u64;
                for floor in floors {
                    sql_query(
                        "INSERT INTO mfa_event_floors AS it (user_id, seq, mac, floor_key, floor_mac) \
                         VALUES ($1, $2, $3, $4, $5) ON CONFLICT (user_id) DO UPDATE SET seq = excluded.seq, \
                         mac = excluded.mac, floor_key = excluded.floor_key, floor_mac = excluded.floor_mac \
                         WHERE it.seq < excluded.seq",
                    )
                    .bind::<BigInt, _>(floor.user_id)
                    .bind::<BigInt, _>(floor.seq)
                    .bind::<Text, _>(&floor.mac)
                    .bind::<Text, _>(&floor.floor_key)
                    .bind::<Text, _>(&floor.floor_mac)
                    .execute(connection)?;
                    let gone = sql_query("DELETE FROM mfa_events WHERE user_id = $1 AND seq <= $2")
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

/// Reads of one snapshot: rows and floors are those of the same moment, although retention may be at work.
fn at_one_moment<T>(
    connection: &mut PgConnection,
    read: impl FnOnce(&mut PgConnection) -> Result<T, Error>,
) -> Result<T, Error> {
    connection.build_transaction().read_only().repeatable_read().run(read)
}

fn floors(connection: &mut PgConnection, users: &[i64]) -> Result<Vec<FloorRow>, Error> {
    sql_query("SELECT user_id, seq, mac, floor_key, floor_mac FROM mfa_event_floors WHERE user_id = ANY($1)")
        .bind::<Array<BigInt>, _>(users)
        .load(connection)
}
