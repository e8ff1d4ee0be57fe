//! Detector of spikes of failures over all accounts. Guessing on many accounts causes one, although the count of no
//! single account shows it.

use std::collections::VecDeque;
use std::time::Duration;

use mfa_core::Timestamp;

/// Minimum number of failures in a minute for an alert.
const MIN_FAILURES: u32 = 100;
/// Minimum ratio to the average minute of the hour before.
const MIN_RATIO: u64 = 5;
/// Time after an alert during which no other follows.
const COOLDOWN: Duration = Duration::from_mins(5);
const MINUTE: i64 = 60;
const MINUTES: i64 = 60;

/// Failures of the last minute by second, and of the last hour by minute.
#[derive(Debug, Default)]
pub(super) struct FailureSpike {
    seconds: Counts,
    minutes: Counts,
    alerted_at: Option<Timestamp>,
}

/// Counts by second or minute, the latest last. If the clock jumps back, the latest slot counts.
#[derive(Debug, Default)]
struct Counts(VecDeque<(i64, u32)>);

impl Counts {
    fn add(&mut self, slot: i64, kept: i64) {
        match self.0.back_mut() {
            Some((latest, count)) if *latest >= slot => *count = count.saturating_add(1),
            _ => self.0.push_back((slot, 1)),
        }
        self.forget(slot, kept);
    }

    fn forget(&mut self, slot: i64, kept: i64) {
        while self.0.front().is_some_and(|(at, _)| *at <= slot.saturating_sub(kept)) {
            self.0.pop_front();
        }
    }

    fn sum_before(&self, slot: i64) -> u32 {
        let counts = self.0.iter().filter(|(at, _)| *at < slot).map(|(_, count)| *count);
        counts.fold(0, u32::saturating_add)
    }
}

impl FailureSpike {
    /// Counts a failure. Returns whether an alert is due.
    pub(super) fn count(&mut self, at: Timestamp) -> bool {
        let (second, minute) = (at.seconds(), at.seconds().div_euclid(MINUTE));
        self.seconds.add(second, MINUTE);
        self.minutes.add(minute, MINUTES);
        let now = self.seconds.sum_before(i64::MAX);
        // Without this minute and the one before it, into which the last sixty seconds reach.
        let before = self.minutes.sum_before(minute.saturating_sub(1));
        let usual = u64::from(before).saturating_mul(MIN_RATIO);
        let rises = now >= MIN_FAILURES && u64::from(now).saturating_mul(60) >= usual;
        let in_cooldown = self.alerted_at.is_some_and(|last| last <= at && at.since(last) < COOLDOWN);
        if !rises || in_cooldown {
            return false;
        }
        self.alerted_at = Some(at);
        true
    }

    /// Returns the number of failures in the last minute.
    pub(super) fn last_minute(&mut self, now: Timestamp) -> u32 {
        self.seconds.forget(now.seconds(), MINUTE);
        self.seconds.sum_before(i64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_800_000_000;

    /// Counts `each` failures in each of these seconds, and returns how often an alert was due.
    fn alerts(rising: &mut FailureSpike, seconds: std::ops::Range<i64>, each: u32) -> usize {
        let all = seconds
            .flat_map(|second| (0..each).map(move |_| Timestamp::from_seconds(NOW.saturating_add(second))));
        all.filter(|at| rising.count(*at)).count()
    }

    #[test]
    fn a_hundred_in_a_minute_are_an_alert_and_fewer_are_none() {
        let mut rising = FailureSpike::default();
        assert_eq!(alerts(&mut rising, 0..60, 1), 0);
        assert_eq!(rising.last_minute(Timestamp::from_seconds(NOW + 59)), 60);
        assert_eq!(alerts(&mut rising, 60..100, 1), 0, "failures older than a minute do not count");
        assert_eq!(alerts(&mut rising, 100..120, 5), 1);
        assert_eq!(alerts(&mut rising, 120..300, 5), 0, "one alert stands for those that follow");
        assert_eq!(alerts(&mut rising, 400..450, 5), 1);
    }

    #[test]
    fn where_many_are_usual_it_takes_many_more() {
        let mut rising = FailureSpike::default();
        assert_eq!(alerts(&mut rising, 0..3_600, 2), 3, "every five minutes, until the rate is usual");
        assert_eq!(alerts(&mut rising, 3_600..3_720, 4), 0, "twice as many are not an increase");
        assert_eq!(alerts(&mut rising, 3_720..3_780, 12), 1);
    }

    #[test]
    fn a_clock_that_jumps_back_breaks_nothing() {
        let mut rising = FailureSpike::default();
        assert_eq!(alerts(&mut rising, 1_000..1_020, 10), 1);
        assert_eq!(alerts(&mut rising, 0..60, 1), 1, "alerts again: the other alert is in the future");
        assert_eq!(rising.last_minute(Timestamp::from_seconds(NOW + 5_000)), 0);
    }
}
