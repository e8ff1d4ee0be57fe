//! Queries of the installation's values, and of the keys that rows need.

use mfa_core::{BoxFuture, KeyId, StoreError, Timestamp, UserId};

use super::SqlDatabase;
use super::dialect::{Dialect, Statement};
use crate::database::installation::{
    CountRow, InstallationRow, InstallationStore, KeyIdRow, KeyUsage, KeyUsageRow, KeyedTable, RowWindow,
    WindowRow,
};

impl<C: Dialect> InstallationStore for SqlDatabase<C> {
    fn facts(&self) -> BoxFuture<'_, Result<Vec<(String, String)>, StoreError>> {
        self.pool.run("facts", |connection| {
            let query = Statement::new("SELECT name, value FROM mfa_meta ORDER BY name");
            let rows: Vec<InstallationRow> = connection.load(query)?;
            Ok(rows.into_iter().map(InstallationRow::into_pair).collect())
        })
    }

    fn put_fact(&self, name: String, value: String) -> BoxFuture<'_, Result<(), StoreError>> {
        self.pool.run("put fact", move |connection| {
            let query = "INSERT INTO mfa_meta (name, value) VALUES ($1, $2) \
                         ON CONFLICT (name) DO UPDATE SET value = $2";
            connection.execute(Statement::new(query).bind(name).bind(value)).map(drop)
        })
    }

    fn forget_fact(&self, name: String, value: String) -> BoxFuture<'_, Result<bool, StoreError>> {
        self.pool.run("forget fact", move |connection| {
            let query = Statement::new("DELETE FROM mfa_meta WHERE name = $1 AND value = $2");
            connection.execute(query.bind(name).bind(value)).map(|deleted| deleted == 1)
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
            connection.one::<CountRow>(Statement::new(query)).map(|it| it.count())
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
                "SELECT CAST(max(id) AS bigint) AS last, count(*) AS count FROM \
                 (SELECT id FROM {} WHERE id > $1 ORDER BY id LIMIT $2) AS w",
                table.table()
            );
            let query = Statement::new(query).bind(after).bind(i64::from(most));
            connection.one::<WindowRow>(query).map(|row| row.into_window(after))
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
                KeyedTable::Users => C::keys_of_users(),
                KeyedTable::Events => {
                    "SELECT 'event' AS kind, mac_key AS key, count(*) AS count FROM mfa_events \
                                       WHERE id > $1 AND id <= $2 AND $3 > 0 GROUP BY 2"
                        .to_owned()
                }
            };
            let query = Statement::new(query).bind(window.after).bind(window.last).bind(now.millis());
            let rows: Vec<KeyUsageRow> = connection.load(query)?;
            Ok(rows.into_iter().filter_map(KeyUsageRow::into_usage).collect())
        })
    }

    fn sealed_otherwise(
        &self,
        window: RowWindow,
        key: KeyId,
    ) -> BoxFuture<'_, Result<Vec<UserId>, StoreError>> {
        self.pool.run("sealed otherwise", move |connection| {
            let query = Statement::new(C::users_not_sealed_with());
            let query = query.bind(window.after).bind(window.last).bind(key.as_str());
            let rows: Vec<KeyIdRow> = connection.load(query)?;
            Ok(rows.into_iter().map(|row| UserId::new(row.id)).collect())
        })
    }
}
