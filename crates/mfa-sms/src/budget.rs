//! SMS budgets shared by users: by number, address, prefix, country, and for the whole deployment.

use std::fmt;
use std::time::Duration;

use data_encoding::HEXLOWER;
use mfa_core::{BoxFuture, DigestPurpose, KeyedDigests, StoreError, Timestamp, UserId};

use crate::{BucketDecision, BucketRule, PhoneNumber, RetryDelay, UserBudget};

/// Store of the shared budgets.
///
/// Durable: one timestamp per scope and key, so that neither a restart nor a flushed cache allows new sends.
pub trait SmsBudgets: Send + Sync + fmt::Debug {
    /// Reserves one send in every scope, or in none.
    ///
    /// An implementation locks the rows in the order of the request, which is always the same. So two requests cannot
    /// deadlock.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the send may not be reserved: send nothing.
    fn reserve<'a>(&'a self, request: &'a BudgetRequest)
    -> BoxFuture<'a, Result<BudgetDecision, StoreError>>;
}

/// Scope of a budget, in the order in which rows are locked.
///
/// Exhaustive, so that each scope has a limit and a lock order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BudgetScope {
    /// Verified number of the user, per minute.
    NumberMinute,
    /// Verified number of the user, per hour.
    NumberHour,
    /// Number that is not verified, per minute.
    UnverifiedMinute,
    /// Number that is not verified, per hour.
    UnverifiedHour,
    /// Number that is not verified, per day.
    UnverifiedDay,
    /// Number that is not verified and one user, per day.
    UnverifiedUser,
    /// One client address.
    Ip,
    /// Verified numbers that differ only in their last four digits.
    Prefix,
    /// Numbers that are not verified and differ only in their last four digits.
    UnverifiedPrefix,
    /// Numbers of one country.
    Country,
    /// The whole deployment.
    All,
}

impl BudgetScope {
    /// Returns the name used in rows, logs and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NumberMinute => "number-minute",
            Self::NumberHour => "number-hour",
            Self::UnverifiedMinute => "unverified-minute",
            Self::UnverifiedHour => "unverified-hour",
            Self::UnverifiedDay => "unverified-day",
            Self::UnverifiedUser => "unverified-user",
            Self::Ip => "ip",
            Self::Prefix => "prefix",
            Self::UnverifiedPrefix => "unverified-prefix",
            Self::Country => "country",
            Self::All => "all",
        }
    }
}

/// Whether a number is the verified number of the user who requests a send.
///
/// Anyone can ask for a confirmation to any number. Therefore such sends have budgets of their own, which are smaller:
/// they take nothing from the logins of the number's owner.
///
/// Exhaustive, so that each case has its budgets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NumberOwnership {
    /// It is the verified number of the user.
    Verified,
    /// It is not, or not yet, the number of this user.
    Unverified(UserId),
}

/// Limits of the shared budgets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BudgetLimits {
    /// Messages to one number. The same limits as for one user. A number that is not verified also gets at most three times
    /// as many a day as an hour, and twice as many from one user.
    pub number: UserBudget,
    /// Messages from one client address per hour.
    pub ip_per_hour: u32,
    /// Messages to numbers of one prefix per hour: as many to verified numbers, and as many to others.
    pub prefix_per_hour: u32,
    /// Messages to numbers of one country per day.
    pub country_per_day: u32,
    /// Messages of the whole deployment per day.
    pub all_per_day: u32,
}

/// Bucket from which a send is taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BudgetEntry {
    /// Scope of the budget.
    pub scope: BudgetScope,
    /// Key within the scope: digest of a number or prefix, address, country, or empty for the whole deployment.
    pub key: String,
    /// Size of the bucket.
    pub rule: BucketRule,
}

/// Request to reserve one send in every shared budget.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BudgetRequest {
    lines: Vec<BudgetEntry>,
    now: Timestamp,
}

/// Result of a reservation.
///
/// Exhaustive, so that a caller cannot overlook a refusal.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BudgetDecision {
    /// The send is reserved in every scope.
    Reserved,
    /// A budget is exhausted. The send is counted in no scope.
    Exhausted {
        /// Scope with the longest wait.
        scope: BudgetScope,
        /// Time until the next send, in whole seconds.
        wait: RetryDelay,
    },
}

/// Result of a reservation with the values to store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReservationResult {
    /// Result of the reservation.
    pub verdict: BudgetDecision,
    /// Value to store for each entry of the request, in its order. A rejection counts nothing, but may correct a time
    /// from before the clock was set back.
    pub full_at: Vec<Timestamp>,
}

