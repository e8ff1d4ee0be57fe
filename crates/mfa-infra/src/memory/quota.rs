//! How often is too often.

use std::num::NonZeroU32;
use std::time::Duration;

use mfa_core::RateRule;

/// `max` tries at once, then one more every `window / max`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    max: NonZeroU32,
    interval: Duration,
}

/// A limit that limits nothing, or everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QuotaError {
    /// No try would ever pass.
    #[error("a rate limit must allow at least one try")]
    NoTries,
    /// Shorter than `max` nanoseconds, or longer than a day.
    #[error("the window of a rate limit is longer than nothing and at most a day")]
    Window,
}

impl Quota {
    const LONGEST: Duration = Duration::from_hours(24);

    /// `max` tries in a `window`.
    ///
    /// # Errors
    ///
    /// [`QuotaError`] when either is zero or the window is over a day: refuse the setting, since a limit that is off
    /// must not look like one that is on.
    pub fn new(max: u32, window: Duration) -> Result<Self, QuotaError> {
        let max = NonZeroU32::new(max).ok_or(QuotaError::NoTries)?;
        let interval = window.checked_div(max.get()).filter(|it| !it.is_zero()).ok_or(QuotaError::Window)?;
        if window > Self::LONGEST {
            return Err(QuotaError::Window);
        }
        Ok(Self { max, interval })
    }

    /// What one of so many servers may allow by itself, so that together they allow no more: a whole share of the
    /// tries at once, at least one, and then one more every `servers` times as long. Zero servers count as one.
    #[must_use]
    pub fn share(self, servers: u32) -> Self {
        let servers = servers.max(1);
        let max = self.max.get().checked_div(servers).and_then(NonZeroU32::new).unwrap_or(NonZeroU32::MIN);
        Self { max, interval: self.interval.saturating_mul(servers) }
    }

    pub(crate) const fn max(self) -> NonZeroU32 {
        self.max
    }

    pub(crate) const fn interval(self) -> Duration {
        self.interval
    }

    /// In governor's words.
    pub(super) fn to_governor(self) -> governor::Quota {
        // `None` only for an interval of zero, which `new` refuses; one a second is then the strictest guess.
        governor::Quota::with_period(self.interval)
            .unwrap_or_else(|| governor::Quota::per_second(NonZeroU32::MIN))
            .allow_burst(self.max)
    }
}

/// The quota of every rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quotas {
    /// Of [`RateRule::CodeCheckPerIp`].
    pub code_check_per_ip: Quota,
    /// Of [`RateRule::RecoveryPerUser`].
    pub recovery_per_user: Quota,
    /// Of [`RateRule::LoginPerUser`].
    pub login_per_user: Quota,
    /// Of [`RateRule::LoginPerIp`].
    pub login_per_ip: Quota,
}

impl Quotas {
    /// What one of so many servers may allow by itself. See [`Quota::share`].
    #[must_use]
    pub fn share(&self, servers: u32) -> Self {
        Self {
            code_check_per_ip: self.code_check_per_ip.share(servers),
            recovery_per_user: self.recovery_per_user.share(servers),
            login_per_user: self.login_per_user.share(servers),
            login_per_ip: self.login_per_ip.share(servers),
        }
    }

    /// The quota of this rule.
    pub const fn quota(&self, rule: RateRule) -> Quota {
        match rule {
            RateRule::CodeCheckPerIp => self.code_check_per_ip,
            RateRule::RecoveryPerUser => self.recovery_per_user,
            RateRule::LoginPerUser => self.login_per_user,
            RateRule::LoginPerIp => self.login_per_ip,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_that_is_none_is_refused() {
        let minute = Duration::from_mins(1);
        assert_eq!(Quota::new(0, minute), Err(QuotaError::NoTries));
        assert_eq!(Quota::new(10, Duration::ZERO), Err(QuotaError::Window));
        assert_eq!(Quota::new(10, Duration::from_nanos(9)), Err(QuotaError::Window));
        assert_eq!(Quota::new(1, Quota::LONGEST + Duration::from_secs(1)), Err(QuotaError::Window));
        assert!(Quota::new(u32::MAX, minute).is_ok());
        assert!(Quota::new(1, Quota::LONGEST).is_ok());
    }

    #[test]
    fn ten_a_minute_are_ten_at_once_and_then_one_every_six_seconds() {
        let governor = Quota::new(10, Duration::from_mins(1)).unwrap().to_governor();
        assert_eq!(governor.burst_size().get(), 10);
        assert_eq!(governor.replenish_interval(), Duration::from_secs(6));
    }

    #[test]
    fn the_shares_of_all_servers_are_never_more_than_the_whole_but_one_try_each() {
        let share = |max, servers| {
            let share = Quota::new(max, Duration::from_mins(1)).unwrap().share(servers);
            (share.max().get(), share.interval())
        };
        assert_eq!(share(10, 0), (10, Duration::from_secs(6)));
        assert_eq!(share(10, 1), (10, Duration::from_secs(6)));
        assert_eq!(share(10, 3), (3, Duration::from_secs(18)));
        assert_eq!(share(5, 1000), (1, Duration::from_mins(200)));
    }
}
