//! Lockout policy: number of failures that locks an account, and duration of each lock.

use std::time::Duration;

use crate::Timestamp;

/// Lockout policy for consecutive failures.
///
/// Every `max_failures`-th failure locks the account. The first lock lasts `first_lock`, and each further one twice
/// as long, up to a day. The hundredth failure locks until an administrator unlocks the account (NIST SP 800-63B-4
/// §3.2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LockoutPolicy {
    max_failures: u32,
    first_lock: Duration,
}

/// Error for a policy that would not protect: no failures allowed, more than 100, or a lock outside one minute to 24
/// hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a lockout policy needs 1 to 100 failures and a lock of 1 minute to 24 hours")]
pub struct LockoutPolicyError;

/// Lock in force.
///
/// Exhaustive, so that every caller handles the lock that never ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lock {
    /// Locked until this time.
    Until(Timestamp),
    /// Locked until an administrator unlocks the account.
    UntilAdministrator,
}

impl Lock {
    /// Returns the lock that a stored end means at `now`, or `None` if it is not in force.
    pub fn in_force(until: Option<Timestamp>, now: Timestamp) -> Option<Self> {
        match until {
            Some(until) if until >= Timestamp::FAR_FUTURE => Some(Self::UntilAdministrator),
            Some(until) if until > now => Some(Self::Until(until)),
            _ => None,
        }
    }

    /// Returns the end of the lock as a store records it.
    pub const fn end(self) -> Timestamp {
        match self {
            Self::Until(end) => end,
            Self::UntilAdministrator => Timestamp::FAR_FUTURE,
        }
    }
}

impl LockoutPolicy {
    /// Number of failures or strikes that locks until an administrator unlocks (NIST SP 800-63B-4 §3.2.2).
    pub const ADMIN_LOCK_THRESHOLD: u32 = 100;
    /// Longest lock that expires without an administrator.
    pub const MAX_LOCK: Duration = Duration::from_hours(24);

    /// Creates a policy that locks after `max_failures` failures, the first time for `first_lock`.
    ///
    /// # Errors
    ///
    /// [`LockoutPolicyError`] outside 1 to 100 failures or one minute to 24 hours: reject the configuration.
    pub fn new(max_failures: u32, first_lock: Duration) -> Result<Self, LockoutPolicyError> {
        let sane = (1..=Self::ADMIN_LOCK_THRESHOLD).contains(&max_failures)
            && (Duration::from_mins(1)..=Self::MAX_LOCK).contains(&first_lock);
        if sane { Ok(Self { max_failures, first_lock }) } else { Err(LockoutPolicyError) }
    }

    /// Returns the number of further consecutive failures that lock the account, after this many.
    pub const fn failures_left(&self, failures: u32) -> u32 {
        match failures.checked_rem(self.max_failures) {
            Some(since_lock) => self.max_failures.saturating_sub(since_lock),
            None => 0,
        }
    }

    /// Returns the lock that the latest failure causes, if any.
    ///
    /// `failures` counts consecutive failures including this one, `strikes` the failures over days. Strikes can
    /// lengthen a lock or cause the permanent one, and never shorten a lock.
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
    /// Ten failures, and 15 minutes for the first lock.
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
    fn the_failures_that_are_left_count_down_to_each_lock() {
        let policy = LockoutPolicy::default();
        assert_eq!([0, 1, 9, 10, 17].map(|failures| policy.failures_left(failures)), [10, 9, 1, 10, 3]);
        for failures in 0..99 {
            let left = policy.failures_left(failures);
            let locks = (1..=left).filter(|more| policy.lock_after(failures + more, 0, NOW).is_some());
            assert_eq!(locks.collect::<Vec<_>>(), [left], "{failures}");
        }
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
