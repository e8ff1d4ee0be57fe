//! PostgreSQL: connections, the committers' stores, and NOVA's own table.

mod columns;
pub(super) mod connect;
mod dialect;
mod event_partitions;
mod failover;
pub(super) mod login_columns;
mod mail_columns;
mod nova;
mod statements;
mod store;

use std::sync::Arc;
use std::time::Duration;

use diesel::PgConnection;
use diesel::r2d2::{ConnectionManager, CustomizeConnection};
use mfa_core::SecretText;

use super::chain::Chain;
use super::committer::{Committers, GroupContext, StoreFactory};
use super::error::OpenDatabaseError;
use super::options::{DatabaseDependencies, DatabaseOptions};
use super::pool::ReadPool;
use super::sql::SqlDatabase;
use failover::FailoverDetector;
use store::{PgContendedStore, PgGroupStore, ReconnectingConnection};

pub(in crate::database) use event_partitions::end_of_partitions;
pub use event_partitions::{EventPartition, EventPartitions, PartitionError};
pub use nova::{CodesRewrite, NovaColumn, NovaField, NovaRow, NovaTable};
pub(in crate::database) use nova::{IMPORT_MAP, columns_with_values};

/// Maximum time of a read, whose statements time out after two seconds if the server runs.
const ANSWER_WITHIN: Duration = Duration::from_secs(15);
/// Number of threads that serve contended accounts.
const CONTENDED_THREADS: usize = 2;

#[derive(Debug)]
struct Prepare;

impl CustomizeConnection<PgConnection, diesel::r2d2::Error> for Prepare {
    fn on_acquire(&self, connection: &mut PgConnection) -> Result<(), diesel::r2d2::Error> {
        connect::prepare(connection).map_err(diesel::r2d2::Error::QueryError)
    }
}

/// Connects to a database whose schema is up to date, and starts its committers.
pub(super) fn open(
    url: &SecretText,
    options: &DatabaseOptions,
    dependencies: DatabaseDependencies,
) -> Result<SqlDatabase<PgConnection>, OpenDatabaseError> {
    let url = connect::with_timeouts(url).map_err(OpenDatabaseError::Unreachable)?;
    connect::reject_transaction_pooling(&url).map_err(OpenDatabaseError::Unreachable)?;
    let manager = {
        let url = url.clone();
        move || ConnectionManager::<PgConnection>::new(url.expose())
    };
    let pool = ReadPool::open(
        manager,
        options.pool,
        || Box::new(Prepare),
        Some(ANSWER_WITHIN),
        dependencies.runtime,
    )?;
    let context = GroupContext {
        chain: Chain::new(dependencies.audit, dependencies.entropy),
        log: dependencies.log,
        metrics: dependencies.metrics,
        notifications: options.notifications,
    };
    let connection = {
        let detector = options.failover.clone().map(|it| Arc::new(FailoverDetector::new(it)));
        move || ReconnectingConnection::new(url.clone(), detector.clone())
    };
    let groups: StoreFactory = {
        let connection = connection.clone();
        Arc::new(move || Box::new(PgGroupStore(connection())))
    };
    let contended: StoreFactory = Arc::new(move || Box::new(PgContendedStore(connection())));
    let committers = Committers::start(
        vec![groups; options.committers.max(1)],
        vec![contended; CONTENDED_THREADS],
        &context,
        options.limits,
    );
    let columns = SqlDatabase::login_columns(&pool)?;
    Ok(SqlDatabase::new(committers, pool, columns))
}
