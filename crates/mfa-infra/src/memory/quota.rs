//! Rate-limit quotas.

use std::num::NonZeroU32;
use std::time::Duration;

use mfa_core::RateRule;

/// Rate-limit quota: `max` tries at once, then one more every `window / max`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    max: NonZeroU32,
    interval: Duration,
}

/// Invalid quota, which would allow everything or nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum QuotaError {
    /// `max` is zero.
    #[error("a rate limit must allow at least one request")]
    NoTries,
    /// The window is shorter than `max` nanoseconds or longer than a day.
    #[error("the window of a rate limit must be longer than zero and at most one day")]
    Window,
}

impl Quota {
    const MAX_WINDOW: Duration = Duration::from_hours(24);

    /// Creates a quota of `max` tries per `window`.
    ///
    /// # Errors
    ///
    /// [`QuotaError`] if either is zero or the window is longer than a day: reject the setting, because a limit that is
    /// off must not look like one that is on.
    pub fn new(max: u32, window: Duration) -> Result<Self, QuotaError> {
        let max = NonZeroU32::new(max).ok_or(QuotaError::NoTries)?;
        let interval = window.checked_div(max.get()).filter(|it| !it.is_zero()).ok_or(QuotaError::Window)?;
        if window > Self::MAX_WINDOW {
            return Err(QuotaError::Window);
        }
        Ok(Self { max, interval })
    }

    /// Returns the quota of each of `servers` servers, so that together they allow no more than this quota.
    ///
    /// Each allows its share of the tries at once, rounded down but at least one, and then one more in `servers` times
    /// the interval. Zero servers count as one.
    #[must_use]
    pub fn share(self, servers: u32) -> Self {
        let servers = servers.max(1);
        let max = self.max.get().checked_div(servers).and_then(NonZeroU32::new).unwrap_or(NonZeroU32::MIN);
        Self { max, interval: self.interval.saturating_mul(servers) }
    }

    /// Returns the number of tries at once.
    pub(crate) const fn max(self) -> NonZeroU32 {
        self.max
    }

    /// Returns the time after which one more try is allowed.
    pub(crate) const fn interval(self) -> Duration {
        self.interval
    }

    /// Converts to the quota type of the crate `governor`.
    pub(super) fn to_governor(self) -> governor::Quota {
        // `None` only for an interval of zero, which `new` rejects; one per second is a strict fallback.
        governor::Quota::with_period(self.interval)
            .unwrap_or_else(|| governor::Quota::per_second(NonZeroU32::MIN))
            .allow_burst(self.max)
    }
}

/// Quotas of all rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quotas {
    /// Quota of [`RateRule::CodeCheckPerIp`].
    pub code_check_per_ip: Quota,
    /// Quota of [`RateRule::RecoveryPerUser`].
    pub recovery_per_user: Quota,
    /// Quota of [`RateRule::LoginPerUser`].
    pub login_per_user: Quota,
    /// Quota of [`RateRule::LoginPerName`].
    pub login_per_name: Quota,
    /// Quota of [`RateRule::LoginPerIp`].
    pub login_per_ip: Quota,
    /// Quota of [`RateRule::RegeneratePerUser`].
    pub regenerate_per_user: Quota,
    /// Quota of [`RateRule::EnrolPerUser`].
    pub enrol_per_user: Quota,
    /// Quota of [`RateRule::BackupPerUser`].
    pub backup_per_user: Quota,
    /// Quota of [`RateRule::ChangePerAdmin`].
    pub change_per_admin: Quota,
}

impl Quotas {
    /// Returns the quotas of each of `servers` servers. See [`Quota::share`].
    #[must_use]
    pub fn share(&self, servers: u32) -> Self {
        Self {
            code_check_per_ip: self.code_check_per_ip.share(servers),
            recovery_per_user: self.recovery_per_user.share(servers),
            login_per_user: self.login_per_user.share(servers),
            login_per_name: self.login_per_name.share(servers),
            login_per_ip: self.login_per_ip.share(servers),
            regenerate_per_user: self.regenerate_per_user.share(servers),
            enrol_per_user: self.enrol_per_user.share(servers),
            backup_per_user: self.backup_per_user.share(servers),
            change_per_admin: self.change_per_admin.share(servers),
        }
    }

    /// Returns the quota of a rule.
    pub const fn quota(&self, rule: RateRule) -> Quota {
        match rule {
            RateRule::CodeCheckPerIp => self.code_check_per_ip,
            RateRule::RecoveryPerUser => self.recovery_per_user,
            RateRule::LoginPerUser => self.login_per_user,
            RateRule::LoginPerName => self.login_per_name,
            RateRule::LoginPerIp => self.login_per_ip,
            RateRule::RegeneratePerUser => self.regenerate_per_user,
            RateRule::EnrolPerUser => self.enrol_per_user,
            RateRule::BackupPerUser => self.backup_per_user,
            RateRule::ChangePerAdmin => self.change_per_admin,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_without_effect_is_rejected() {
        let minute = Duration::from_mins(1);
        assert_eq!(Quota::new(0, minute), Err(QuotaError::NoTries));
        assert_eq!(Quota::new(10, Duration::ZERO), Err(QuotaError::Window));
        assert_eq!(Quota::new(10, Duration::from_nanos(9)), Err(QuotaError::Window));
        assert_eq!(Quota::new(1, Quota::MAX_WINDOW + Duration::from_secs(1)), Err(QuotaError::Window));
        assert!(Quota::new(u32::MAX, minute).is_ok());
        assert!(Quota::new(1, Quota::MAX_WINDOW).is_ok());
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
