//! SQL database behind the ports: one committer, one pool for reads, and the queries off the path of a decision.
//!
//! Generic over the connection. What PostgreSQL and SQLite write differently is in [`Dialect`]; what they do
//! differently on the path of a decision is in their `statements.rs` and `store.rs`.

mod audit;
mod audit_log;
pub(super) mod dialect;
mod installation;
mod logins;
mod mail;
mod repair;
pub(super) mod sms;
mod statistics;
mod user_import;
mod user_list;
mod user_state;
mod users;

use std::fmt;
use std::time::Duration;

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Nullable};
use mfa_core::{Account, Accounts, BoxFuture, Decision, Phase, RepairScope, StoreError, Timestamp, UserId};

use super::committer::Committers;
use super::error::OpenDatabaseError;
use super::login_columns::LoginColumns;
use super::pool::{ReadPool, TextRow};
use super::port::{Database, DatabaseLoad};
use super::row::RowError;
use dialect::{Dialect, Statement};
use statistics::CountPermit;

/// Accounts, users, events and SMS in a SQL database.
pub(super) struct SqlDatabase<C: Dialect> {
    committers: Committers,
    pool: ReadPool<C>,
    counting: CountPermit,
    columns: LoginColumns,
}

impl<C: Dialect> SqlDatabase<C> {
    /// `columns`: see [`SqlDatabase::login_columns`].
    pub(super) fn new(committers: Committers, pool: ReadPool<C>, columns: LoginColumns) -> Self {
        Self { committers, pool, counting: CountPermit::default(), columns }
    }

    /// Reads how user names and addresses are looked up in this database.
    pub(super) fn login_columns(pool: &ReadPool<C>) -> Result<LoginColumns, OpenDatabaseError> {
        let columns = pool.now("find the types of columns", C::login_columns);
        columns.map_err(|error| OpenDatabaseError::Unreachable(error.to_string()))
    }
}

impl<C: Dialect> fmt::Debug for SqlDatabase<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("SqlDatabase");
        debug.field("committers", &self.committers).field("pool", &self.pool).finish_non_exhaustive()
    }
}

impl<C: Dialect> Accounts for SqlDatabase<C> {
    fn apply(
        &self,
        user: UserId,
        phase: Phase,
        decision: Decision,
    ) -> BoxFuture<'_, Result<bool, StoreError>> {
        Box::pin(self.committers.apply(user, phase, decision))
    }

    fn find(&self, user: UserId) -> BoxFuture<'_, Result<Option<Account>, StoreError>> {
        self.pool.find(move |connection| {
            connection.find_account(user.value()).map(|row| row.map(Ok)).or_else(|error| {
                // Not an unreachable database, but a row that it refuses to read.
                match connection.unreadable_column(user.value()) {
                    Some(column) => Ok(Some(Err(RowError::new(user.value(), column)))),
                    None => Err(error),
                }
            })
        })
    }

    fn repair(
        &self,
        user: UserId,
        scope: RepairScope,
        now: Timestamp,
    ) -> BoxFuture<'_, Result<bool, StoreError>> {
        self.pool.run("repair account", move |connection| repair::repair(connection, user, scope, now))
    }
}

#[derive(QueryableByName)]
struct ClockRow {
    #[diesel(sql_type = Nullable<BigInt>)]
    millis: Option<i64>,
}

impl<C: Dialect> Database for SqlDatabase<C> {
    fn is_full(&self) -> bool {
        self.committers.is_full()
    }

    fn load(&self) -> DatabaseLoad {
        let (connections, in_use) = self.pool.load();
        DatabaseLoad { waiting: self.committers.waiting(), connections, in_use }
    }

    fn time(&self) -> BoxFuture<'_, Result<Option<Timestamp>, StoreError>> {
        // Without a clock of its own the database still proves that it answers.
        self.pool.run("time", |connection| {
            let row: ClockRow = connection.one(Statement::new(format!("SELECT {} AS millis", C::CLOCK)))?;
            Ok(row.millis.map(Timestamp::from_millis))
        })
    }

    fn fact(&self, name: &str, value: &str) -> Result<String, StoreError> {
        self.pool.now("fact", |connection| {
            connection.write(|connection| {
                let insert = "INSERT INTO mfa_meta (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING";
                connection.execute(Statement::new(insert).bind(name).bind(value))?;
                let select = Statement::new("SELECT value FROM mfa_meta WHERE name = $1").bind(name);
                connection.one::<TextRow>(select).map(|it| it.value)
            })
        })
    }

    fn owns_users_table(&self) -> Result<bool, StoreError> {
        self.pool.now("made users", |connection| {
            let select = "SELECT object AS value FROM mfa_schema WHERE object = 'table users'";
            Ok(connection.first::<TextRow>(Statement::new(select))?.is_some())
        })
    }

    fn stop(&self, within: Duration) {
        self.committers.stop(within);
    }
}
