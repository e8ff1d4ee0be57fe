//! PostgreSQL.

mod audit;
mod audit_log;
pub(super) mod connect;
mod failover;
mod installation;
mod nova;
mod sms;
mod statements;
mod statistics;
mod store;
mod user_import;
mod users;

use std::sync::Arc;
use std::time::Duration;

use diesel::r2d2::{ConnectionManager, CustomizeConnection};
use diesel::{Connection, OptionalExtension, PgConnection, RunQueryDsl, sql_query};
use mfa_core::{Account, Accounts, BoxFuture, Decision, Phase, SecretText, StoreError, Timestamp, UserId};

use super::committer::{Committers, GroupContext, StoreFactory};
use super::pool::ReadPool;
use super::row::AccountRow;
use super::statistics::CountPermit;
use super::{Chain, Database, DatabaseDependencies, DatabaseLoad, DatabaseOptions, OpenDatabaseError};
use statements::PgLoadOne;
use store::{PgContendedStore, PgGroupStore, ReconnectingConnection};

pub use nova::{NovaColumn, NovaField, NovaRow, NovaTable};

/// Takers of the slow lane.
const LANE: usize = 2;

/// Accounts and users in PostgreSQL.
#[derive(Debug)]
pub struct PostgresDatabase {
    committers: Committers,
    pool: ReadPool<PgConnection>,
    counting: CountPermit,
}

#[derive(Debug)]
struct Prepare;

impl CustomizeConnection<PgConnection, diesel::r2d2::Error> for Prepare {
    fn on_acquire(&self, connection: &mut PgConnection) -> Result<(), diesel::r2d2::Error> {
        connect::prepare(connection).map_err(diesel::r2d2::Error::QueryError)
    }
}

impl PostgresDatabase {
    /// Connects to a database whose schema is up to date, and starts its committers.
    ///
    /// # Errors
    ///
    /// [`OpenDatabaseError`] when it cannot be reached.
    pub fn open(
        url: &SecretText,
        options: &DatabaseOptions,
        around: DatabaseDependencies,
    ) -> Result<Self, OpenDatabaseError> {
        let url = connect::bounded(url).map_err(OpenDatabaseError::Unreachable)?;
        let manager = ConnectionManager::<PgConnection>::new(url.expose());
        let pool = ReadPool::open(manager, options.pool, Box::new(Prepare), around.runtime.clone())?;
        let context = GroupContext {
            chain: Chain::new(around.audit, around.entropy),
            log: Arc::clone(&around.log),
            metrics: around.metrics.clone(),
        };
        let group: StoreFactory = {
            let (url, watch) = (url.clone(), options.failover.clone());
            Arc::new(move || Box::new(PgGroupStore(ReconnectingConnection::new(url.clone(), watch.clone()))))
        };
        let watch = options.failover.clone();
        let lane: StoreFactory = Arc::new(move || {
            Box::new(PgContendedStore(ReconnectingConnection::new(url.clone(), watch.clone())))
        });
        let committers = Committers::start(
            vec![group; options.committers.max(1)],
            vec![lane; LANE],
            &context,
            options.limits,
        );
        Ok(Self { committers, pool, counting: CountPermit::default() })
    }
}

impl Accounts for PostgresDatabase {
    fn apply(
        &self,
        user: UserId,
        turn: Phase,
        decision: Decision,
    ) -> BoxFuture<'_, Result<bool, StoreError>> {
        Box::pin(self.committers.apply(user, turn, decision))
    }

    fn find(&self, user: UserId) -> BoxFuture<'_, Result<Option<Account>, StoreError>> {
        self.pool
            .find(move |connection| PgLoadOne(user.value()).get_result::<AccountRow>(connection).optional())
    }
}

#[derive(diesel::QueryableByName)]
struct Millis {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    millis: i64,
}

impl Database for PostgresDatabase {
    fn is_full(&self) -> bool {
        self.committers.is_full()
    }

    fn load(&self) -> DatabaseLoad {
        let (connections, in_use) = self.pool.load();
        DatabaseLoad { waiting: self.committers.waiting(), connections, in_use }
    }

    fn time(&self) -> BoxFuture<'_, Result<Option<Timestamp>, StoreError>> {
        self.pool.run("time", |connection| {
            let now = sql_query("SELECT (extract(epoch from clock_timestamp()) * 1000)::bigint AS millis");
            now.get_result::<Millis>(connection).map(|it| Some(Timestamp::from_millis(it.millis)))
        })
    }

    fn fact(&self, name: &str, value: &str) -> Result<String, StoreError> {
        self.pool.now("fact", |connection| {
            connection.transaction(|connection| {
                sql_query("INSERT INTO mfa_meta (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING")
                    .bind::<diesel::sql_types::Text, _>(name)
                    .bind::<diesel::sql_types::Text, _>(value)
                    .execute(connection)?;
                sql_query("SELECT value FROM mfa_meta WHERE name = $1")
                    .bind::<diesel::sql_types::Text, _>(name)
                    .get_result::<super::pool::InstallationValue>(connection)
                    .map(|it| it.value)
            })
        })
    }

    fn made_users(&self) -> Result<bool, StoreError> {
        self.pool.now("made users", |connection| {
            sql_query("SELECT object AS value FROM mfa_schema WHERE object = 'table users'")
                .get_result::<super::pool::InstallationValue>(connection)
                .optional()
                .map(|it| it.is_some())
        })
    }

    fn stop(&self, within: Duration) {
        self.committers.stop(within);
    }
}
