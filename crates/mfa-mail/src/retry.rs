//! Pauses between the attempts to send a mail.

use std::time::Duration;

use mfa_core::Timestamp;

/// Pauses between attempts, and the age from which a mail is no longer sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetrySchedule;

const FIRST_PAUSE: Duration = Duration::from_secs(10);
const LONGEST_PAUSE: Duration = Duration::from_hours(1);

impl RetrySchedule {
    /// Age from which a mail is dropped: what it says is old by then, and the log has it.
    pub const MAX_AGE: Duration = Duration::from_hours(24);

    /// Returns the time of the next attempt after `tries` failed ones, each pause three times the one before and an hour at
    /// most; `None` if the mail is too old by then.
    pub fn next_try(self, tries: u32, queued_at: Timestamp, now: Timestamp) -> Option<Timestamp> {
        let factor = 3_u32.checked_pow(tries.saturating_sub(1)).unwrap_or(u32::MAX);
        let pause = FIRST_PAUSE.checked_mul(factor).unwrap_or(LONGEST_PAUSE).min(LONGEST_PAUSE);
        let next = now.plus(pause);
        (!self.is_too_old(queued_at, next)).then_some(next)
    }

    /// Returns whether a mail that was queued then is no longer sent.
    pub fn is_too_old(self, queued_at: Timestamp, now: Timestamp) -> bool {
        now.since(queued_at) >= Self::MAX_AGE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Timestamp = Timestamp::from_seconds(1_800_000_000);

    #[test]
    fn pauses_grow_from_ten_seconds_to_an_hour() {
        let pause = |tries| RetrySchedule.next_try(tries, NOON, NOON).unwrap().since(NOON).as_secs();
        let pauses: Vec<_> = (1..=8).map(pause).collect();
        assert_eq!(pauses, [10, 30, 90, 270, 810, 2430, 3600, 3600]);
        assert_eq!(pause(u32::MAX), 3600);
    }

    #[test]
    fn a_mail_is_dropped_after_a_day() {
        let day = RetrySchedule::MAX_AGE;
        let (mut now, mut tries) = (NOON, 0);
        while let Some(next) = RetrySchedule.next_try(tries + 1, NOON, now) {
            (now, tries) = (next, tries + 1);
        }
        assert!(now.since(NOON) < day && now.since(NOON) > Duration::from_hours(22));
        assert_eq!(tries, 28, "one every hour at the end");
        assert!(RetrySchedule.is_too_old(NOON, NOON.plus(day)));
        assert!(!RetrySchedule.is_too_old(NOON, NOON.plus(day).minus(Duration::from_millis(1))));
    }
}
