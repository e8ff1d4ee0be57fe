//! Cache of a check whose result all callers share for a second.

use std::future::Future;
use std::time::Duration;

use tokio::sync::Mutex;

use crate::memory::MonotonicTicks;

/// Latest result of a check. At most one check runs at a time, and one a second.
///
/// The check costs queries, and its callers need no login: without this, anyone could occupy the database.
#[derive(Debug)]
pub(super) struct SharedCheck<T> {
    latest: Mutex<Option<(Duration, T)>>,
    ticks: MonotonicTicks,
}

impl<T: Copy> SharedCheck<T> {
    /// Time for which a result is used.
    const VALID_FOR: Duration = Duration::from_secs(1);

    pub(super) fn new(ticks: MonotonicTicks) -> Self {
        Self { latest: Mutex::new(None), ticks }
    }

    /// Returns the latest result, or runs `check` if it is too old. Callers wait for a check that runs.
    ///
    /// Run it in a task of its own, so that a caller who leaves does not end the check of the others.
    pub(super) async fn result(&self, check: impl Future<Output = T>) -> T {
        let mut latest = self.latest.lock().await;
        if let Some((at, result)) = *latest
            && self.ticks.elapsed().saturating_sub(at) < Self::VALID_FOR
        {
            return result;
        }
        let result = check.await;
        *latest = Some((self.ticks.elapsed(), result));
        result
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use futures::future::join_all;
    use mfa_core::Timestamp;
    use mfa_core::testing::ManualClock;

    use super::*;

    #[test]
    fn fifty_callers_share_one_check_a_second() {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
        let clock = Arc::new(ManualClock::at(Timestamp::from_seconds(1_800_000_000)));
        let shared = SharedCheck::new(MonotonicTicks::from_clock(clock.clone()));
        let checks = AtomicU32::new(0);
        let ask = || {
            let calls = (0..50).map(|_| {
                shared.result(async {
                    tokio::task::yield_now().await;
                    checks.fetch_add(1, Ordering::SeqCst)
                })
            });
            runtime.block_on(join_all(calls))
        };
        assert_eq!(ask(), [0; 50]);
        clock.advance(Duration::from_millis(999));
        assert_eq!(ask(), [0; 50]);
        clock.advance(Duration::from_millis(1));
        assert_eq!(ask(), [1; 50]);
        assert_eq!(checks.load(Ordering::SeqCst), 2);
    }
}
