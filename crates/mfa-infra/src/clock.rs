//! Clock that is compared with the clock of the database.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use mfa_core::{Clock, Timestamp};
use slog::Logger;

use crate::database::FailoverListener;

/// Clock that is untrusted while it differs from the database clock by more than `MFA_MAX_CLOCK_SKEW`.
///
/// With such a difference, two servers would verify the same code differently.
#[derive(Debug)]
pub(crate) struct MonitoredClock {
    clock: Arc<dyn Clock>,
    trusted: AtomicBool,
    /// Milliseconds by which it was ahead of the database clock at the last comparison.
    ahead: AtomicI64,
    /// End of the time in which used TOTP steps may be lost, in milliseconds; 0 if none are.
    totp_blocked_until: AtomicI64,
    log: Logger,
}

/// Time after a failover in which TOTP codes are rejected: the acceptance window of a code, and a margin.
const STEPS_LOST_FOR: Duration = Duration::from_mins(1);

impl MonitoredClock {
    /// Creates a trusted clock that reads `clock`.
    pub(crate) fn new(clock: Arc<dyn Clock>, log: Logger) -> Self {
        Self {
            clock,
            trusted: AtomicBool::new(true),
            ahead: AtomicI64::new(0),
            totp_blocked_until: AtomicI64::new(0),
            log,
        }
    }

    /// Compares with a database time that was read between `before` and now. That span is subtracted from the
    /// difference.
    pub(crate) fn compare(&self, before: Timestamp, database: Timestamp, max_skew: Duration) {
        let now = Clock::now(self);
        let slack = now.since(before);
        let difference = now.since(database).max(database.since(now)).saturating_sub(slack);
        self.trusted.store(difference <= max_skew, Ordering::Relaxed);
        let millis = i64::try_from(difference.as_millis()).unwrap_or(i64::MAX);
        let ahead = if now >= database { millis } else { millis.saturating_neg() };
        self.ahead.store(ahead, Ordering::Relaxed);
    }

    /// Returns the seconds by which it was ahead of the database clock at the last comparison.
    #[expect(clippy::cast_precision_loss, reason = "a difference that large is a wrong clock in any case")]
    pub(crate) fn ahead_seconds(&self) -> f64 {
        self.ahead.load(Ordering::Relaxed) as f64 / 1000.0
    }
}

impl Clock for MonitoredClock {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn is_trusted(&self) -> bool {
        self.trusted.load(Ordering::Relaxed)
    }

    fn totp_blocked_until(&self) -> Option<Timestamp> {
        match self.totp_blocked_until.load(Ordering::Relaxed) {
            0 => None,
            until => Some(Timestamp::from_millis(until)),
        }
    }
}

impl FailoverListener for MonitoredClock {
    fn now(&self) -> Timestamp {
        Clock::now(self)
    }

    fn steps_lost(&self, at: Timestamp) {
        let until = at.plus(STEPS_LOST_FOR).millis();
        if self.totp_blocked_until.fetch_max(until, Ordering::Relaxed) < until {
            slog::error!(
                self.log,
                "database failover detected: the last commits may be lost, and TOTP codes are rejected for one minute; \
                check the replication of the standby"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use mfa_core::testing::ManualClock;

    use super::*;

    fn monitored(now: Timestamp) -> MonitoredClock {
        MonitoredClock::new(Arc::new(ManualClock::at(now)), Logger::root(slog::Discard, slog::o!()))
    }

    #[test]
    fn after_a_failover_steps_are_lost_for_a_minute() {
        let now = Timestamp::from_seconds(1_800_000_000);
        let clock = monitored(now);
        assert_eq!(clock.totp_blocked_until(), None);
        clock.steps_lost(now);
        clock.steps_lost(now.minus(Duration::from_secs(30)));
        assert_eq!(clock.totp_blocked_until(), Some(now.plus(Duration::from_mins(1))), "the latest counts");
    }

    #[test]
    fn a_clock_that_differs_too_much_is_not_trusted_until_it_agrees_again() {
        let now = Timestamp::from_seconds(1_800_000_000);
        let clock = monitored(now);
        let max_skew = Duration::from_secs(5);
        for (seconds, trusted) in [(0, true), (6, false), (5, true), (-6, false), (-5, true)] {
            clock.compare(now, Timestamp::from_seconds(1_800_000_000 + seconds), max_skew);
            assert_eq!(clock.is_trusted(), trusted, "{seconds} s");
            let ahead = -f64::from(i32::try_from(seconds).unwrap());
            assert!((clock.ahead_seconds() - ahead).abs() < 0.001, "{seconds} s");
        }
    }
}