impl BudgetRequest {
    /// Creates the request for a send to this number from this address, with one entry per bucket.
    ///
    /// One user cannot use up the day of a number that is not verified: its owner can still confirm it.
    ///
    /// `ip` is the address as it is counted (IPv6 by its /64). Numbers and prefixes are stored only as keyed digests.
    /// A new key therefore starts new budgets for both.
    pub fn new(
        number: &PhoneNumber,
        ownership: NumberOwnership,
        ip: &str,
        limits: &BudgetLimits,
        digests: &dyn KeyedDigests,
        now: Timestamp,
    ) -> Self {
        const MINUTE: Duration = Duration::from_mins(1);
        const HOUR: Duration = Duration::from_hours(1);
        const DAY: Duration = Duration::from_hours(24);
        const UNVERIFIED_HOURS_A_DAY: u32 = 3;
        const HOURS_A_DAY_AND_USER: u32 = 2;
        let digest =
            |text: &str| HEXLOWER.encode(&digests.digest(DigestPurpose::PhoneNumber, text.as_bytes()).bytes);
        let of_number = digest(number.e164());
        let line = |scope, key: String, capacity, window| BudgetEntry {
            scope,
            key,
            rule: BucketRule { capacity, window },
        };
        let UserBudget { per_minute, per_hour } = limits.number;
        let (mut lines, prefix) = match ownership {
            NumberOwnership::Verified => (
                vec![
                    line(BudgetScope::NumberMinute, of_number.clone(), per_minute, MINUTE),
                    line(BudgetScope::NumberHour, of_number, per_hour, HOUR),
                ],
                BudgetScope::Prefix,
            ),
            NumberOwnership::Unverified(user) => {
                let per_day = per_hour.saturating_mul(UNVERIFIED_HOURS_A_DAY);
                let per_user = per_hour.saturating_mul(HOURS_A_DAY_AND_USER);
                let of_user = digest(&format!("{user} {}", number.e164()));
                let lines = vec![
                    line(BudgetScope::UnverifiedMinute, of_number.clone(), per_minute, MINUTE),
                    line(BudgetScope::UnverifiedHour, of_number.clone(), per_hour, HOUR),
                    line(BudgetScope::UnverifiedDay, of_number, per_day, DAY),
                    line(BudgetScope::UnverifiedUser, of_user, per_user, DAY),
                ];
                (lines, BudgetScope::UnverifiedPrefix)
            }
        };
        lines.extend([
            line(BudgetScope::Ip, ip.to_owned(), limits.ip_per_hour, HOUR),
            line(prefix, digest(number.prefix()), limits.prefix_per_hour, HOUR),
            line(BudgetScope::Country, number.country().to_owned(), limits.country_per_day, DAY),
            line(BudgetScope::All, String::new(), limits.all_per_day, DAY),
        ]);
        Self { lines, now }
    }

    /// Returns the buckets in the order in which their rows are locked.
    pub fn lines(&self) -> &[BudgetEntry] {
        &self.lines
    }

    /// Computes the result and the values to store from the stored values, in the order of the entries.
    ///
    /// All stores use this function. `None` means that the bucket was never used.
    pub fn settle(&self, stored: &[Option<Timestamp>]) -> ReservationResult {
        let stored = stored.iter().copied().chain(std::iter::repeat(None));
        let asked = self.lines.iter().zip(stored);
        let takes: Vec<_> = asked.map(|(line, at)| (line.scope, at, line.rule.take(at, self.now))).collect();
        let refusals = takes.iter().filter_map(|(scope, _, take)| match take {
            BucketDecision::Taken { .. } => None,
            BucketDecision::Empty { wait, .. } => Some((*scope, *wait)),
        });
        let Some((scope, wait)) = refusals.max_by_key(|(_, wait)| *wait) else {
            let full_at = takes.into_iter().map(|(_, _, take)| match take {
                BucketDecision::Taken { full_at } | BucketDecision::Empty { full_at, .. } => full_at,
            });
            return ReservationResult { verdict: BudgetDecision::Reserved, full_at: full_at.collect() };
        };
        let full_at = takes.into_iter().map(|(_, at, take)| match take {
            BucketDecision::Taken { .. } => at.unwrap_or(self.now),
            BucketDecision::Empty { full_at, .. } => full_at,
        });
        ReservationResult { verdict: BudgetDecision::Exhausted { scope, wait }, full_at: full_at.collect() }
    }
}

#[cfg(test)]
mod tests {
    use futures::executor::block_on;
    use mfa_core::testing::TestDigests;

    use super::*;
    use crate::testing::MemorySmsBudgets;

