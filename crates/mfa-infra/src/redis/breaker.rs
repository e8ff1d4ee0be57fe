//! When not to ask a server that gives no answers.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How many calls in a row may fail before nobody calls any more.
const MOST_FAILURES: u32 = 3;
/// How long nobody calls then, before one tries again.
const PAUSE: Duration = Duration::from_secs(5);

/// A circuit breaker: after three failures in a row it lets nobody pass for five seconds, then one at a time until
/// one succeeds.
///
/// Times are those of a clock that never goes back, as the caller reads it.
#[derive(Debug)]
pub(super) struct RedisBreaker(Mutex<State>);

#[derive(Clone, Copy, Debug)]
enum State {
    Closed { failures: u32 },
    Open { until: Duration },
    Probing,
}

/// What a call's end changed.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BreakerChange {
    /// Nothing.
    None,
    /// From here on nobody calls.
    Away,
    /// From here on everybody calls again.
    Back,
}

/// Leave to call once. Dropped without [`BreakerPermit::end`] it counts neither way, and another caller may probe.
#[derive(Debug)]
pub(super) struct BreakerPermit<'a> {
    breaker: &'a RedisBreaker,
    is_probe: bool,
    ended: bool,
}

impl RedisBreaker {
    pub(super) const fn new() -> Self {
        Self(Mutex::new(State::Closed { failures: 0 }))
    }

    /// Leave to call, where there is.
    pub(super) fn enter(&self, now: Duration) -> Option<BreakerPermit<'_>> {
        let mut state = self.state();
        let is_probe = match *state {
            State::Closed { .. } => false,
            State::Open { until } if now >= until => {
                *state = State::Probing;
                true
            }
            State::Open { .. } | State::Probing => return None,
        };
        Some(BreakerPermit { breaker: self, is_probe, ended: false })
    }

    pub(super) fn is_closed(&self) -> bool {
        matches!(*self.state(), State::Closed { .. })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl BreakerPermit<'_> {
    /// Tells how the call ended.
    pub(super) fn end(mut self, succeeded: bool, now: Duration) -> BreakerChange {
        self.ended = true;
        let until = now.saturating_add(PAUSE);
        let mut state = self.breaker.state();
        let (next, change) = match *state {
            State::Closed { .. } if succeeded => (State::Closed { failures: 0 }, BreakerChange::None),
            State::Closed { failures } if failures.saturating_add(1) < MOST_FAILURES => {
                (State::Closed { failures: failures.saturating_add(1) }, BreakerChange::None)
            }
            State::Closed { .. } => (State::Open { until }, BreakerChange::Away),
            State::Probing if self.is_probe && succeeded => {
                (State::Closed { failures: 0 }, BreakerChange::Back)
            }
            State::Probing if self.is_probe => (State::Open { until }, BreakerChange::None),
            // A call that began before the others failed: the probe decides.
            unchanged @ (State::Open { .. } | State::Probing) => (unchanged, BreakerChange::None),
        };
        *state = next;
        change
    }
}

impl Drop for BreakerPermit<'_> {
    fn drop(&mut self) {
        if self.is_probe && !self.ended {
            *self.breaker.state() = State::Open { until: Duration::ZERO };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Duration = Duration::from_secs(100);
    const NEARLY: Duration = PAUSE.checked_sub(Duration::from_nanos(1)).unwrap();

    fn call(breaker: &RedisBreaker, succeeds: bool, now: Duration) -> Option<BreakerChange> {
        breaker.enter(now).map(|attempt| attempt.end(succeeds, now))
    }

    fn opened() -> RedisBreaker {
        let breaker = RedisBreaker::new();
        let changes = [false; 3].map(|succeeds| call(&breaker, succeeds, START));
        assert_eq!(
            changes,
            [Some(BreakerChange::None), Some(BreakerChange::None), Some(BreakerChange::Away)]
        );
        breaker
    }

    #[test]
    fn the_third_failure_in_a_row_opens_it_for_five_seconds() {
        let breaker = opened();
        assert!(!breaker.is_closed());
        assert_eq!(call(&breaker, true, START), None);
        assert_eq!(call(&breaker, true, START + NEARLY), None);
        assert_eq!(call(&breaker, true, START + PAUSE), Some(BreakerChange::Back));
        assert!(breaker.is_closed());
        assert_eq!(call(&breaker, true, START + PAUSE), Some(BreakerChange::None));
    }

    #[test]
    fn a_success_between_failures_starts_the_count_anew() {
        let breaker = RedisBreaker::new();
        for succeeds in [false, false, true, false, false, true] {
            assert_eq!(call(&breaker, succeeds, START), Some(BreakerChange::None));
        }
    }

    #[test]
    fn one_probes_at_a_time_and_a_failed_probe_opens_it_again() {
        let breaker = opened();
        let later = START + PAUSE;
        let probe = breaker.enter(later).unwrap();
        assert!(breaker.enter(later).is_none());
        assert_eq!(probe.end(false, later), BreakerChange::None);
        assert!(breaker.enter(later + NEARLY).is_none());
        assert!(breaker.enter(later + PAUSE).is_some());
    }

    #[test]
    fn a_probe_that_is_given_up_leaves_room_for_the_next() {
        let breaker = opened();
        drop(breaker.enter(START + PAUSE).unwrap());
        assert!(!breaker.is_closed());
        assert_eq!(call(&breaker, true, START + PAUSE), Some(BreakerChange::Back));
    }

    #[test]
    fn calls_from_before_it_opened_change_nothing_when_they_end() {
        let breaker = RedisBreaker::new();
        let (slow, slower) = (breaker.enter(START).unwrap(), breaker.enter(START).unwrap());
        for _ in 0..3 {
            let _ = call(&breaker, false, START);
        }
        assert_eq!(slow.end(true, START), BreakerChange::None);
        let probe = breaker.enter(START + PAUSE).unwrap();
        assert_eq!(slower.end(false, START + PAUSE), BreakerChange::None);
        assert_eq!(probe.end(true, START + PAUSE), BreakerChange::Back);
    }
}
