//! The time that limits are measured in: it never goes back.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use governor::clock::Clock;
use governor::nanos::Nanos;
use mfa_core::Timestamp;

/// Nanoseconds since the limiter was made.
#[derive(Clone, Debug)]
pub(crate) enum MonotonicTicks {
    /// By the system's monotonic clock.
    Monotonic(Instant),
    /// By a port, which may jump.
    Port(Arc<ClockTicks>),
}

/// Adds up what a [`mfa_core::Clock`] moves forwards.
///
/// A jump back counts as no time at all, and time runs on from there: it takes nothing away, and limits end as soon as
/// they would have.
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
    pub(crate) fn monotonic() -> Self {
        Self::Monotonic(Instant::now())
    }

    pub(crate) fn from_clock(clock: Arc<dyn mfa_core::Clock>) -> Self {
        let state = Mutex::new((clock.now(), Duration::ZERO));
        Self::Port(Arc::new(ClockTicks { clock, state }))
    }

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
        // A century, at which a port may stand that jumped to the end of time: governor adds to this without looking.
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
