//! Numbers over all users, for administrators.

use std::fmt;
use std::time::Duration;

use super::box_future::BoxFuture;
use super::store_error::StoreError;
use crate::Timestamp;

/// Counts what is stored. Each count reads in short portions, so that nobody's call waits for it.
pub trait Statistics: Send + Sync + fmt::Debug {
    /// What happened in a period, by bucket. A bucket in which nothing happened has no line.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store gave no answer, or took too long over it: ask for a shorter period.
    fn activity(&self, period: Period) -> BoxFuture<'_, Result<Activity, StoreError>>;

    /// How users are protected now.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store gave no answer.
    fn totals(&self, now: Timestamp) -> BoxFuture<'_, Result<Totals, StoreError>>;
}

/// How a period is cut up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BucketSize {
    /// By hours of UTC.
    Hour,
    /// By days of UTC.
    Day,
}

impl BucketSize {
    /// Its name in calls and answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
        }
    }

    /// The bucket of that name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Hour, Self::Day].into_iter().find(|it| it.as_str() == name)
    }

    /// How long one is.
    pub const fn width(self) -> Duration {
        match self {
            Self::Hour => Duration::from_hours(1),
            Self::Day => Duration::from_hours(24),
        }
    }

    /// How many days a period may have.
    pub const fn max_days(self) -> u32 {
        match self {
            Self::Hour => 31,
            Self::Day => 366,
        }
    }

    fn millis(self) -> i64 {
        i64::try_from(self.width().as_millis()).unwrap_or(i64::MAX)
    }

    /// The beginning of the bucket that this time is in.
    pub fn floor(self, at: Timestamp) -> Timestamp {
        let width = self.millis();
        let buckets = at.millis().checked_div_euclid(width).unwrap_or(0);
        Timestamp::from_millis(buckets.saturating_mul(width))
    }
}

/// A period of whole buckets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    from: Timestamp,
    to: Timestamp,
    bucket: BucketSize,
}

/// A period that ends before it begins, or is too long for its buckets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the period must end after it begins, and have at most {max_days} days")]
pub struct PeriodError {
    /// How many days it may have.
    pub max_days: u32,
}

impl Period {
    /// The whole buckets that these times touch.
    ///
    /// # Errors
    ///
    /// [`PeriodError`] where there is none, or where there are too many.
    pub fn new(from: Timestamp, to: Timestamp, bucket: BucketSize) -> Result<Self, PeriodError> {
        let max_days = bucket.max_days();
        let most = Duration::from_hours(u64::from(max_days).saturating_mul(24));
        let (first, last) =
            (bucket.floor(from), bucket.floor(Timestamp::from_millis(to.millis().saturating_sub(1))));
        if to <= from || to.since(from) > most {
            return Err(PeriodError { max_days });
        }
        Ok(Self { from: first, to: last.plus(bucket.width()), bucket })
    }

    /// Where it begins.
    pub const fn from(self) -> Timestamp {
        self.from
    }

    /// Where it has ended.
    pub const fn to(self) -> Timestamp {
        self.to
    }

    /// How it is cut up.
    pub const fn bucket(self) -> BucketSize {
        self.bucket
    }

    /// The period in pieces of a day at most, in order.
    pub fn days(self) -> impl Iterator<Item = (Timestamp, Timestamp)> {
        let day = BucketSize::Day.width();
        let begin = move |at: &Timestamp| Some(at.plus(day)).filter(|next| *next < self.to);
        std::iter::successors(Some(self.from), begin).map(move |at| (at, at.plus(day).min(self.to)))
    }
}

/// What happened in a period.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Activity {
    /// Second factors that were shown at a login or for a step-up.
    pub verifications: Vec<VerificationCount>,
    /// Accounts that were locked.
    pub lockouts: Vec<LockoutCount>,
    /// SMS.
    pub sms: Vec<SmsCount>,
}

/// How often a factor was shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerificationCount {
    /// The beginning of the bucket.
    pub at: Timestamp,
    /// The factor.
    pub method: String,
    /// How it ended.
    pub outcome: String,
    /// How often.
    pub count: u64,
}

/// How often an account was locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LockoutCount {
    /// The beginning of the bucket.
    pub at: Timestamp,
    /// How often.
    pub count: u64,
}

/// What became of the SMS to one country by one provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SmsCount {
    /// The beginning of the bucket.
    pub at: Timestamp,
    /// The country, by its ISO code.
    pub country: String,
    /// The provider; none where none has taken it.
    pub provider: Option<String>,
    /// Sent, as far as anyone can tell.
    pub sent: u64,
    /// Reported as delivered.
    pub delivered: u64,
    /// Reported as failed, or taken by no provider.
    pub failed: u64,
    /// Whose code came back.
    pub used: u64,
}

/// How users are protected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// All users.
    pub users: u64,
    /// Those with a second factor.
    pub with_factor: u64,
    /// Those with an authenticator app.
    pub with_totp: u64,
    /// Those who may be sent codes by SMS.
    pub with_sms: u64,
    /// Those who are locked.
    pub locked: u64,
    /// Those who must have a second factor.
    pub enforced: u64,
    /// Those with a factor who have three recovery codes or fewer left.
    pub recovery_codes_low: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    #[test]
    fn a_period_is_the_whole_buckets_that_its_times_touch() {
        let period = Period::new(at(HOUR + 5), at(3 * HOUR), BucketSize::Hour).unwrap();
        assert_eq!((period.from(), period.to()), (at(HOUR), at(3 * HOUR)));
        let period = Period::new(at(HOUR), at(3 * HOUR + 1), BucketSize::Hour).unwrap();
        assert_eq!(period.to(), at(4 * HOUR));
        let period = Period::new(at(5), at(6), BucketSize::Day).unwrap();
        assert_eq!((period.from(), period.to()), (at(0), at(24 * HOUR)));
    }

    #[test]
    fn a_period_that_is_empty_or_too_long_is_none() {
        for (to, bucket, fits) in [
            (0, BucketSize::Hour, false),
            (-1, BucketSize::Day, false),
            (31 * 24 * HOUR, BucketSize::Hour, true),
            (31 * 24 * HOUR + 1, BucketSize::Hour, false),
            (366 * 24 * HOUR, BucketSize::Day, true),
            (366 * 24 * HOUR + 1, BucketSize::Day, false),
        ] {
            assert_eq!(Period::new(at(0), at(to), bucket).is_ok(), fits, "{to} {bucket:?}");
        }
        assert!(
            Period::new(Timestamp::from_millis(i64::MIN), Timestamp::from_millis(i64::MAX), BucketSize::Day)
                .is_err()
        );
    }

    #[test]
    fn the_days_of_a_period_follow_one_another_without_a_gap() {
        let period = Period::new(at(5 * HOUR), at(60 * HOUR), BucketSize::Hour).unwrap();
        let days: Vec<_> = period.days().collect();
        assert_eq!(
            days,
            [(at(5 * HOUR), at(29 * HOUR)), (at(29 * HOUR), at(53 * HOUR)), (at(53 * HOUR), at(60 * HOUR))]
        );
    }
}
