//! Port for statistics over all users.

use std::fmt;
use std::time::Duration;

use super::box_future::BoxFuture;
use super::store_error::StoreError;
use crate::Timestamp;

/// Statistics from the stored data. Each query reads in short portions, so that other requests do not wait for it.
pub trait Statistics: Send + Sync + fmt::Debug {
    /// Returns the activity in a period by bucket. Buckets without activity are omitted.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the data could not be read in time: query a shorter period.
    fn activity(&self, period: Period) -> BoxFuture<'_, Result<Activity, StoreError>>;

    /// Returns the current number of users by kind of protection.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the data could not be read: report the failure and let the caller retry.
    fn totals(&self, now: Timestamp) -> BoxFuture<'_, Result<Totals, StoreError>>;

    /// Returns how many of today's users had their present second factor, and their first passkey, at the end of each of
    /// the last `weeks` weeks, oldest first. The last week ends now.
    ///
    /// Computed from the times of the enrolments that the accounts store, so a factor that was removed since then counts
    /// in no week, and one without a time in every week.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the data could not be read: report the failure and let the caller retry.
    fn adoption(&self, now: Timestamp, weeks: u32) -> BoxFuture<'_, Result<Vec<Adoption>, StoreError>>;
}

/// Size of the buckets of a period.
///
/// Exhaustive, so that each size has a title.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BucketSize {
    /// Hours in UTC.
    Hour,
    /// Days in UTC.
    Day,
}

impl BucketSize {
    /// Returns the name used in requests and responses.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
        }
    }

    /// Returns the bucket size with this name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Hour, Self::Day].into_iter().find(|it| it.as_str() == name)
    }

    /// Returns the duration of one bucket.
    pub const fn width(self) -> Duration {
        match self {
            Self::Hour => Duration::from_hours(1),
            Self::Day => Duration::from_hours(24),
        }
    }

    /// Returns the maximum number of days in a period.
    pub const fn max_days(self) -> u32 {
        match self {
            Self::Hour => 31,
            Self::Day => 366,
        }
    }

    fn millis(self) -> i64 {
        i64::try_from(self.width().as_millis()).unwrap_or(i64::MAX)
    }

    /// Returns the start of the bucket that contains this time.
    pub fn floor(self, at: Timestamp) -> Timestamp {
        let width = self.millis();
        let buckets = at.millis().checked_div_euclid(width).unwrap_or(0);
        Timestamp::from_millis(buckets.saturating_mul(width))
    }
}

/// Period of whole buckets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    from: Timestamp,
    to: Timestamp,
    bucket: BucketSize,
}

/// Error for a period that ends before it starts, or is too long for its bucket size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the period must end after it begins, and have at most {max_days} days")]
#[non_exhaustive]
pub struct PeriodError {
    /// Maximum number of days in the period.
    pub max_days: u32,
}

impl Period {
    /// Creates the period of all buckets that overlap the range.
    ///
    /// # Errors
    ///
    /// [`PeriodError`] if the range is empty or too long: report the field to the caller.
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

    /// Returns the start of the period.
    pub const fn from(self) -> Timestamp {
        self.from
    }

    /// Returns the end of the period, exclusive.
    pub const fn to(self) -> Timestamp {
        self.to
    }

    /// Returns the bucket size.
    pub const fn bucket(self) -> BucketSize {
        self.bucket
    }

    /// Splits the period into ranges of at most one day, in order.
    pub fn days(self) -> impl Iterator<Item = (Timestamp, Timestamp)> {
        let day = BucketSize::Day.width();
        let begin = move |at: &Timestamp| Some(at.plus(day)).filter(|next| *next < self.to);
        std::iter::successors(Some(self.from), begin).map(move |at| (at, at.plus(day).min(self.to)))
    }
}

/// Activity in a period.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Activity {
    /// Verifications of second factors at logins and step-ups.
    pub verifications: Vec<VerificationCount>,
    /// Locked accounts.
    pub lockouts: Vec<LockoutCount>,
    /// SMS messages.
    pub sms: Vec<SmsCount>,
}

/// Number of verifications in a bucket, by factor and outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerificationCount {
    /// Start of the bucket.
    pub at: Timestamp,
    /// Factor.
    pub method: String,
    /// Outcome.
    pub outcome: String,
    /// Number of verifications.
    pub count: u64,
}

/// Number of locked accounts in a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LockoutCount {
    /// Start of the bucket.
    pub at: Timestamp,
    /// Number of locks.
    pub count: u64,
}

/// SMS messages in a bucket, by country and provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SmsCount {
    /// Start of the bucket.
    pub at: Timestamp,
    /// ISO 3166 code of the country.
    pub country: String,
    /// Provider that accepted the messages, or `None` if none did.
    pub provider: Option<String>,
    /// Messages that were sent or may have been sent.
    pub sent: u64,
    /// Messages reported as delivered.
    pub delivered: u64,
    /// Messages reported as failed, or accepted by no provider.
    pub failed: u64,
    /// Messages whose code was used.
    pub used: u64,
}

/// Current number of users by kind of protection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// All users.
    pub users: u64,
    /// Users with a second factor.
    pub with_factor: u64,
    /// Users with an authenticator app.
    pub with_totp: u64,
    /// Users with SMS as an active factor.
    pub with_sms: u64,
    /// Users with a passkey.
    pub with_passkey: u64,
    /// Users whose only second factor is SMS.
    pub sms_only: u64,
    /// Users who may not log in.
    pub disabled: u64,
    /// Locked users.
    pub locked: u64,
    /// Users for whom MFA is required.
    pub enforced: u64,
    /// Users with a factor and at most three unused recovery codes.
    pub recovery_codes_low: u64,
}

/// Number of users who were protected at the end of a week.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Adoption {
    /// End of the week.
    pub at: Timestamp,
    /// Users with a second factor.
    pub with_factor: u64,
    /// Users with a passkey.
    pub with_passkey: u64,
}

impl Adoption {
    /// Duration of a week.
    pub const WEEK: Duration = Duration::from_hours(7 * 24);

    /// Creates the numbers of a week.
    pub const fn new(at: Timestamp, with_factor: u64, with_passkey: u64) -> Self {
        Self { at, with_factor, with_passkey }
    }

    /// Returns the ends of the last weeks, oldest first.
    pub fn ends(now: Timestamp, weeks: u32) -> Vec<Timestamp> {
        let back = |weeks: u32| now.minus(Self::WEEK.saturating_mul(weeks));
        (0..weeks).rev().map(back).collect()
    }
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
