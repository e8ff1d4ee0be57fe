//! A clock that is compared with the database's.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use mfa_core::{Clock, Timestamp};

/// A clock that says whether it can be relied on: it cannot while it differs from the database's by more than the
/// operator allows, because two servers would then judge one code differently.
#[derive(Debug)]
pub(crate) struct WatchedClock {
    clock: Arc<dyn Clock>,
    trusted: AtomicBool,
    /// Milliseconds that it was ahead of the database's at the last comparison.
    ahead: AtomicI64,
}

impl WatchedClock {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, trusted: AtomicBool::new(true), ahead: AtomicI64::new(0) }
    }

    /// Compares with a time that was read between `before` and now; half of that span is nobody's fault.
    pub(crate) fn compare(&self, before: Timestamp, database: Timestamp, most: Duration) {
        let now = self.now();
        let slack = now.since(before);
        let difference = now.since(database).max(database.since(now)).saturating_sub(slack);
        self.trusted.store(difference <= most, Ordering::Relaxed);
        let millis = i64::try_from(difference.as_millis()).unwrap_or(i64::MAX);
        let ahead = if now >= database { millis } else { millis.saturating_neg() };
        self.ahead.store(ahead, Ordering::Relaxed);
    }

    /// How many seconds it was ahead of the database's at the last comparison.
    #[expect(
        clippy::cast_precision_loss,
        reason = "a difference that large is a wrong clock, to the second or not"
    )]
    pub(crate) fn ahead_seconds(&self) -> f64 {
        self.ahead.load(Ordering::Relaxed) as f64 / 1000.0
    }
}

impl Clock for WatchedClock {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn is_trusted(&self) -> bool {
        self.trusted.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use mfa_core::testing::ManualClock;

    use super::*;

    #[test]
    fn a_clock_that_differs_too_much_is_not_trusted_until_it_agrees_again() {
        let now = Timestamp::from_seconds(1_800_000_000);
        let clock = WatchedClock::new(Arc::new(ManualClock::at(now)));
        let most = Duration::from_secs(5);
        for (seconds, trusted) in [(0, true), (6, false), (5, true), (-6, false), (-5, true)] {
            clock.compare(now, Timestamp::from_seconds(1_800_000_000 + seconds), most);
            assert_eq!(clock.is_trusted(), trusted, "{seconds} s");
            let ahead = -f64::from(i32::try_from(seconds).unwrap());
            assert!((clock.ahead_seconds() - ahead).abs() < 0.001, "{seconds} s");
        }
    }
}
