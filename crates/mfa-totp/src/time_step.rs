//! Time steps: the counter of TOTP (RFC 6238 §4).

use std::time::Duration;

use mfa_core::{SecretBytes, Timestamp};

use crate::{Parameters, Period, TotpCode, hotp};

/// Default duration of a time step (RFC 6238 §5.2).
pub const PERIOD: Duration = Duration::from_secs(30);

/// Time step: number of periods since 1970, negative before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimeStep(i64);

impl TimeStep {
    /// Returns the step of the default period, 30 seconds, that contains this time.
    pub fn at(time: Timestamp) -> Self {
        Self::with_period(time, Period::default())
    }

    /// Returns the step of this period that contains this time.
    pub fn with_period(time: Timestamp, period: Period) -> Self {
        // A period is never zero.
        Self(time.seconds().checked_div_euclid(period.seconds().into()).unwrap_or_default())
    }

    /// Returns the number of the step, as [`mfa_core::TotpState::last_step`] stores it.
    pub const fn number(self) -> i64 {
        self.0
    }

    /// Creates the step with this number.
    pub(crate) const fn from_number(number: i64) -> Self {
        Self(number)
    }

    /// Returns the step this many periods later. Steps stay far inside the range of `i64`, because times are
    /// milliseconds.
    pub(crate) const fn offset(self, steps: i64) -> Self {
        Self(self.0.saturating_add(steps))
    }

    /// Computes the code of this step. `None` before 1970, because the counter of RFC 4226 is unsigned.
    pub fn code(self, secret: &SecretBytes, parameters: Parameters) -> Option<TotpCode> {
        u64::try_from(self.0).ok().map(|counter| hotp(secret, counter, parameters))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_thirty_seconds_long_on_both_sides_of_the_epoch() {
        let steps: Vec<_> = [-30_001, -30_000, -1, 0, 29_999, 30_000]
            .map(|ms| TimeStep::at(Timestamp::from_millis(ms)).0)
            .into();
        assert_eq!(steps, [-2, -1, -1, 0, 0, 1]);
    }

    #[test]
    fn there_is_no_code_before_the_epoch_and_none_of_the_ends_of_time_panics() {
        let secret = SecretBytes::new(vec![7; 20]);
        for (millis, has_code) in [(i64::MIN, false), (-1, false), (0, true), (i64::MAX, true)] {
            let step = TimeStep::at(Timestamp::from_millis(millis));
            assert_eq!(step.code(&secret, Parameters::default()).is_some(), has_code, "{millis}");
        }
    }
}
