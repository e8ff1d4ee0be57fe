use mfa_core::Timestamp;
use mfa_core::testing::ManualClock;
use proptest::prelude::*;

use super::*;

const IP: RateRule = RateRule::CodeCheckPerIp;

fn quotas(max: u32, window: Duration) -> Quotas {
    let quota = Quota::new(max, window).unwrap();
    Quotas {
        code_check_per_ip: quota,
        recovery_per_user: quota,
        login_per_user: quota,
        login_per_name: quota,
        login_per_ip: quota,
        regenerate_per_user: quota,
        enrol_per_user: quota,
        backup_per_user: quota,
        change_per_admin: quota,
    }
}

fn limiter(max: u32, seconds: u64) -> (MemoryRateLimiter, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::at(Timestamp::from_seconds(1_800_000_000)));
    (MemoryRateLimiter::with_clock(quotas(max, Duration::from_secs(seconds)), clock.clone()), clock)
}

fn allowed(verdict: RateLimitDecision) -> bool {
    matches!(verdict, RateLimitDecision::Allowed { .. })
}

fn retry_after(verdict: RateLimitDecision) -> u64 {
    match verdict {
        RateLimitDecision::Limited { retry_after } => retry_after,
        RateLimitDecision::Allowed { .. } => panic!("{verdict:?}"),
    }
}

#[test]
fn as_many_as_the_quota_pass_at_once_and_the_rest_is_returned() {
    let (limiter, _) = limiter(10, 60);
    for left in (0..10).rev() {
        assert_eq!(limiter.take_now(IP, "192.0.2.1"), RateLimitDecision::Allowed { remaining: left });
    }
    assert_eq!(limiter.take_now(IP, "192.0.2.1"), RateLimitDecision::Limited { retry_after: 6 });
}

#[test]
fn the_port_answers_like_the_monotonic_limiter_itself() {
    let limiter = MemoryRateLimiter::new(quotas(2, Duration::from_hours(1)));
    let take =
        || tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(limiter.take(IP, "a"));
    assert!(allowed(take()));
    assert!(allowed(take()));
    assert!((1799..=1800).contains(&retry_after(take())));
}

#[test]
fn subjects_and_rules_do_not_share_a_quota() {
    let (limiter, _) = limiter(1, 60);
    for rule in RateRule::ALL {
        for subject in ["a", "b"] {
            assert!(allowed(limiter.take_now(*rule, subject)), "{rule:?} {subject}");
            assert!(!allowed(limiter.take_now(*rule, subject)), "{rule:?} {subject}");
        }
    }
}

#[test]
fn a_refused_try_costs_nothing() {
    let (limiter, clock) = limiter(1, 10);
    assert!(allowed(limiter.take_now(IP, "a")));
    for _ in 0..100 {
        assert_eq!(retry_after(limiter.take_now(IP, "a")), 10);
    }
    clock.advance(Duration::from_secs(10));
    assert!(allowed(limiter.take_now(IP, "a")));
}

#[test]
fn a_clock_set_back_by_an_hour_prolongs_no_limit() {
    let (limiter, clock) = limiter(1, 10);
    assert!(allowed(limiter.take_now(IP, "a")));
    clock.set(Timestamp::from_seconds(1_800_000_000 - 3600));
    assert_eq!(retry_after(limiter.take_now(IP, "a")), 10);
    clock.advance(Duration::from_secs(10));
    assert!(allowed(limiter.take_now(IP, "a")));
}

#[test]
fn a_clock_that_leaps_to_the_end_of_time_stops_no_limiter() {
    let (limiter, clock) = limiter(1, 60);
    assert!(allowed(limiter.take_now(IP, "a")));
    for to in [i64::MAX, i64::MIN, i64::MAX, 0] {
        clock.set(Timestamp::from_millis(to));
        let _ = limiter.take_now(IP, "a");
    }
}

#[test]
fn a_flood_of_addresses_loosens_no_limit_and_keeps_to_its_memory() {
    let (limiter, clock) = limiter(2, 60);
    assert!(allowed(limiter.take_now(IP, "hot")) && allowed(limiter.take_now(IP, "hot")));
    for n in 0..300_000_u32 {
        let _ = limiter.take_now(IP, &n.to_string());
    }
    assert!(limiter.code_check_per_ip.governor.len() <= MAX_SUBJECTS + 1024);
    assert!(!allowed(limiter.take_now(IP, "hot")), "a hot subject is still limited");
    let passed = (0..10_000).filter(|n| allowed(limiter.take_now(IP, &format!("late-{n}")))).count();
    assert!(passed <= 2 * 1024, "new subjects share a limit: {passed}");

    clock.advance(Duration::from_mins(2));
    assert!(allowed(limiter.take_now(IP, "late-1")));
    assert!(limiter.code_check_per_ip.governor.len() <= 1, "and old failures are dropped");
}

#[test]
fn subjects_with_their_whole_quota_are_removed() {
    let (limiter, clock) = limiter(10, 60);
    for n in 0..1000 {
        let _ = limiter.take_now(IP, &format!("once-{n}"));
    }
    clock.advance(Duration::from_secs(61));
    let _ = limiter.take_now(IP, "other");
    assert_eq!(limiter.code_check_per_ip.governor.len(), 1);
}

#[test]
fn many_threads_together_pass_as_often_as_one() {
    let (limiter, _) = limiter(50, 60);
    let passed = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..25 {
                    passed.fetch_add(u64::from(allowed(limiter.take_now(IP, "a"))), Ordering::Relaxed);
                }
            });
        }
    });
    assert_eq!(passed.into_inner(), 50);
}

proptest! {
    #[test]
    fn a_try_after_the_retry_time_passes(
        max in 1_u32..100,
        window_millis in 100_u64..600_000,
        pauses in proptest::collection::vec(0_u64..5_000, 1..60),
    ) {
        let clock = Arc::new(ManualClock::at(Timestamp::from_seconds(1_800_000_000)));
        let limiter =
            MemoryRateLimiter::with_clock(quotas(max, Duration::from_millis(window_millis)), clock.clone());
        for pause in pauses {
            if let RateLimitDecision::Limited { retry_after } = limiter.take_now(IP, "a") {
                prop_assert!(retry_after >= 1);
                clock.advance(Duration::from_secs(retry_after));
                prop_assert!(allowed(limiter.take_now(IP, "a")));
            }
            clock.advance(Duration::from_millis(pause));
        }
    }
}
