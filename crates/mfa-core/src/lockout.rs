//! When wrong answers lock an account, and for how long.

use std::time::Duration;

use crate::Timestamp;

/// How wrong answers in a row lead to locks. Every `max_failures`-th locks: `first_lock`, then twice that, and so on
/// up to a day; the hundredth locks until an administrator (NIST SP 800-63B-4 §3.2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LockoutPolicy {
    max_failures: u32,
    first_lock: Duration,
}

/// A policy that would not protect: no failures allowed, more than a hundred, or a lock of no length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a lockout policy needs 1 to 100 failures and a lock of 1 minute to 24 hours")]
pub struct LockoutPolicyError;

/// A lock that is in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lock {
    /// Until this time.
    Until(Timestamp),
    /// Until an administrator ends it.
    UntilAdministrator,
}

impl Lock {
    /// The lock that a stored end means at `now`: in force exactly while the end lies ahead.
    pub fn in_force(until: Option<Timestamp>, now: Timestamp) -> Option<Self> {
        match until {
            Some(until) if until >= Timestamp::FAR_FUTURE => Some(Self::UntilAdministrator),
            Some(until) if until > now => Some(Self::Until(until)),
            _ => None,
        }
    }

    /// How a store writes it.
    pub const fn end(self) -> Timestamp {
        match self {
            Self::Until(end) => end,
            Self::UntilAdministrator => Timestamp::FAR_FUTURE,
        }
    }
}

impl LockoutPolicy {
    /// Wrong answers, in a row or as strikes, after which only an administrator unlocks (NIST SP 800-63B-4 §3.2.2).
    pub const ADMIN_LOCK_THRESHOLD: u32 = 100;
    /// The longest lock that ends by itself.
    pub const MAX_LOCK: Duration = Duration::from_hours(24);

    /// A policy of `max_failures` wrong answers to a lock, the first of them `first_lock` long.
    ///
    /// # Errors
    ///
    /// [`LockoutPolicyError`] outside 1 to 100 failures and a minute to a day.
    pub fn new(max_failures: u32, first_lock: Duration) -> Result<Self, LockoutPolicyError> {
        let sane = (1..=Self::ADMIN_LOCK_THRESHOLD).contains(&max_failures)
            && (Duration::from_mins(1)..=Self::MAX_LOCK).contains(&first_lock);
        if sane { Ok(Self { max_failures, first_lock }) } else { Err(LockoutPolicyError) }
    }

    /// The lock that the latest wrong answer brings, where it brings one.
    ///
    /// `failures` counts wrong answers in a row, this one included; `strikes` the same over days. Strikes can
    /// lengthen a lock or bring the last one about, never shorten one.
    pub fn lock_after(&self, failures: u32, strikes: u32, now: Timestamp) -> Option<Lock> {
        let worst = failures.max(strikes);
        if worst >= Self::ADMIN_LOCK_THRESHOLD {
            return Some(Lock::UntilAdministrator);
        }
        if failures == 0 || failures.checked_rem(self.max_failures) != Some(0) {
            return None;
        }
        let round = worst.checked_div(self.max_failures).unwrap_or(1).max(1);
        let factor = 1_u32.checked_shl(round.saturating_sub(1)).unwrap_or(u32::MAX);
        let span = self.first_lock.checked_mul(factor).unwrap_or(Self::MAX_LOCK).min(Self::MAX_LOCK);
        Some(Lock::Until(now.plus(span)))
    }
}

impl Default for LockoutPolicy {
    /// Ten failures, fifteen minutes.
    fn default() -> Self {
        Self { max_failures: 10, first_lock: Duration::from_mins(15) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_000_000);

    fn minutes_after(failures: u32, strikes: u32) -> Option<u64> {
        match LockoutPolicy::default().lock_after(failures, strikes, NOW)? {
            Lock::Until(end) => Some(end.since(NOW).as_secs() / 60),
            Lock::UntilAdministrator => Some(u64::MAX),
        }
    }

    #[test]
    fn every_tenth_wrong_answer_locks_for_twice_as_long_up_to_a_day() {
        let locks: Vec<_> = (1..=100).filter_map(|n| minutes_after(n, n).map(|m| (n, m))).collect();
        let expected = [
            (10, 15),
            (20, 30),
            (30, 60),
            (40, 120),
            (50, 240),
            (60, 480),
            (70, 960),
            (80, 1440),
            (90, 1440),
            (100, u64::MAX),
        ];
        assert_eq!(locks, expected);
    }

    #[test]
    fn strikes_lengthen_a_lock_and_never_shorten_one() {
        assert_eq!(minutes_after(10, 3), Some(15));
        assert_eq!(minutes_after(10, 35), Some(60));
        assert_eq!(minutes_after(3, 35), None);
        assert_eq!(minutes_after(1, 100), Some(u64::MAX));
    }

    #[test]
    fn a_lock_ends_at_its_end_and_the_last_one_never() {
        let later = NOW.plus(Duration::from_secs(1));
        assert_eq!(Lock::in_force(Some(later), NOW), Some(Lock::Until(later)));
        assert_eq!(Lock::in_force(Some(later), later), None);
        assert_eq!(Lock::in_force(None, NOW), None);
        let end = Lock::UntilAdministrator.end();
        assert_eq!(
            Lock::in_force(Some(end), end.plus(Duration::from_secs(9))),
            Some(Lock::UntilAdministrator)
        );
    }

    #[test]
    fn policies_that_do_not_protect_are_refused() {
        for (failures, seconds) in [(0, 900), (101, 900), (10, 0), (10, 90_000)] {
            assert!(LockoutPolicy::new(failures, Duration::from_secs(seconds)).is_err());
        }
    }
}
