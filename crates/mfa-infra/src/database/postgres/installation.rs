//! Facts and needed keys in PostgreSQL.

use diesel::sql_types::{BigInt, Text};
use diesel::{RunQueryDsl, sql_query};
use mfa_core::{BoxFuture, KeyId, StoreError, Timestamp, UserId};

use super::PostgresDatabase;
use crate::database::installation::{
    CountRow, IdRow, InstallationStore, InstallationValueRow, KeyUsage, KeyUsageRow, KeyedTable, RowWindow,
    WindowRow,
};

/// The sealed columns of a user as rows `c(kind, value)`.
const SEALED: &str = "LATERAL (VALUES ('totp_secret', totp_secret::text), \
    ('totp_pending_secret', totp_pending_secret::text), ('phone_number', phone_number::text), \
    ('phone_pending', phone_pending::text)) AS c(kind, value)";

/// The name of the key that sealed `c.value`; NULL where it is not sealed.
const KEY: &str = "CASE WHEN c.value LIKE 'v1.%.%' THEN split_part(c.value, '.', 2) END";

impl InstallationStore for PostgresDatabase {
    fn facts(&self) -> BoxFuture<'_, Result<Vec<(String, String)>, StoreError>> {
        self.pool.run("facts", |connection| {
            let rows: Vec<InstallationValueRow> =
                sql_query("SELECT name, value FROM mfa_meta ORDER BY name").load(connection)?;
            Ok(rows.into_iter().map(InstallationValueRow::into_pair).collect())
        })
    }

    fn put_fact(&self, name: String, value: String) -> BoxFuture<'_, Result<(), StoreError>> {
        self.pool.run("put fact", move |connection| {
            sql_query(
                "INSERT INTO mfa_meta (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = $2",
            )
            .bind::<Text, _>(name)
            .bind::<Text, _>(value)
            .execute(connection)
            .map(drop)
        })
    }

    fn forget_fact(&self, name: String, value: String) -> BoxFuture<'_, Result<bool, StoreError>> {
        self.pool.run("forget fact", move |connection| {
            let gone = sql_query("DELETE FROM mfa_meta WHERE name = $1 AND value = $2")
                .bind::<Text, _>(name)
                .bind::<Text, _>(value)
                .execute(connection)?;
            Ok(gone == 1)
        })
    }

    fn rows(&self, table: KeyedTable) -> BoxFuture<'_, Result<u64, StoreError>> {
        self.pool.run("count rows", move |connection| {
            let query = match table {
                KeyedTable::Users => "SELECT count(*) AS count FROM users",
                KeyedTable::Events => {
                    "SELECT coalesce(max(id), 0) - coalesce(min(id), 1) + 1 AS count FROM mfa_events"
                }
            };
            sql_query(query).get_result::<CountRow>(connection).map(|it| it.count())
        })
    }

    fn window(
        &self,
        table: KeyedTable,
        after: i64,
        most: u32,
    ) -> BoxFuture<'_, Result<Option<RowWindow>, StoreError>> {
        self.pool.run("window of rows", move |connection| {
            let query = format!(
                "SELECT max(id)::bigint AS last, count(*) AS count FROM \
                 (SELECT id FROM {} WHERE id > $1 ORDER BY id LIMIT $2) AS w",
                table.table()
            );
            sql_query(query)
                .bind::<BigInt, _>(after)
                .bind::<BigInt, _>(i64::from(most))
                .get_result::<WindowRow>(connection)
                .map(|row| row.into_window(after))
        })
    }

    fn keys_needed(
        &self,
        table: KeyedTable,
        window: RowWindow,
        now: Timestamp,
    ) -> BoxFuture<'_, Result<Vec<KeyUsage>, StoreError>> {
        self.pool.run("keys needed", move |connection| {
            let query = match table {
                KeyedTable::Users => format!(
                    "SELECT c.kind AS kind, {KEY} AS key, count(*) AS count FROM users, {SEALED} \
                     WHERE id > $1 AND id <= $2 AND c.value IS NOT NULL GROUP BY 1, 2 UNION ALL \
                     SELECT 'recovery_tag', code ->> 'tag_key', count(*) FROM users, LATERAL jsonb_array_elements( \
                     CASE jsonb_typeof(recovery_codes::jsonb) WHEN 'array' THEN recovery_codes::jsonb ELSE '[]' END) \
                     AS code WHERE id > $1 AND id <= $2 AND code ->> 'tag_key' IS NOT NULL \
                     AND code ->> 'used_at' IS NULL GROUP BY 1, 2 UNION ALL \
                     SELECT 'sms_code', mfa_internal #>> '{{sms,code,k}}', count(*) FROM users \
                     WHERE id > $1 AND id <= $2 AND (mfa_internal #>> '{{sms,code,exp}}')::bigint > $3 GROUP BY 1, 2"
                ),
                KeyedTable::Events => "SELECT 'event' AS kind, mac_key AS key, count(*) AS count FROM mfa_events \
                                 WHERE id > $1 AND id <= $2 AND $3 > 0 GROUP BY 2"
                    .to_owned(),
            };
            let rows: Vec<KeyUsageRow> = sql_query(query)
                .bind::<BigInt, _>(window.after)
                .bind::<BigInt, _>(window.last)
                .bind::<BigInt, _>(now.millis())
                .load(connection)?;
            Ok(rows.into_iter().filter_map(KeyUsageRow::into_need).collect())
        })
    }

    fn sealed_otherwise(
        &self,
        window: RowWindow,
        key: KeyId,
    ) -> BoxFuture<'_, Result<Vec<UserId>, StoreError>> {
        self.pool.run("sealed otherwise", move |connection| {
            let query = format!(
                "SELECT DISTINCT id::bigint AS id FROM users, {SEALED} WHERE id > $1 AND id <= $2 \
                 AND c.value IS NOT NULL AND ({KEY}) IS DISTINCT FROM $3 ORDER BY 1"
            );
            let rows: Vec<IdRow> = sql_query(query)
                .bind::<BigInt, _>(window.after)
                .bind::<BigInt, _>(window.last)
                .bind::<Text, _>(key.as_str())
                .load(connection)?;
            Ok(rows.into_iter().map(|row| UserId::new(row.id)).collect())
        })
    }
}
