//! Leaky bucket stored as a single timestamp (GCRA): `capacity` at once, then one more every `window / capacity`.

use std::time::Duration;

use mfa_core::Timestamp;

/// Time until the next send is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[error("wait {seconds} s")]
pub struct RetryDelay {
    /// Whole seconds, at least 1.
    pub seconds: u64,
}

impl RetryDelay {
    /// Converts a duration, rounded up: a shorter wait would be rejected again.
    pub(crate) fn from_duration(span: Duration) -> Self {
        Self { seconds: u64::try_from(span.as_millis().div_ceil(1_000)).unwrap_or(u64::MAX).max(1) }
    }
}

/// Size of a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BucketRule {
    /// Number allowed at once, and in the long run per window.
    pub capacity: u32,
    /// Time in which an empty bucket fills.
    pub window: Duration,
}

/// Result of taking one token from a leaky bucket.
///
/// Exhaustive, so that a caller cannot overlook a refusal.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BucketDecision {
    /// Allowed, once `full_at` is stored.
    Taken {
        /// Time when the bucket is full again.
        full_at: Timestamp,
    },
    /// Not allowed.
    Empty {
        /// Time until the next one is allowed.
        wait: RetryDelay,
        /// Time when the bucket is full again. Store it too: it corrects a time from before the clock was set back.
        full_at: Timestamp,
    },
}

impl BucketRule {
    /// Takes one from the bucket that is full again at `full_at`. `None` means that it was never used.
    pub fn take(self, full_at: Option<Timestamp>, now: Timestamp) -> BucketDecision {
        // Rounded up, so that the rate never exceeds the rule.
        let every = self.window.as_millis().checked_div(u128::from(self.capacity)).map(|whole| {
            let rest = self.window.as_millis().checked_rem(u128::from(self.capacity)).unwrap_or(0);
            whole.saturating_add(u128::from(rest > 0))
        });
        let Some(every) = every else {
            return BucketDecision::Empty { wait: RetryDelay::from_duration(self.window), full_at: now };
        };
        let every = Duration::from_millis(u64::try_from(every).unwrap_or(u64::MAX));
        let fills_in = every.saturating_mul(self.capacity);
        // No bucket takes longer to fill: a later time is from before the clock was set back.
        let full_at = full_at.unwrap_or(now).clamp(now, now.plus(fills_in));
        let then = full_at.plus(every);
        let over = then.since(now).saturating_sub(fills_in);
        if over.is_zero() {
            BucketDecision::Taken { full_at: then }
        } else {
            BucketDecision::Empty { wait: RetryDelay::from_duration(over), full_at }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);
    const RULE: BucketRule = BucketRule { capacity: 3, window: Duration::from_hours(1) };

    /// Bucket as a row stores it.
    struct Row(Option<Timestamp>);

    impl Row {
        fn take(&mut self, rule: BucketRule, now: Timestamp) -> Result<(), u64> {
            match rule.take(self.0, now) {
                BucketDecision::Taken { full_at } => {
                    self.0 = Some(full_at);
                    Ok(())
                }
                BucketDecision::Empty { wait, full_at } => {
                    self.0 = Some(full_at);
                    Err(wait.seconds)
                }
            }
        }
    }

    fn after(seconds: u64) -> Timestamp {
        NOW.plus(Duration::from_secs(seconds))
    }

    #[test]
    fn three_at_once_and_then_one_every_twenty_minutes() {
        let mut row = Row(None);
        for _ in 0..3 {
            assert_eq!(row.take(RULE, NOW), Ok(()));
        }
        assert_eq!(row.take(RULE, NOW), Err(1_200));
        assert_eq!(row.take(RULE, after(1_199)), Err(1));
        assert_eq!(row.take(RULE, after(1_200)), Ok(()));
        assert_eq!(row.take(RULE, after(1_200)), Err(1_200));
        assert_eq!(row.take(RULE, after(10_000)), Ok(()), "it fills up again");
    }

    #[test]
    fn a_clock_that_went_back_frees_nothing_and_locks_for_no_longer_than_one_drip() {
        let mut row = Row(None);
        for _ in 0..3 {
            assert_eq!(row.take(RULE, after(86_400)), Ok(()));
        }
        assert_eq!(row.take(RULE, NOW), Err(1_200));
        assert_eq!(row.take(RULE, after(1_200)), Ok(()));
    }

    #[test]
    fn a_bucket_of_none_is_always_empty() {
        let none = BucketRule { capacity: 0, window: Duration::from_mins(1) };
        assert_eq!(
            none.take(None, NOW),
            BucketDecision::Empty { wait: RetryDelay { seconds: 60 }, full_at: NOW }
        );
    }

    proptest! {
        #[test]
        fn waits_are_true_and_no_window_holds_twice_as_many(
            most in 1_u32..7,
            window in 1_u64..600,
            steps in prop::collection::vec(0_u64..100_000, 1..80),
        ) {
            let rule = BucketRule { capacity: most, window: Duration::from_secs(window) };
            let (mut row, mut now, mut taken) = (Row(None), NOW, Vec::new());
            for step in steps {
                now = now.plus(Duration::from_millis(step));
                match row.take(rule, now) {
                    Ok(()) => taken.push(now),
                    Err(seconds) => {
                        let later = now.plus(Duration::from_secs(seconds));
                        prop_assert_eq!(Row(row.0).take(rule, later), Ok(()));
                        let sooner = now.plus(Duration::from_secs(seconds.saturating_sub(1)));
                        prop_assert!(Row(row.0).take(rule, sooner).is_err());
                    }
                }
                let within = taken.iter().filter(|at| now.since(**at) < rule.window).count();
                prop_assert!(within < usize::try_from(most.saturating_mul(2)).unwrap());
            }
        }
    }
}
