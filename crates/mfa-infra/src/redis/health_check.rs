//! A pool's manager that asks no connection whether it is alive which was alive a moment ago.

use std::time::Duration;

use deadpool::managed::{Manager, Metrics, RecycleResult};

/// How long a connection is taken to be alive after it was last lent.
const HEALTHY_FOR: Duration = Duration::from_secs(5);

/// Asks only connections that were idle for some time.
///
/// The library asks each one each time, which is a second trip to the server for every call. A connection that dies
/// in between costs one call its answer; see [`Pool::close_idle`](super::pool::Pool::close_idle).
#[derive(Debug)]
pub(super) struct SkipRecentHealthCheck<M>(pub(super) M);

impl<M: Manager> Manager for SkipRecentHealthCheck<M> {
    type Type = M::Type;
    type Error = M::Error;

    async fn create(&self) -> Result<M::Type, M::Error> {
        self.0.create().await
    }

    async fn recycle(&self, connection: &mut M::Type, metrics: &Metrics) -> RecycleResult<M::Error> {
        if metrics.last_used() < HEALTHY_FOR {
            return Ok(());
        }
        self.0.recycle(connection, metrics).await
    }

    fn detach(&self, connection: &mut M::Type) {
        self.0.detach(connection);
    }
}
