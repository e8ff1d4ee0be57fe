//! Permit to count: one request at a time, and a cache of totals that took long.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use mfa_core::{BoxFuture, StoreError, StoreErrorKind, Totals};
use tokio::sync::Semaphore;

/// The most time that one request may take, its wait included.
pub(super) const DEADLINE: Duration = Duration::from_secs(20);
/// Number of users that one statement counts.
pub(super) const PORTION: i64 = 20_000;

/// Totals that took long to count, with the time of the count.
pub(super) type CachedTotals = Arc<Mutex<Option<(Instant, Totals)>>>;

/// Permit that lets one request count at a time.
#[derive(Debug)]
pub(in crate::database::sql) struct CountPermit {
    permit: Semaphore,
    cached: CachedTotals,
}

impl Default for CountPermit {
    fn default() -> Self {
        Self { permit: Semaphore::new(1), cached: Arc::default() }
    }
}

impl CountPermit {
    /// Counts once no other request does.
    pub(super) fn run_alone<'a, T: Send + 'a>(
        &'a self,
        count: BoxFuture<'a, Result<T, StoreError>>,
    ) -> BoxFuture<'a, Result<T, StoreError>> {
        Box::pin(async move {
            let overloaded = || StoreError::new(StoreErrorKind::Overloaded, "statistics");
            let permit = tokio::time::timeout(DEADLINE, self.permit.acquire()).await;
            let _permit = permit.map_err(|_| overloaded())?.map_err(|_| overloaded())?;
            count.await
        })
    }

    /// Returns the cache of totals.
    pub(super) fn cached_totals(&self) -> CachedTotals {
        Arc::clone(&self.cached)
    }
}
