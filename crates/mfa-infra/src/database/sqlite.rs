//! SQLite, embedded.

mod audit;
mod audit_log;
pub(super) mod connect;
mod installation;
mod sms;
mod statements;
mod statistics;
mod store;
mod user_import;
mod users;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use diesel::r2d2::{ConnectionManager, CustomizeConnection};
use diesel::{OptionalExtension, RunQueryDsl, SqliteConnection, sql_query};
use mfa_core::{Account, Accounts, BoxFuture, Decision, Phase, StoreError, Timestamp, UserId};

use super::committer::{Committers, GroupContext, StoreFactory};
use super::pool::{InstallationValue, ReadPool};
use super::row::AccountRow;
use super::statistics::CountPermit;
use super::{Chain, Database, DatabaseDependencies, DatabaseLoad, DatabaseOptions, OpenDatabaseError};
use statements::SqliteLoadOne;
use store::SqliteGroupStore;

/// Accounts and users in an SQLite file.
#[derive(Debug)]
pub struct SqliteDatabase {
    committers: Committers,
    pool: ReadPool<SqliteConnection>,
    counting: CountPermit,
}

#[derive(Debug)]
struct Prepare;

impl CustomizeConnection<SqliteConnection, diesel::r2d2::Error> for Prepare {
    fn on_acquire(&self, connection: &mut SqliteConnection) -> Result<(), diesel::r2d2::Error> {
        connect::prepare(connection).map_err(diesel::r2d2::Error::QueryError)
    }
}

impl SqliteDatabase {
    /// Opens a database whose schema is up to date, and starts its committer.
    ///
    /// # Errors
    ///
    /// [`OpenDatabaseError`] when the file cannot be opened.
    pub fn open(
        path: &Path,
        options: &DatabaseOptions,
        around: DatabaseDependencies,
    ) -> Result<Self, OpenDatabaseError> {
        let unusable = || OpenDatabaseError::Unreachable("the path of the database is no UTF-8".to_owned());
        let manager = ConnectionManager::<SqliteConnection>::new(path.to_str().ok_or_else(unusable)?);
        let pool = ReadPool::open(manager, options.pool, Box::new(Prepare), around.runtime.clone())?;
        let context = GroupContext {
            chain: Chain::new(around.audit, around.entropy),
            log: Arc::clone(&around.log),
            metrics: around.metrics.clone(),
        };
        let path = path.to_owned();
        let maker: StoreFactory = Arc::new(move || Box::new(SqliteGroupStore::new(path.clone())));
        let committers = Committers::start(vec![maker], Vec::new(), &context, options.limits);
        Ok(Self { committers, pool, counting: CountPermit::default() })
    }
}

impl Accounts for SqliteDatabase {
    fn apply(
        &self,
        user: UserId,
        turn: Phase,
        decision: Decision,
    ) -> BoxFuture<'_, Result<bool, StoreError>> {
        Box::pin(self.committers.apply(user, turn, decision))
    }

    fn find(&self, user: UserId) -> BoxFuture<'_, Result<Option<Account>, StoreError>> {
        self.pool.find(move |connection| {
            SqliteLoadOne(user.value()).get_result::<AccountRow>(&mut **connection).optional()
        })
    }
}

impl Database for SqliteDatabase {
    fn is_full(&self) -> bool {
        self.committers.is_full()
    }

    fn load(&self) -> DatabaseLoad {
        let (connections, in_use) = self.pool.load();
        DatabaseLoad { waiting: self.committers.waiting(), connections, in_use }
    }

    fn time(&self) -> BoxFuture<'_, Result<Option<Timestamp>, StoreError>> {
        // It has no clock but this process's; the read shows that it answers.
        self.pool.run("time", |connection| {
            sql_query("SELECT 'ready' AS value").get_result::<InstallationValue>(connection).map(|_| None)
        })
    }

    fn fact(&self, name: &str, value: &str) -> Result<String, StoreError> {
        self.pool.now("fact", |connection| {
            connection.immediate_transaction(|connection| {
                sql_query("INSERT INTO mfa_meta (name, value) VALUES (?, ?) ON CONFLICT DO NOTHING")
                    .bind::<diesel::sql_types::Text, _>(name)
                    .bind::<diesel::sql_types::Text, _>(value)
                    .execute(connection)?;
                sql_query("SELECT value FROM mfa_meta WHERE name = ?")
                    .bind::<diesel::sql_types::Text, _>(name)
                    .get_result::<InstallationValue>(connection)
                    .map(|it| it.value)
            })
        })
    }

    fn made_users(&self) -> Result<bool, StoreError> {
        self.pool.now("made users", |connection| {
            sql_query("SELECT object AS value FROM mfa_schema WHERE object = 'table users'")
                .get_result::<InstallationValue>(connection)
                .optional()
                .map(|it| it.is_some())
        })
    }

    fn stop(&self, within: Duration) {
        self.committers.stop(within);
    }
}