    const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);
    const LIMITS: BudgetLimits = BudgetLimits {
        number: UserBudget { per_minute: 1, per_hour: 3 },
        ip_per_hour: 20,
        prefix_per_hour: 50,
        country_per_day: 2_000,
        all_per_day: 10_000,
    };

    fn request(number: &str, ip: &str, limits: &BudgetLimits, now: Timestamp) -> BudgetRequest {
        let number = PhoneNumber::parse(number, "FR").unwrap();
        BudgetRequest::new(&number, NumberOwnership::Verified, ip, limits, &TestDigests, now)
    }

    /// Returns the request of a user for a confirmation, from an address of their own.
    fn confirmation(number: &str, user: i64, now: Timestamp) -> BudgetRequest {
        let number = PhoneNumber::parse(number, "FR").unwrap();
        let (ownership, ip) = (NumberOwnership::Unverified(UserId::new(user)), format!("192.0.2.{user}"));
        BudgetRequest::new(&number, ownership, &ip, &LIMITS, &TestDigests, now)
    }

    fn refused_by(budgets: &MemorySmsBudgets, request: &BudgetRequest) -> Option<(BudgetScope, u64)> {
        match block_on(budgets.reserve(request)).unwrap() {
            BudgetDecision::Reserved => None,
            BudgetDecision::Exhausted { scope, wait } => Some((scope, wait.seconds)),
        }
    }

    /// Returns a mobile number of one prefix.
    fn neighbour(line: u32) -> String {
        format!("061234{line:04}")
    }

    #[test]
    fn scopes_come_in_one_order_and_numbers_as_digests() {
        let request = request("0612345612", "192.0.2.1", &LIMITS, NOW);
        let scopes: Vec<&str> = request.lines().iter().map(|it| it.scope.as_str()).collect();
        assert_eq!(scopes, ["number-minute", "number-hour", "ip", "prefix", "country", "all"]);
        assert!(request.lines().is_sorted_by_key(|it| it.scope));
        let shown = format!("{request:?}");
        assert!(!shown.contains("612345") && shown.contains("192.0.2.1"), "{shown}");
        let key = |text: &str| {
            HEXLOWER.encode(&TestDigests.digest(DigestPurpose::PhoneNumber, text.as_bytes()).bytes)
        };
        let keys: Vec<&str> = request.lines().iter().map(|it| it.key.as_str()).collect();
        let (number, prefix) = (key("+33612345612"), key("+3361234"));
        assert_eq!(keys, [&number, &number, "192.0.2.1", prefix.as_str(), "FR", ""]);
    }

    #[test]
    fn confirmations_have_their_own_scopes_in_the_same_order() {
        let request = confirmation("0612345612", 7, NOW);
        let scopes: Vec<&str> = request.lines().iter().map(|it| it.scope.as_str()).collect();
        let expected = [
            "unverified-minute",
            "unverified-hour",
            "unverified-day",
            "unverified-user",
            "ip",
            "unverified-prefix",
            "country",
            "all",
        ];
        assert_eq!(scopes, expected);
        assert!(request.lines().is_sorted_by_key(|it| it.scope));
        assert!(!format!("{request:?}").contains("612345"));
        let of_user = |user| confirmation("0612345612", user, NOW).lines()[3].key.clone();
        assert_ne!(of_user(7), of_user(8));
    }

    #[test]
    fn confirmations_by_strangers_take_nothing_from_the_logins_of_the_owner() {
        let budgets = MemorySmsBudgets::default();
        for user in 0..60 {
            let _ = refused_by(&budgets, &confirmation("0612345612", user, NOW));
            let _ = refused_by(&budgets, &confirmation(&neighbour(u32::try_from(user).unwrap()), user, NOW));
        }
        for minute in 0..3 {
            let now = NOW.plus(Duration::from_mins(minute));
            assert_eq!(refused_by(&budgets, &request("0612345612", "192.0.2.99", &LIMITS, now)), None);
        }
    }

    #[test]
    fn a_number_gets_few_confirmations_a_day_and_one_user_takes_no_more_than_two_thirds() {
        let budgets = MemorySmsBudgets::default();
        let sent = |minutes: std::ops::Range<u64>, user: &dyn Fn(u64) -> i64| {
            let at = |minute| NOW.plus(Duration::from_mins(minute));
            let is_sent = |minute: &u64| {
                refused_by(&budgets, &confirmation("0612345612", user(*minute), at(*minute))).is_none()
            };
            minutes.filter(is_sent).count()
        };
        assert_eq!(sent(0..180, &|_| 1), 6, "one user in three hours");
        assert_eq!(sent(180..240, &|_| 2), 4, "the owner still confirms, and one has flowed back");
        let strangers = sent(240..1_440, &|minute| i64::try_from(minute).unwrap());
        assert!(strangers <= 8, "{strangers}: what flows back in a day, whoever asks");
    }

    #[test]
    fn one_number_is_sent_to_once_a_minute_for_all_users_together() {
        let budgets = MemorySmsBudgets::default();
        assert_eq!(refused_by(&budgets, &request("0612345612", "192.0.2.1", &LIMITS, NOW)), None);
        let again = request("+33 6 12 34 56 12", "192.0.2.2", &LIMITS, NOW);
        assert_eq!(refused_by(&budgets, &again), Some((BudgetScope::NumberMinute, 60)));
        let minute = |n: u64| request("0612345612", "192.0.2.2", &LIMITS, NOW.plus(Duration::from_mins(n)));
        assert_eq!(refused_by(&budgets, &minute(1)), None);
        assert_eq!(refused_by(&budgets, &minute(2)), None);
        assert_eq!(refused_by(&budgets, &minute(3)), Some((BudgetScope::NumberHour, 17 * 60)));
    }

    #[test]
    fn each_scope_has_its_own_ceiling() {
        let few = BudgetLimits {
            number: UserBudget { per_minute: 100, per_hour: 100 },
            ip_per_hour: 100,
            prefix_per_hour: 100,
            country_per_day: 100,
            all_per_day: 100,
        };
        for (limits, scope, other) in [
            (BudgetLimits { ip_per_hour: 2, ..few }, BudgetScope::Ip, ("0698765432", "192.0.2.2")),
            (BudgetLimits { prefix_per_hour: 2, ..few }, BudgetScope::Prefix, ("0698765432", "192.0.2.1")),
            (BudgetLimits { country_per_day: 2, ..few }, BudgetScope::Country, ("+32470123456", "192.0.2.1")),
        ] {
            let budgets = MemorySmsBudgets::default();
            for line in 0..2 {
                assert_eq!(refused_by(&budgets, &request(&neighbour(line), "192.0.2.1", &limits, NOW)), None);
            }
            let refused = refused_by(&budgets, &request(&neighbour(2), "192.0.2.1", &limits, NOW));
            assert_eq!(refused.map(|(by, _)| by), Some(scope));
            assert_eq!(refused_by(&budgets, &request(other.0, other.1, &limits, NOW)), None, "{scope:?}");
        }
        let limits = BudgetLimits { all_per_day: 1, ..few };
        let budgets = MemorySmsBudgets::default();
        assert_eq!(refused_by(&budgets, &request("0612345612", "192.0.2.1", &limits, NOW)), None);
        let other = request("+32470123456", "192.0.2.2", &limits, NOW);
        assert_eq!(refused_by(&budgets, &other), Some((BudgetScope::All, 86_400)));
    }

    #[test]
    fn a_refusal_by_one_scope_counts_in_none() {
        let budgets = MemorySmsBudgets::default();
        let limits = BudgetLimits { country_per_day: 3, ..LIMITS };
        assert_eq!(refused_by(&budgets, &request("0612345612", "192.0.2.1", &limits, NOW)), None);
        for _ in 0..10 {
            let refused = refused_by(&budgets, &request("0612345612", "192.0.2.1", &limits, NOW));
            assert_eq!(refused, Some((BudgetScope::NumberMinute, 60)));
        }
        for line in 0..2 {
            assert_eq!(refused_by(&budgets, &request(&neighbour(line), "192.0.2.1", &limits, NOW)), None);
        }
    }

    #[test]
    fn the_longest_wait_is_told() {
        let limits = BudgetLimits { all_per_day: 1, ..LIMITS };
        let budgets = MemorySmsBudgets::default();
        let request = request("0612345612", "192.0.2.1", &limits, NOW);
        assert_eq!(refused_by(&budgets, &request), None);
        assert_eq!(refused_by(&budgets, &request), Some((BudgetScope::All, 86_400)));
    }

    #[test]
    fn a_clock_that_went_back_is_made_good_by_the_first_refusal() {
        let budgets = MemorySmsBudgets::default();
        let at = |seconds| request("0612345612", "192.0.2.1", &LIMITS, Timestamp::from_seconds(seconds));
        assert_eq!(refused_by(&budgets, &at(1_700_000_000)), None);
        assert_eq!(refused_by(&budgets, &at(1_600_000_000)), Some((BudgetScope::NumberHour, 1_200)));
        assert_eq!(refused_by(&budgets, &at(1_600_001_200)), None);
    }
}
