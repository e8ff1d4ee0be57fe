//! Connection pool for reads, and for writes that are no decisions, on threads that may block.

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use diesel::r2d2::{ConnectionManager, CustomizeConnection, Pool, R2D2Connection};
use diesel::result::Error;
use mfa_core::{Account, BoxFuture, StoreError, StoreErrorKind};
use tokio::sync::Semaphore;

use super::error::OpenDatabaseError;
use super::row::{AccountRow, RowError};

/// Maximum wait for a connection.
const MAX_WAIT: Duration = Duration::from_secs(2);
/// Maximum number of replaced sets of connections that have not ended: a hung database holds them.
const MAX_HUNG: usize = 2;

/// Connections with as many permits, so that no blocking thread waits for one.
struct Connections<C: R2D2Connection + 'static> {
    pool: Pool<ConnectionManager<C>>,
    permits: Arc<Semaphore>,
}

/// Pool that is replaced if the database accepts a query and never answers, as a frozen machine does.
pub(super) struct ReadPool<C: R2D2Connection + 'static> {
    make: Box<dyn Fn() -> Connections<C> + Send + Sync>,
    current: Mutex<Arc<Connections<C>>>,
    /// Replaced connections.
    hung: Mutex<Vec<Weak<Connections<C>>>>,
    /// Maximum time of an operation, long after its statements have timed out; `None` for a database that cannot hang.
    answer_within: Option<Duration>,
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
        let connections = self.connections().pool.max_size();
        f.debug_struct("ReadPool").field("connections", &connections).finish_non_exhaustive()
    }
}

impl<C: R2D2Connection + 'static> ReadPool<C> {
    fn connections(&self) -> Arc<Connections<C>> {
        Arc::clone(&self.current.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Replaces connections that the database does not answer, unless another call has. Their threads end when the database
    /// answers or the connection breaks.
    fn replace(&self, hung: &Arc<Connections<C>>) {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all = self.hung.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|it| it.strong_count() > 0);
        if Arc::ptr_eq(&current, hung) && all.len() < MAX_HUNG {
            all.push(Arc::downgrade(hung));
            *current = Arc::new((self.make)());
        }
    }
}

impl<C: R2D2Connection + Send + 'static> ReadPool<C> {
    /// Opens the pool with one connection, which proves that the database answers; others follow when needed.
    pub(super) fn open(
        manager: impl Fn() -> ConnectionManager<C> + Send + Sync + 'static,
        connections: u32,
        customizer: impl Fn() -> Box<dyn CustomizeConnection<C, diesel::r2d2::Error>> + Send + Sync + 'static,
        answer_within: Option<Duration>,
        runtime: tokio::runtime::Handle,
    ) -> Result<Self, OpenDatabaseError> {
        let connections = connections.max(1);
        let permits = usize::try_from(connections).unwrap_or(1);
        let builder = move || {
            let builder = Pool::builder().max_size(connections).min_idle(Some(1));
            builder.connection_timeout(MAX_WAIT).connection_customizer(customizer())
        };
        let first = builder().build(manager());
        let first = first.map_err(|error| OpenDatabaseError::Unreachable(error.to_string()))?;
        let with = move |pool| Connections { pool, permits: Arc::new(Semaphore::new(permits)) };
        let make = move || with(builder().build_unchecked(manager()));
        Ok(Self {
            make: Box::new(make),
            current: Mutex::new(Arc::new(with(first))),
            hung: Mutex::default(),
            answer_within,
            runtime,
        })
    }

    /// Returns the maximum number of connections, and the number in use.
    pub(super) fn load(&self) -> (usize, usize) {
        let Connections { pool, permits } = &*self.connections();
        let all = usize::try_from(pool.max_size()).unwrap_or(usize::MAX);
        (all, all.saturating_sub(permits.available_permits()))
    }

    /// Runs a query on a thread that may block. If no connection becomes free in time, the query does not run. If the
    /// database does not answer, the query may have run.
    pub(super) fn run<T, F>(&self, operation: &'static str, query: F) -> BoxFuture<'_, Result<T, StoreError>>
    where
        T: Send + 'static,
        F: FnOnce(&mut C) -> Result<T, Error> + Send + 'static,
    {
        Box::pin(async move {
            let overloaded = || StoreError::new(StoreErrorKind::Overloaded, operation);
            let connections = self.connections();
            let permit = Arc::clone(&connections.permits).acquire_owned();
            let permit = tokio::time::timeout(MAX_WAIT, permit)
                .await
                .map_err(|_| overloaded())?
                .map_err(|_| overloaded())?;
            let of_task = Arc::clone(&connections);
            let task = self.runtime.spawn_blocking(move || {
                let _permit = permit;
                blocking(&of_task.pool, operation, query)
            });
            let ended = match self.answer_within {
                Some(limit) => tokio::time::timeout(limit, task).await,
                None => Ok(task.await),
            };
            let Ok(ended) = ended else {
                self.replace(&connections);
                return Err(StoreError::new(StoreErrorKind::Unknown, operation));
            };
            ended
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
        blocking(&self.connections().pool, operation, query)
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

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use diesel::SqliteConnection;
    use diesel::r2d2::NopConnectionCustomizer;
    use tokio::runtime::Runtime;

    use super::*;

    fn pool(runtime: &Runtime) -> ReadPool<SqliteConnection> {
        let limit = Some(Duration::from_millis(50));
        let manager = || ConnectionManager::new(":memory:");
        let customizer = || Box::new(NopConnectionCustomizer) as Box<dyn CustomizeConnection<_, _>>;
        ReadPool::open(manager, 1, customizer, limit, runtime.handle().clone()).unwrap()
    }

    #[test]
    fn connections_that_hang_are_replaced_and_not_without_end() {
        let runtime = Runtime::new().unwrap();
        let pool = pool(&runtime);
        let mut hanging = Vec::new();
        for _ in 0..MAX_HUNG {
            let (end, ended) = channel::<()>();
            let asked = pool.run("hang", move |_| {
                let _ = ended.recv();
                Ok(())
            });
            assert_eq!(runtime.block_on(asked).unwrap_err().kind(), StoreErrorKind::Unknown);
            hanging.push(end);
            assert_eq!(runtime.block_on(pool.run("read", |_| Ok(7))).unwrap(), 7, "new connections");
        }
        let (end, ended) = channel::<()>();
        let asked = pool.run("hang", move |_| {
            let _ = ended.recv();
            Ok(())
        });
        assert_eq!(runtime.block_on(asked).unwrap_err().kind(), StoreErrorKind::Unknown);
        let read = runtime.block_on(pool.run("read", |_| Ok(7)));
        assert_eq!(read.unwrap_err().kind(), StoreErrorKind::Overloaded, "no more connections");
        drop((hanging, end));
        assert_eq!(runtime.block_on(pool.run("read", |_| Ok(7))).unwrap(), 7, "the database answers again");
    }
}
