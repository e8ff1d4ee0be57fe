//! Leaves a gateway alone that fails, and looks after it from time to time.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use mfa_core::Timestamp;

/// Failures in a row that open it.
const IN_A_ROW: u32 = 5;
/// How many of the last results are looked at.
const LOOKED_AT: usize = 20;
/// How many failures among them open it.
const OF_THE_LAST: usize = 10;
/// How long it stays open before one try may probe the gateway.
pub(crate) const OPEN: Duration = Duration::from_secs(30);

/// The breaker of one gateway: opens after five failures in a row, or ten among the last twenty, and then lets one probe
/// through every thirty seconds until one succeeds.
#[derive(Debug, Default)]
pub(crate) struct CircuitBreaker(Mutex<State>);

#[derive(Debug)]
enum State {
    Closed { failed: VecDeque<bool>, in_a_row: u32 },
    Open { until: Timestamp },
}

/// The right to one try, and the duty to report how it went. A probe that is never heard of again is followed by the
/// next one thirty seconds later.
#[must_use]
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Permit {
    is_probe: bool,
}

/// How a try went, for the breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CallHealth {
    Well,
    Failed,
}

impl Default for State {
    fn default() -> Self {
        Self::Closed { failed: VecDeque::with_capacity(LOOKED_AT), in_a_row: 0 }
    }
}

impl CircuitBreaker {
    /// Whether a try may go to the gateway now. None: leave it alone.
    pub(crate) fn admit(&self, now: Timestamp) -> Option<Permit> {
        match &mut *self.state() {
            State::Closed { .. } => Some(Permit { is_probe: false }),
            State::Open { until } => {
                // No longer than that, also where the clock went back.
                *until = now.plus(OPEN).min(*until);
                if now < *until {
                    return None;
                }
                *until = now.plus(OPEN);
                Some(Permit { is_probe: true })
            }
        }
    }

    /// Takes note of how the try went that the permit was for.
    pub(crate) fn report(&self, permit: &Permit, health: CallHealth, now: Timestamp) {
        let mut state = self.state();
        match (&mut *state, health) {
            (State::Closed { failed, in_a_row }, _) => {
                if failed.len() == LOOKED_AT {
                    failed.pop_front();
                }
                failed.push_back(health == CallHealth::Failed);
                *in_a_row = if health == CallHealth::Failed { in_a_row.saturating_add(1) } else { 0 };
                let is_half =
                    failed.len() == LOOKED_AT && failed.iter().filter(|it| **it).count() >= OF_THE_LAST;
                if *in_a_row >= IN_A_ROW || is_half {
                    *state = State::Open { until: now.plus(OPEN) };
                }
            }
            (State::Open { .. }, CallHealth::Well) if permit.is_probe => *state = State::default(),
            (State::Open { until }, CallHealth::Failed) if permit.is_probe => *until = now.plus(OPEN),
            // Tries from before it opened have nothing new to tell.
            (State::Open { .. }, _) => {}
        }
    }

    /// Whether it leaves the gateway alone, or is about to probe it.
    pub(crate) fn is_open(&self) -> bool {
        matches!(*self.state(), State::Open { .. })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);

    fn after(seconds: u64) -> Timestamp {
        NOW.plus(Duration::from_secs(seconds))
    }

    fn tell(breaker: &CircuitBreaker, results: &[CallHealth]) {
        for health in results {
            let permit = breaker.admit(NOW).expect("closed");
            breaker.report(&permit, *health, NOW);
        }
    }

    fn opened() -> CircuitBreaker {
        let breaker = CircuitBreaker::default();
        tell(&breaker, &[CallHealth::Failed; 5]);
        breaker
    }

    #[test]
    fn five_failures_in_a_row_open_it_and_four_do_not() {
        let breaker = CircuitBreaker::default();
        for _ in 0..2 {
            tell(&breaker, &[CallHealth::Failed; 4]);
            assert!(!breaker.is_open());
            tell(&breaker, &[CallHealth::Well]);
        }
        assert!(opened().is_open());
        assert_eq!(opened().admit(NOW), None);
    }

    #[test]
    fn half_of_the_last_twenty_open_it() {
        let breaker = CircuitBreaker::default();
        tell(&breaker, &[CallHealth::Well; 40]);
        let turns = [CallHealth::Failed, CallHealth::Well];
        tell(&breaker, &turns.repeat(9));
        assert!(!breaker.is_open(), "nine of the last twenty");
        tell(&breaker, &[CallHealth::Failed]);
        assert!(breaker.is_open());
        let breaker = CircuitBreaker::default();
        tell(&breaker, &turns.repeat(9));
        assert!(!breaker.is_open(), "nine of eighteen are not judged yet");
    }

    #[test]
    fn after_thirty_seconds_one_probe_passes_and_its_success_closes_it() {
        let breaker = opened();
        assert_eq!(breaker.admit(NOW.plus(Duration::from_millis(29_999))), None);
        let probe = breaker.admit(after(30)).unwrap();
        assert_eq!(breaker.admit(after(30)), None, "one probe");
        breaker.report(&probe, CallHealth::Well, after(31));
        assert!(!breaker.is_open());
        tell(&breaker, &[CallHealth::Failed; 4]);
        assert!(!breaker.is_open(), "what went before is forgotten");
    }

    #[test]
    fn a_probe_that_fails_opens_it_for_another_thirty_seconds() {
        let breaker = opened();
        let probe = breaker.admit(after(30)).unwrap();
        breaker.report(&probe, CallHealth::Failed, after(38));
        assert_eq!(breaker.admit(after(67)), None);
        assert!(breaker.admit(after(68)).is_some());
    }

    #[test]
    fn a_probe_that_is_never_heard_of_again_does_not_shut_it_for_ever() {
        let breaker = opened();
        assert!(breaker.admit(after(30)).is_some());
        assert_eq!(breaker.admit(after(59)), None);
        assert!(breaker.admit(after(60)).is_some());
    }

    #[test]
    fn late_news_of_tries_from_before_change_nothing() {
        let breaker = CircuitBreaker::default();
        let late = breaker.admit(NOW).unwrap();
        tell(&breaker, &[CallHealth::Failed; 5]);
        breaker.report(&late, CallHealth::Well, after(5));
        assert!(breaker.is_open());
        breaker.report(&late, CallHealth::Failed, after(29));
        assert!(breaker.admit(after(30)).is_some());
    }

    #[test]
    fn a_clock_that_went_back_shuts_it_for_no_longer() {
        let breaker = opened();
        let hour_ago = NOW.minus(Duration::from_hours(1));
        assert_eq!(breaker.admit(hour_ago), None);
        assert!(breaker.admit(hour_ago.plus(OPEN)).is_some());
    }
}
