//! Monotonic time for rate limits.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use governor::clock::Clock;
use governor::nanos::Nanos;
use mfa_core::Timestamp;

/// Time since the limiter was created. It never goes back.
#[derive(Clone, Debug)]
pub(crate) enum MonotonicTicks {
    /// Monotonic clock of the system.
    Monotonic(Instant),
    /// Injected clock, which may jump.
    Port(Arc<ClockTicks>),
}

/// Sum of the forward movements of a [`mfa_core::Clock`].
///
/// A jump back counts as zero, and time continues from there, so limits do not get longer.
#[derive(Debug)]
pub(crate) struct ClockTicks {
    clock: Arc<dyn mfa_core::Clock>,
    state: Mutex<(Timestamp, Duration)>,
}

impl MonotonicTicks {
    #[expect(
        clippy::disallowed_methods,
        reason = "limits are intervals, and this is where they are measured"
    )]
    /// Uses the monotonic clock of the system.
    pub(crate) fn monotonic() -> Self {
        Self::Monotonic(Instant::now())
    }

    /// Uses `clock`.
    pub(crate) fn from_clock(clock: Arc<dyn mfa_core::Clock>) -> Self {
        let state = Mutex::new((clock.now(), Duration::ZERO));
        Self::Port(Arc::new(ClockTicks { clock, state }))
    }

    /// Returns the time since the limiter was created.
    pub(crate) fn elapsed(&self) -> Duration {
        match self {
            Self::Monotonic(origin) => origin.elapsed(),
            Self::Port(port) => port.elapsed(),
        }
    }
}

impl ClockTicks {
    fn elapsed(&self) -> Duration {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (last, elapsed) = *state;
        let now = self.clock.now();
        *state = (now, elapsed.saturating_add(now.since(last)));
        state.1
    }
}

impl Clock for MonotonicTicks {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        // One century, for an injected clock that jumped to its maximum: governor adds to this value without a check.
        const END: u64 = 100 * 365 * 24 * 60 * 60 * 1_000_000_000;
        Nanos::new(u64::try_from(self.elapsed().as_nanos()).unwrap_or(END).min(END))
    }
}

#[cfg(test)]
mod tests {
    use mfa_core::testing::ManualClock;

    use super::*;

    #[test]
    fn a_clock_that_jumps_back_stops_nothing_and_takes_nothing_away() {
        let clock = Arc::new(ManualClock::at(Timestamp::from_seconds(1_000_000)));
        let ticks = MonotonicTicks::from_clock(clock.clone());
        clock.advance(Duration::from_secs(5));
        assert_eq!(ticks.elapsed(), Duration::from_secs(5));
        clock.set(Timestamp::from_seconds(1_000));
        assert_eq!(ticks.elapsed(), Duration::from_secs(5));
        clock.advance(Duration::from_secs(2));
        assert_eq!(ticks.elapsed(), Duration::from_secs(7));
    }

    #[test]
    fn the_ends_of_time_do_not_panic() {
        let clock = Arc::new(ManualClock::at(Timestamp::from_millis(i64::MIN)));
        let ticks = MonotonicTicks::from_clock(clock.clone());
        clock.set(Timestamp::from_millis(i64::MAX));
        let _ = ticks.elapsed();
        clock.set(Timestamp::from_millis(i64::MIN));
        let _ = ticks.elapsed();
        clock.set(Timestamp::from_millis(i64::MAX));
        assert_eq!(ticks.now().as_u64() / 1_000_000_000, 100 * 365 * 24 * 60 * 60);
    }

    #[test]
    fn the_monotonic_clock_moves() {
        let ticks = MonotonicTicks::monotonic();
        let before = ticks.now();
        while ticks.now() == before {
            std::thread::yield_now();
        }
        assert!(ticks.now() > before);
    }
}
