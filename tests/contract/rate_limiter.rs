//! Contract of `RateLimiter`.

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use mfa_core::testing::ManualClock;
use mfa_core::{RateLimitDecision, RateLimiter, RateRule};
use mfa_infra::memory::MemoryRateLimiter;
use mfa_infra::redis::RedisState;
use nova_mfa_tests::{NOON, redis_url};
use tokio::runtime::Runtime;

use crate::redis::{LONG, Limits, own_prefix, quotas};

const IP: RateRule = RateRule::CodeCheckPerIp;

/// Adapter and its clock.
struct Limiter {
    name: &'static str,
    port: Arc<dyn RateLimiter>,
    clock: Arc<ManualClock>,
    runtime: Runtime,
}

impl Limiter {
    fn take(&self, rule: RateRule, subject: &str) -> RateLimitDecision {
        self.runtime.block_on(self.port.take(rule, subject))
    }

    fn allows(&self, subject: &str) -> bool {
        matches!(self.take(IP, subject), RateLimitDecision::Allowed { .. })
    }

    fn retry_after(&self, subject: &str) -> u64 {
        match self.take(IP, subject) {
            RateLimitDecision::Limited { retry_after } => retry_after,
            verdict @ RateLimitDecision::Allowed { .. } => panic!("{}: {verdict:?}", self.name),
        }
    }
}

/// Runs a test on every limiter, in which every rule allows `max` in `window`.
fn on_every_limiter(max: u32, window: Duration, suite: impl Fn(&Limiter)) {
    let clock = Arc::new(ManualClock::at(NOON));
    let memory = MemoryRateLimiter::with_clock(quotas(max, window), clock.clone());
    let runtime = Runtime::new().unwrap();
    suite(&Limiter { name: "memory", port: Arc::new(memory), clock, runtime });

    // The local share would be one request, so the test detects any request that Redis did not decide.
    let limits = Limits { max, window, servers: 1000, deadline: LONG };
    let (url, prefix) = (redis_url(), own_prefix());
    let redis = limits.over(&url, &prefix);
    let clock = redis.clock.clone();
    suite(&Limiter { name: "Redis", port: redis.limiter.clone(), clock, runtime: Runtime::new().unwrap() });
    assert_eq!(redis.limiter.state(), RedisState::Ready);
}

#[test]
fn the_full_quota_passes_at_once_and_each_result_has_the_remaining_count() {
    on_every_limiter(5, Duration::from_mins(1), |it| {
        for remaining in (0..5).rev() {
            assert_eq!(it.take(IP, "192.0.2.1"), RateLimitDecision::Allowed { remaining }, "{}", it.name);
        }
        assert_eq!(it.take(IP, "192.0.2.1"), RateLimitDecision::Limited { retry_after: 12 }, "{}", it.name);
    });
}

#[test]
fn waiting_for_retry_after_allows_one_request_and_a_millisecond_less_does_not() {
    on_every_limiter(3, Duration::from_secs(15), |it| {
        for _ in 0..3 {
            assert!(it.allows("a"), "{}", it.name);
        }
        assert_eq!(it.retry_after("a"), 5, "{}", it.name);
        it.clock.advance(Duration::from_millis(4_999));
        assert_eq!(it.retry_after("a"), 1, "{}: rounded up", it.name);
        it.clock.advance(Duration::from_millis(1));
        assert_eq!(it.take(IP, "a"), RateLimitDecision::Allowed { remaining: 0 }, "{}", it.name);
        assert_eq!(it.retry_after("a"), 5, "{}", it.name);
    });
}

#[test]
fn a_limited_request_costs_nothing_and_a_whole_window_restores_the_quota() {
    on_every_limiter(2, Duration::from_mins(1), |it| {
        assert!(it.allows("a") && it.allows("a"), "{}", it.name);
        for _ in 0..20 {
            assert_eq!(it.retry_after("a"), 30, "{}", it.name);
        }
        it.clock.advance(Duration::from_mins(1));
        assert_eq!(it.take(IP, "a"), RateLimitDecision::Allowed { remaining: 1 }, "{}", it.name);
        it.clock.advance(Duration::from_hours(1));
        assert_eq!(it.take(IP, "a"), RateLimitDecision::Allowed { remaining: 1 }, "{}: and no more", it.name);
    });
}

#[test]
fn subjects_and_rules_have_separate_quotas_whatever_their_characters() {
    let odd =
        ["", "a", "A", "a}", "{a", "a\0", "a\r\nFLUSHALL\r\n", "2001:db8::/64", "Ünï*?[]", "a' OR 1=1 --"];
    on_every_limiter(1, Duration::from_mins(1), |it| {
        for rule in RateRule::ALL {
            for subject in
                odd.map(str::to_owned).into_iter().chain(["x".repeat(100_000), "x".repeat(100_001)])
            {
                let first = it.take(*rule, &subject);
                assert_eq!(first, RateLimitDecision::Allowed { remaining: 0 }, "{}: {subject:.20}", it.name);
                let second = it.take(*rule, &subject);
                assert_eq!(
                    second,
                    RateLimitDecision::Limited { retry_after: 60 },
                    "{}: {subject:.20}",
                    it.name
                );
            }
        }
    });
}

#[test]
fn of_two_hundred_concurrent_requests_exactly_the_quota_passes() {
    on_every_limiter(50, Duration::from_hours(1), |it| {
        let tries = (0..200).map(|_| {
            let port = it.port.clone();
            it.runtime.spawn(async move { port.take(IP, "a").await })
        });
        let verdicts = it.runtime.block_on(join_all(tries));
        let passed =
            verdicts.into_iter().filter(|it| matches!(it, Ok(RateLimitDecision::Allowed { .. }))).count();
        assert_eq!(passed, 50, "{}", it.name);
    });
}

#[test]
fn a_clock_set_back_extends_no_limit_beyond_its_window() {
    on_every_limiter(1, Duration::from_secs(10), |it| {
        assert!(it.allows("a"), "{}", it.name);
        it.clock.set(NOON.minus(Duration::from_hours(1)));
        assert_eq!(it.retry_after("a"), 10, "{}", it.name);
        it.clock.advance(Duration::from_secs(10));
        assert!(it.allows("a"), "{}", it.name);
    });
}
