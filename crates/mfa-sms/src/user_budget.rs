//! SMS budget of one user: exact windows over the times of recent sends.

use std::time::Duration;

use mfa_core::{Account, Timestamp};

use crate::RetryDelay;

const MINUTE: Duration = Duration::from_mins(1);
const HOUR: Duration = Duration::from_hours(1);

/// Limits on the SMS that one user can cause, for any purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UserBudget {
    /// Messages in any minute.
    pub per_minute: u32,
    /// Messages in any hour. The row stores as many times.
    pub per_hour: u32,
}

/// Reserves one send for this user. Call it before sending.
///
/// A clock that was set back frees nothing: sends in the future count as sends of now. They expire from here, so
/// nobody waits longer than the window.
///
/// # Errors
///
/// [`RetryDelay`] if nothing was reserved: send nothing. After those seconds the next send is allowed. Store the
/// account even so, because times in the future are corrected.
pub fn reserve(account: &mut Account, budget: UserBudget, now: Timestamp) -> Result<(), RetryDelay> {
    let sent_at = &mut account.internal.sms.sent_at;
    for at in sent_at.iter_mut() {
        *at = now.min(*at);
    }
    sent_at.sort_unstable();
    let waits = [(budget.per_minute, MINUTE), (budget.per_hour, HOUR)];
    let wait = waits.into_iter().filter_map(|(limit, window)| wait(sent_at, limit, window, now)).max();
    if let Some(wait) = wait {
        return Err(RetryDelay::from_duration(wait));
    }
    sent_at.retain(|at| now.since(*at) < HOUR);
    sent_at.push(now);
    Ok(())
}

/// Returns the time until fewer than `limit` of these sends, oldest first, lie within the window. `None` if that is
/// already so.
fn wait(sent_at: &[Timestamp], limit: u32, window: Duration, now: Timestamp) -> Option<Duration> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let Some(before) = limit.checked_sub(1) else { return Some(window) };
    let blocking = sent_at.iter().rev().nth(before)?;
    window.checked_sub(now.since(*blocking)).filter(|wait| !wait.is_zero())
}

#[cfg(test)]
mod tests {
    use mfa_core::UserId;
    use proptest::prelude::*;

    use super::*;

    const START: i64 = 1_700_000_000_000;
    const BUDGET: UserBudget = UserBudget { per_minute: 1, per_hour: 3 };

    fn account() -> Account {
        Account::new(UserId::new(7), "a@example.com", "a")
    }

    /// Reserves at this many milliseconds after the start. Fails with the seconds to wait.
    fn reserve_at(account: &mut Account, millis: i64) -> Result<(), u64> {
        let now = Timestamp::from_millis(START.saturating_add(millis));
        reserve(account, BUDGET, now).map_err(|wait| wait.seconds)
    }

    #[test]
    fn one_a_minute_and_three_an_hour_to_the_millisecond() {
        let mut account = account();
        assert_eq!(reserve_at(&mut account, 0), Ok(()));
        assert_eq!(reserve_at(&mut account, 0), Err(60));
        assert_eq!(reserve_at(&mut account, 1), Err(60), "59.999 s have not passed after 59 s");
        assert_eq!(reserve_at(&mut account, 1_000), Err(59));
        assert_eq!(reserve_at(&mut account, 59_999), Err(1));
        assert_eq!(reserve_at(&mut account, 60_000), Ok(()));
        assert_eq!(reserve_at(&mut account, 120_000), Ok(()));
        assert_eq!(reserve_at(&mut account, 180_000), Err(3_420), "the first of three is in the way");
        assert_eq!(reserve_at(&mut account, 3_599_999), Err(1));
        assert_eq!(reserve_at(&mut account, 3_600_000), Ok(()));
        assert_eq!(reserve_at(&mut account, 3_600_000), Err(60));
    }

    #[test]
    fn a_refusal_reserves_nothing_and_the_row_keeps_one_hour() {
        let mut account = account();
        for minute in 0..600 {
            let _ = reserve_at(&mut account, minute * 60_000);
            assert!(account.internal.sms.sent_at.len() <= 3);
        }
    }

    #[test]
    fn a_clock_that_went_back_frees_nothing_and_locks_for_no_longer_than_the_window() {
        let mut account = account();
        for minute in 0..3 {
            assert_eq!(reserve_at(&mut account, minute * 60_000), Ok(()));
        }
        let day = -86_400_000;
        assert_eq!(reserve_at(&mut account, day), Err(3_600));
        assert_eq!(
            reserve_at(&mut account, day + 1_800_000),
            Err(1_800),
            "the wait starts at the first refusal"
        );
        assert_eq!(reserve_at(&mut account, day + 3_600_000), Ok(()));
    }

    #[test]
    fn a_budget_of_none_is_none() {
        for (budget, seconds) in [
            (UserBudget { per_minute: 0, per_hour: 3 }, 60),
            (UserBudget { per_minute: 1, per_hour: 0 }, 3_600),
        ] {
            let reserved = reserve(&mut account(), budget, Timestamp::from_millis(START));
            assert_eq!(reserved, Err(RetryDelay { seconds }));
        }
    }

    proptest! {
        #[test]
        fn no_window_ever_holds_more_and_every_wait_is_true(steps in prop::collection::vec(0_i64..200_000, 1..80)) {
            let mut account = account();
            let (mut now, mut sent) = (0_i64, Vec::new());
            for step in steps {
                now = now.saturating_add(step);
                match reserve_at(&mut account, now) {
                    Ok(()) => sent.push(now),
                    Err(seconds) => {
                        let over = now.saturating_add(i64::try_from(seconds).unwrap().saturating_mul(1_000));
                        let mut later = account.clone();
                        prop_assert_eq!(reserve_at(&mut later, over), Ok(()));
                        let mut sooner = account.clone();
                        prop_assert!(reserve_at(&mut sooner, over.saturating_sub(1_000)).is_err());
                    }
                }
                prop_assert!(sent.iter().filter(|at| now.saturating_sub(**at) < 60_000).count() <= 1);
                prop_assert!(sent.iter().filter(|at| now.saturating_sub(**at) < 3_600_000).count() <= 3);
            }
        }
    }
}
