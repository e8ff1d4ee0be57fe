//! Connection pool for reads, and for writes that are no decisions, on threads that may block.

use std::sync::Arc;
use std::time::Duration;

use diesel::r2d2::{ConnectionManager, CustomizeConnection, Pool, R2D2Connection};
use diesel::result::Error;
use mfa_core::{Account, BoxFuture, StoreError, StoreErrorKind};
use tokio::sync::Semaphore;

use super::error::OpenDatabaseError;
use super::row::{AccountRow, RowError};

/// Maximum wait for a connection.
const MAX_WAIT: Duration = Duration::from_secs(2);

/// Pool with as many permits as connections, so that no blocking thread waits for a connection.
pub(super) struct ReadPool<C: R2D2Connection + 'static> {
    pool: Pool<ConnectionManager<C>>,
    permits: Arc<Semaphore>,
    runtime: tokio::runtime::Handle,
}

/// Row with one text column.
#[derive(diesel::QueryableByName)]
pub(super) struct TextRow {
    #[diesel(sql_type = diesel::sql_types::Text)]
    pub(in crate::database) value: String,
}

impl<C: R2D2Connection + 'static> std::fmt::Debug for ReadPool<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReadPool").field("connections", &self.pool.max_size()).finish_non_exhaustive()
    }
}

impl<C: R2D2Connection + Send + 'static> ReadPool<C> {
    /// Opens the pool with one connection, which proves that the database answers; others follow when needed.
    pub(super) fn open(
        manager: ConnectionManager<C>,
        connections: u32,
        customizer: Box<dyn CustomizeConnection<C, diesel::r2d2::Error>>,
        runtime: tokio::runtime::Handle,
    ) -> Result<Self, OpenDatabaseError> {
        let connections = connections.max(1);
        let pool = Pool::builder()
            .max_size(connections)
            .min_idle(Some(1))
            .connection_timeout(MAX_WAIT)
            .connection_customizer(customizer)
            .build(manager)
            .map_err(|error| OpenDatabaseError::Unreachable(error.to_string()))?;
        let permits = usize::try_from(connections).unwrap_or(1);
        Ok(Self { pool, permits: Arc::new(Semaphore::new(permits)), runtime })
    }

    /// Returns the maximum number of connections, and the number in use.
    pub(super) fn load(&self) -> (usize, usize) {
        let all = usize::try_from(self.pool.max_size()).unwrap_or(usize::MAX);
        (all, all.saturating_sub(self.permits.available_permits()))
    }

    /// Runs a query on a thread that may block. If no connection becomes free in time, the query does not run.
    pub(super) fn run<T, F>(&self, operation: &'static str, query: F) -> BoxFuture<'_, Result<T, StoreError>>
    where
        T: Send + 'static,
        F: FnOnce(&mut C) -> Result<T, Error> + Send + 'static,
    {
        Box::pin(async move {
            let overloaded = || StoreError::new(StoreErrorKind::Overloaded, operation);
            let permit = Arc::clone(&self.permits).acquire_owned();
            let permit = tokio::time::timeout(MAX_WAIT, permit)
                .await
                .map_err(|_| overloaded())?
                .map_err(|_| overloaded())?;
            let pool = self.pool.clone();
            let task = self.runtime.spawn_blocking(move || {
                let _permit = permit;
                blocking(&pool, operation, query)
            });
            task.await
                .map_err(|error| StoreError::new(StoreErrorKind::Unavailable, operation).with_source(error))?
        })
    }

    /// Reads one account on a thread that may block. The query returns the row, or why the database refuses to read it.
    pub(super) fn find<F>(&self, query: F) -> BoxFuture<'_, Result<Option<Account>, StoreError>>
    where
        F: FnOnce(&mut C) -> Result<Option<Result<AccountRow, RowError>>, Error> + Send + 'static,
    {
        Box::pin(async move {
            let row = self.run("find account", query).await?;
            let corrupt = |error| StoreError::new(StoreErrorKind::Corrupt, "find account").with_source(error);
            row.map(|row| row.and_then(|row| row.to_account()).map_err(corrupt)).transpose()
        })
    }

    /// Runs a query on the current thread, which must be allowed to block.
    pub(super) fn now<T>(
        &self,
        operation: &'static str,
        query: impl FnOnce(&mut C) -> Result<T, Error>,
    ) -> Result<T, StoreError> {
        blocking(&self.pool, operation, query)
    }
}

fn blocking<C: R2D2Connection + 'static, T>(
    pool: &Pool<ConnectionManager<C>>,
    operation: &'static str,
    query: impl FnOnce(&mut C) -> Result<T, Error>,
) -> Result<T, StoreError> {
    let unavailable = |why: Box<dyn std::error::Error + Send + Sync>| {
        StoreError::new(StoreErrorKind::Unavailable, operation).with_source(why)
    };
    let mut connection = pool.get().map_err(|error| unavailable(error.into()))?;
    query(&mut connection).map_err(|error| unavailable(error.into()))
}
