//! SQLite: connections and the committer's store.

mod columns;
pub(super) mod connect;
mod dialect;
mod insert_user;
mod mail_statement;
mod statements;
mod store;

use std::path::Path;
use std::sync::Arc;

use diesel::SqliteConnection;
use diesel::r2d2::{ConnectionManager, CustomizeConnection};

use super::chain::Chain;
use super::committer::{Committers, GroupContext, StoreFactory};
use super::error::OpenDatabaseError;
use super::options::{DatabaseDependencies, DatabaseOptions};
use super::pool::ReadPool;
use super::sql::SqlDatabase;
use store::SqliteGroupStore;

#[derive(Debug)]
struct Prepare;

impl CustomizeConnection<SqliteConnection, diesel::r2d2::Error> for Prepare {
    fn on_acquire(&self, connection: &mut SqliteConnection) -> Result<(), diesel::r2d2::Error> {
        connect::prepare(connection).map_err(diesel::r2d2::Error::QueryError)
    }
}

/// Opens a file whose schema is up to date, and starts its committer.
pub(super) fn open(
    path: &Path,
    options: &DatabaseOptions,
    dependencies: DatabaseDependencies,
) -> Result<SqlDatabase<SqliteConnection>, OpenDatabaseError> {
    let name = connect::name(path).map_err(OpenDatabaseError::Unreachable)?.to_owned();
    let manager = move || ConnectionManager::<SqliteConnection>::new(name.as_str());
    let pool = ReadPool::open(manager, options.pool, || Box::new(Prepare), None, dependencies.runtime)?;
    let context = GroupContext {
        chain: Chain::new(dependencies.audit, dependencies.entropy),
        log: dependencies.log,
        metrics: dependencies.metrics,
        notifications: options.notifications,
    };
    let path = path.to_owned();
    let store: StoreFactory = Arc::new(move || Box::new(SqliteGroupStore::new(path.clone())));
    let committers = Committers::start(vec![store], Vec::new(), &context, options.limits);
    let columns = SqlDatabase::login_columns(&pool)?;
    Ok(SqlDatabase::new(committers, pool, columns))
}
