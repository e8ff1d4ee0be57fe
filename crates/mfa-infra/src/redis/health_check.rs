//! Redis pool manager that skips the health check for connections used in the last 5 s.

use std::time::Duration;

use deadpool::managed::{Manager, Metrics, RecycleResult};

/// Time for which a connection is assumed to be alive after its last use.
const HEALTHY_FOR: Duration = Duration::from_secs(5);

/// Pool manager that checks only connections idle for some time.
///
/// The library checks each connection at each use, which costs a second round trip. A connection that dies in between
/// costs one call its answer; see [`Pool::close_idle`](super::pool::Pool::close_idle).
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
