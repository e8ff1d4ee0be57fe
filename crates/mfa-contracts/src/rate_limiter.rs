//! Contract of [`RateLimiter`].

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use mfa_core::testing::ManualClock;
use mfa_core::{Clock as _, RateLimitDecision, RateLimiter, RateRule};

use crate::Subject;
use crate::guard::Guard;
use crate::new_user::NOON;

type LimiterFactory = dyn Fn(u32, Duration, Arc<ManualClock>) -> Arc<dyn RateLimiter>;

/// Maker of rate limiters without any counted attempt.
pub struct RateLimiterFixture {
    make: Box<LimiterFactory>,
    guard: Guard,
}

impl RateLimiterFixture {
    /// Creates a fixture. `make` gets the number of attempts that each [`RateRule`] allows, the window in which it
    /// allows them, and the clock that the limiter must use.
    pub fn new(make: impl Fn(u32, Duration, Arc<ManualClock>) -> Arc<dyn RateLimiter> + 'static) -> Self {
        Self { make: Box::new(make), guard: Guard::default() }
    }
}

impl fmt::Debug for RateLimiterFixture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RateLimiterFixture").field("guard", &self.guard).finish_non_exhaustive()
    }
}

suite! { $ RateLimiter, rate_limiter, RateLimiterFixture, rate_limiter_tests:
    the_full_quota_passes_at_once_and_each_result_has_the_remaining_count,
    waiting_for_retry_after_allows_one_request_and_a_millisecond_less_does_not,
    a_limited_request_costs_nothing_and_a_whole_window_restores_the_quota,
    subjects_and_rules_have_separate_quotas_whatever_their_characters,
    of_two_hundred_concurrent_requests_exactly_the_quota_passes,
    a_clock_set_back_extends_no_limit_beyond_its_window,
}

const IP: RateRule = RateRule::CodeCheckPerIp;

/// The whole quota is allowed at once. Then the next attempt is allowed after the window divided by the quota.
pub fn the_full_quota_passes_at_once_and_each_result_has_the_remaining_count(
    it: &Subject<RateLimiterFixture>,
) {
    let it = it.limiter(5, Duration::from_mins(1));
    for remaining in (0..5).rev() {
        assert_eq!(it.take(IP, "192.0.2.1"), RateLimitDecision::Allowed { remaining });
    }
    assert_eq!(it.take(IP, "192.0.2.1"), RateLimitDecision::Limited { retry_after: 12 });
}

/// `retry_after` is rounded up to whole seconds, and is neither too short nor too long.
pub fn waiting_for_retry_after_allows_one_request_and_a_millisecond_less_does_not(
    it: &Subject<RateLimiterFixture>,
) {
    let it = it.limiter(3, Duration::from_secs(15));
    for _ in 0..3 {
        assert!(it.allows("a"));
    }
    assert_eq!(it.retry_after("a"), 5);
    it.clock.advance(Duration::from_millis(4_999));
    assert_eq!(it.retry_after("a"), 1, "rounded up");
    it.clock.advance(Duration::from_millis(1));
    assert_eq!(it.take(IP, "a"), RateLimitDecision::Allowed { remaining: 0 });
    assert_eq!(it.retry_after("a"), 5);
}

/// Attempts beyond the limit do not extend it. However long a subject waits, it gets no more than its quota.
pub fn a_limited_request_costs_nothing_and_a_whole_window_restores_the_quota(
    it: &Subject<RateLimiterFixture>,
) {
    let it = it.limiter(2, Duration::from_mins(1));
    assert!(it.allows("a") && it.allows("a"));
    for _ in 0..20 {
        assert_eq!(it.retry_after("a"), 30);
    }
    it.clock.advance(Duration::from_mins(1));
    assert_eq!(it.take(IP, "a"), RateLimitDecision::Allowed { remaining: 1 });
    it.clock.advance(Duration::from_hours(1));
    assert_eq!(it.take(IP, "a"), RateLimitDecision::Allowed { remaining: 1 }, "and no more");
}

/// A subject is any text, also an empty or a very long one, and is never taken for another.
pub fn subjects_and_rules_have_separate_quotas_whatever_their_characters(it: &Subject<RateLimiterFixture>) {
    let odd =
        ["", "a", "A", "a}", "{a", "a\0", "a\r\nFLUSHALL\r\n", "2001:db8::/64", "Ünï*?[]", "a' OR 1=1 --"];
    let it = it.limiter(1, Duration::from_mins(1));
    for rule in RateRule::ALL {
        for subject in odd.map(str::to_owned).into_iter().chain(["x".repeat(100_000), "x".repeat(100_001)]) {
            let first = it.take(*rule, &subject);
            assert_eq!(first, RateLimitDecision::Allowed { remaining: 0 }, "{subject:.20}");
            let second = it.take(*rule, &subject);
            assert_eq!(second, RateLimitDecision::Limited { retry_after: 60 }, "{subject:.20}");
        }
    }
}

/// Parallel attempts of one subject share its quota.
pub fn of_two_hundred_concurrent_requests_exactly_the_quota_passes(it: &Subject<RateLimiterFixture>) {
    let limiter = it.limiter(50, Duration::from_hours(1));
    let tries = (0..200).map(|_| {
        let port = limiter.port.clone();
        it.runtime().spawn(async move { port.take(IP, "a").await })
    });
    let verdicts = it.run(join_all(tries));
    let passed =
        verdicts.into_iter().filter(|it| matches!(it, Ok(RateLimitDecision::Allowed { .. }))).count();
    assert_eq!(passed, 50);
}

/// After the clock was set back, a limit ends within one window of the new time.
pub fn a_clock_set_back_extends_no_limit_beyond_its_window(it: &Subject<RateLimiterFixture>) {
    let it = it.limiter(1, Duration::from_secs(10));
    assert!(it.allows("a"));
    it.clock.set(it.clock.now().minus(Duration::from_hours(1)));
    assert_eq!(it.retry_after("a"), 10);
    it.clock.advance(Duration::from_secs(10));
    assert!(it.allows("a"));
}

/// Limiter with its clock.
struct ClockedLimiter<'a> {
    port: Arc<dyn RateLimiter>,
    clock: Arc<ManualClock>,
    subject: &'a Subject<RateLimiterFixture>,
}

impl Subject<RateLimiterFixture> {
    fn limiter(&self, max: u32, window: Duration) -> ClockedLimiter<'_> {
        let clock = Arc::new(ManualClock::at(NOON));
        ClockedLimiter { port: (self.fixture().make)(max, window, clock.clone()), clock, subject: self }
    }
}

impl ClockedLimiter<'_> {
    fn take(&self, rule: RateRule, subject: &str) -> RateLimitDecision {
        self.subject.run(self.port.take(rule, subject))
    }

    fn allows(&self, subject: &str) -> bool {
        matches!(self.take(IP, subject), RateLimitDecision::Allowed { .. })
    }

    fn retry_after(&self, subject: &str) -> u64 {
        match self.take(IP, subject) {
            RateLimitDecision::Limited { retry_after } => retry_after,
            verdict @ RateLimitDecision::Allowed { .. } => panic!("not limited: {verdict:?}"),
        }
    }
}
