//! Circuit breaker that stops calls to a failing remote service and probes it from time to time.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::Timestamp;

/// Circuit breaker of one remote service.
///
/// While closed it permits every call. After too many failures it opens and permits nothing for
/// [`CircuitBreakerConfig::open_for`]; then it permits one probe at a time until a probe succeeds.
///
/// It reads no clock: every call passes the time in. The clock may jump back; the breaker stays open no longer for it.
#[derive(Debug)]
pub struct CircuitBreaker {
    config: CircuitBreakerConfig,
    state: Mutex<BreakerState>,
}

/// Thresholds of a [`CircuitBreaker`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CircuitBreakerConfig {
    /// Number of failures in a row that opens the breaker.
    pub consecutive_failures: u32,
    /// Failure rate that opens the breaker too, or `None` if only failures in a row count.
    pub failure_rate: Option<FailureRate>,
    /// Time for which an open breaker permits nothing before the next probe.
    pub open_for: Duration,
    /// Whether a probe dropped without a result may be repeated at once. If not, the next probe waits for `open_for`.
    pub retry_dropped_probe: bool,
}

/// Number of failures among the latest calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FailureRate {
    /// Number of failures that opens the breaker.
    pub failures: usize,
    /// Number of latest calls in which they are counted. Fewer calls than this are not evaluated.
    pub window: usize,
}

/// Result of a permitted call, from the point of view of the service's health.
///
/// Exhaustive: a call succeeds, fails, or says nothing about the health.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallResult {
    /// The service works, even if it rejected this one call.
    Success,
    /// The service failed or gave no answer in time.
    Failure,
}

/// Change of the breaker's state by the result of a call.
///
/// Exhaustive, so that each change is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CircuitTransition {
    /// The breaker has opened: calls stop.
    Opened,
    /// The breaker has closed: calls are permitted again.
    Closed,
}

/// Permission of a [`CircuitBreaker`] for one call. Report its result with [`CallPermit::report`].
///
/// A permit dropped without a result counts neither way.
#[must_use]
#[derive(Debug)]
pub struct CallPermit<'a> {
    breaker: &'a CircuitBreaker,
    is_probe: bool,
    is_reported: bool,
}

#[derive(Debug)]
enum BreakerState {
    Closed { consecutive: u32, latest: VecDeque<CallResult> },
    Open { until: Timestamp },
}

impl BreakerState {
    const CLOSED: Self = Self::Closed { consecutive: 0, latest: VecDeque::new() };
}

impl CircuitBreakerConfig {
    /// Opens after this many failures in a row, for this long, and repeats a dropped probe at once.
    pub const fn new(consecutive_failures: u32, open_for: Duration) -> Self {
        Self { consecutive_failures, failure_rate: None, open_for, retry_dropped_probe: true }
    }

    /// Opens also at this failure rate.
    #[must_use]
    pub const fn with_failure_rate(self, rate: FailureRate) -> Self {
        Self { failure_rate: Some(rate), ..self }
    }

    /// Waits for `open_for` after a probe that was dropped without a result.
    #[must_use]
    pub const fn wait_after_dropped_probe(self) -> Self {
        Self { retry_dropped_probe: false, ..self }
    }
}

impl CircuitBreaker {
    /// Creates a closed breaker.
    pub const fn new(config: CircuitBreakerConfig) -> Self {
        Self { config, state: Mutex::new(BreakerState::CLOSED) }
    }

    /// Returns a permit for one call, or `None` if the service must not be called now.
    pub fn try_call(&self, now: Timestamp) -> Option<CallPermit<'_>> {
        let is_probe = match &mut *self.state() {
            BreakerState::Closed { .. } => false,
            BreakerState::Open { until } => {
                // Never longer than `open_for`, even after the clock jumped back.
                *until = now.plus(self.config.open_for).min(*until);
                if now < *until {
                    return None;
                }
                *until = now.plus(self.config.open_for);
                true
            }
        };
        Some(CallPermit { breaker: self, is_probe, is_reported: false })
    }

    /// Returns whether the breaker is open, which includes the time of a probe.
    pub fn is_open(&self) -> bool {
        matches!(*self.state(), BreakerState::Open { .. })
    }

    fn report(&self, is_probe: bool, result: CallResult, now: Timestamp) -> Option<CircuitTransition> {
        let mut state = self.state();
        match (&mut *state, result) {
            (BreakerState::Closed { consecutive, latest }, _) => {
                *consecutive = match result {
                    CallResult::Success => 0,
                    CallResult::Failure => consecutive.saturating_add(1),
                };
                let rate_reached =
                    self.config.failure_rate.is_some_and(|rate| rate.is_reached(latest, result));
                if *consecutive < self.config.consecutive_failures && !rate_reached {
                    return None;
                }
                *state = BreakerState::Open { until: now.plus(self.config.open_for) };
                Some(CircuitTransition::Opened)
            }
            (BreakerState::Open { .. }, CallResult::Success) if is_probe => {
                *state = BreakerState::CLOSED;
                Some(CircuitTransition::Closed)
            }
            (BreakerState::Open { until }, CallResult::Failure) if is_probe => {
                *until = now.plus(self.config.open_for);
                None
            }
            // A call permitted before the breaker opened: only the probe decides.
            (BreakerState::Open { .. }, _) => None,
        }
    }

    fn state(&self) -> MutexGuard<'_, BreakerState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl FailureRate {
    /// Adds a result to the latest ones and returns whether the window is full and the rate is reached.
    fn is_reached(self, latest: &mut VecDeque<CallResult>, result: CallResult) -> bool {
        latest.push_back(result);
        while latest.len() > self.window {
            latest.pop_front();
        }
        let failures = latest.iter().filter(|it| **it == CallResult::Failure).count();
        latest.len() == self.window && failures >= self.failures
    }
}

impl CallPermit<'_> {
    /// Reports the result of the call and returns the change of the breaker's state, if any.
    pub fn report(mut self, result: CallResult, now: Timestamp) -> Option<CircuitTransition> {
        self.is_reported = true;
        self.breaker.report(self.is_probe, result, now)
    }
}

impl Drop for CallPermit<'_> {
    fn drop(&mut self) {
        if !self.is_probe || self.is_reported || !self.breaker.config.retry_dropped_probe {
            return;
        }
        if let BreakerState::Open { until } = &mut *self.breaker.state() {
            *until = Timestamp::from_millis(i64::MIN);
        }
    }
}

#[cfg(test)]
mod tests;
