//! Tests of Redis failures, during which a local limit applies.

use std::time::Duration;

use futures::future::join_all;
use mfa_core::{RateLimitDecision, RateLimiter as _, RateRule};
use mfa_infra::redis::{RedisRateLimiter, RedisState};
use nova_mfa_tests::{free_port, redis_url, timed};
use tokio::runtime::Runtime;

use super::limits::{LONG, Limited, Limits, own_prefix};
use super::proxy::Proxy;
use super::server::RedisServer;

const AWAY: &str = "ERROR: Redis does not answer: this server applies a local rate limit";
const BACK: &str = "INFO: Redis answers again: rate limits are shared";

fn limited_at(verdict: RateLimitDecision) -> bool {
    matches!(verdict, RateLimitDecision::Limited { .. })
}

#[test]
fn without_redis_each_server_allows_its_share_and_logs_the_outage_once() {
    let nobody = format!("redis://127.0.0.1:{}", free_port());
    let it = Limits { servers: 5, ..Limits::an_hour(10) }.over(&nobody, &own_prefix());
    assert_eq!(it.limiter.state(), RedisState::Ready, "nobody has asked yet");
    assert_eq!(it.check(), RedisState::Away);
    assert_eq!(it.passing(10, "a"), 2);
    assert_eq!(it.passing(10, "b"), 2);
    assert_eq!(it.limiter.state(), RedisState::Away);
    assert_eq!(it.check_after_the_pause(), RedisState::Away);
    assert_eq!(it.lines.all(), [AWAY]);
    assert_eq!(
        it.take("a"),
        RateLimitDecision::Limited { retry_after: 1795 },
        "a share takes five times as long"
    );
}

#[test]
fn an_emptied_redis_restarts_the_windows_and_nothing_else() {
    let server = RedisServer::start();
    let it = Limits::an_hour(3).over(&server.url(), &own_prefix());
    assert_eq!(it.passing(5, "a"), 3);
    assert_eq!(server.command(&["FLUSHALL"]), "+OK");
    assert_eq!(it.passing(5, "a"), 3);
    assert_eq!(it.limiter.state(), RedisState::Ready);
    assert_eq!(it.lines.all(), [""; 0]);
}

#[test]
fn a_flushed_script_is_loaded_again() {
    let server = RedisServer::start();
    let it = Limits { servers: 1000, ..Limits::an_hour(6) }.over(&server.url(), &own_prefix());
    for _ in 0..6 {
        assert!(!limited_at(it.take("a")));
        assert_eq!(server.command(&["SCRIPT", "FLUSH"]), "+OK");
    }
    assert!(limited_at(it.take("a")));
}

/// Placeholder for the key of the subject.
const KEY: &str = "KEY";

#[test]
fn a_key_with_a_wrong_type_is_limited_locally() {
    let fills: [&[&[&str]]; 5] = [
        &[&["SET", KEY, "many"]],
        &[&["SET", KEY, ""]],
        &[&["SET", KEY, "-1"]],
        &[&["SET", KEY, "00000000000000000000000000"]],
        &[&["DEL", KEY], &["RPUSH", KEY, "0"]],
    ];
    for (case, fill) in fills.iter().enumerate() {
        let server = RedisServer::start();
        let it = Limits::an_hour(4).over(&server.url(), &own_prefix());
        assert_eq!(it.passing(1, "a"), 1);
        let key = server.command(&["RANDOMKEY"]);
        for command in *fill {
            let words: Vec<_> = command.iter().map(|word| if *word == KEY { &key } else { *word }).collect();
            server.command(&words);
        }
        assert_eq!(it.passing(10, "a"), 3, "case {case}: with the one from before, four");
        assert_eq!(it.limiter.state(), RedisState::Away, "case {case}");
        server.command(&["DEL", &key]);
        assert_eq!(it.check_after_the_pause(), RedisState::Ready, "case {case}");
        assert_eq!(it.passing(10, "a"), 4, "case {case}: Redis counts again");
        assert_eq!(it.lines.all(), [AWAY, BACK], "case {case}");
    }
}

#[test]
fn a_key_with_a_wrong_type_fails_no_other_request_of_the_same_call() {
    let server = RedisServer::start();
    let it = Limits::an_hour(4).over(&server.url(), &own_prefix());
    assert_eq!(it.passing(1, "wrong"), 1);
    let key = server.command(&["RANDOMKEY"]);
    server.command(&["DEL", &key]);
    server.command(&["RPUSH", &key, "0"]);

    let subjects: Vec<String> =
        (0..20).map(|n| if n == 10 { "wrong".to_owned() } else { n.to_string() }).collect();
    let takes = subjects.iter().map(|subject| it.limiter.take(RateRule::CodeCheckPerIp, subject));
    let verdicts = it.runtime.block_on(join_all(takes));
    for (subject, verdict) in subjects.iter().zip(verdicts) {
        let remaining = if subject == "wrong" { 2 } else { 3 };
        assert_eq!(verdict, RateLimitDecision::Allowed { remaining }, "{subject}");
    }
    assert_eq!(server.command(&["DBSIZE"]), ":20", "Redis counted the others");
    assert_eq!(it.limiter.state(), RedisState::Ready);
    assert_eq!(it.lines.all(), [""; 0]);
}

#[test]
fn a_time_too_far_in_the_future_is_capped_at_the_window() {
    let server = RedisServer::start();
    let limits = Limits { servers: 1000, window: Duration::from_secs(20), ..Limits::an_hour(2) };
    let it = limits.over(&server.url(), &own_prefix());
    assert_eq!(it.passing(1, "a"), 1);
    let key = server.command(&["RANDOMKEY"]);
    server.command(&["SET", &key, "9999999999999999"]);
    assert_eq!(it.take("a"), RateLimitDecision::Limited { retry_after: 10 });
    it.clock.advance(Duration::from_secs(10));
    assert_eq!(it.take("a"), RateLimitDecision::Allowed { remaining: 0 });
}

#[test]
fn a_slow_redis_delays_three_calls_up_to_their_deadline_and_the_limit_holds() {
    let server = RedisServer::start();
    let proxy = Proxy::to(server.port());
    let limits = Limits { servers: 2, deadline: RedisRateLimiter::DEADLINE, ..Limits::an_hour(20) };
    let it = limits.over(&proxy.url(), &own_prefix());
    // Pooled connections that broke while idle must not each cost a timeout.
    let together = |n: u32| {
        let tries = (0..n).map(|_| it.limiter.take(RateRule::LoginPerIp, "others"));
        it.runtime.block_on(join_all(tries))
    };
    drop(together(8));

    proxy.slow_down(Duration::from_secs(5));
    let mut passed = 0;
    for n in 0..30 {
        let (verdict, took) = timed(|| it.take("a"));
        passed += u32::from(!limited_at(verdict));
        // The deadline is 200 ms. The rest is a margin for a machine busy with other tests.
        let most = if n < 3 { 600 } else { 150 };
        assert!(took < Duration::from_millis(most), "call {n} took {took:?}");
    }
    assert_eq!(passed, 10, "half of the quota");
    assert_eq!(it.limiter.state(), RedisState::Away);
    assert_eq!(it.lines.all(), [AWAY]);
}

fn six_of_ten_and_cut() -> (RedisServer, Proxy, Limited) {
    let server = RedisServer::start();
    let proxy = Proxy::to(server.port());
    let it = Limits::an_hour(10).over(&proxy.url(), &own_prefix());
    assert_eq!(it.passing(6, "a"), 6);
    proxy.cut();
    (server, proxy, it)
}

#[test]
fn quota_used_before_a_lost_connection_stays_used() {
    let (_server, _proxy, it) = six_of_ten_and_cut();
    assert_eq!(it.passing(4, "a"), 4);
    assert!(limited_at(it.take("a")), "the eleventh");
    assert_eq!(it.limiter.state(), RedisState::Away);
}

#[test]
fn redis_is_used_again_when_it_is_reachable() {
    let (_server, proxy, it) = six_of_ten_and_cut();
    assert_eq!(it.passing(3, "a"), 3);
    assert_eq!(it.limiter.state(), RedisState::Away);
    proxy.restore();
    assert_eq!(it.check(), RedisState::Away, "not asked during the pause");
    assert_eq!(it.passing(3, "b"), 3);
    assert_eq!(it.check_after_the_pause(), RedisState::Ready);
    assert_eq!(it.take("a"), RateLimitDecision::Allowed { remaining: 3 }, "Redis counted six");
    assert_eq!(it.lines.all(), [AWAY, BACK]);
}

#[test]
fn a_restarted_redis_costs_one_call() {
    let server = RedisServer::start();
    let proxy = Proxy::to(server.port());
    let it = Limits { servers: 1000, ..Limits::an_hour(10) }.over(&proxy.url(), &own_prefix());
    let together = (0..8).map(|_| it.limiter.take(RateRule::LoginPerIp, "others"));
    drop(it.runtime.block_on(join_all(together)));
    proxy.cut();
    proxy.restore();
    assert_eq!(it.take("a"), RateLimitDecision::Allowed { remaining: 0 }, "by itself");
    assert_eq!(it.take("a"), RateLimitDecision::Allowed { remaining: 9 });
    assert_eq!(it.limiter.state(), RedisState::Ready);
}

#[test]
fn callers_can_use_any_runtime_or_none_and_a_stopped_one_means_local_limits() {
    let limits = Limits { servers: 1000, ..Limits::an_hour(3) };
    let it = limits.over(&redis_url(), &own_prefix());
    let take = || it.limiter.take(RateRule::CodeCheckPerIp, "a");
    assert_eq!(futures::executor::block_on(take()), RateLimitDecision::Allowed { remaining: 2 });
    let without_timers = tokio::runtime::Builder::new_current_thread().build().unwrap();
    assert_eq!(without_timers.block_on(take()), RateLimitDecision::Allowed { remaining: 1 });

    let limiter = it.limiter.clone();
    it.runtime.shutdown_timeout(LONG);
    let alone = limiter.take(RateRule::CodeCheckPerIp, "a");
    assert!(limited_at(futures::executor::block_on(alone)), "the share is used up");
}

#[test]
fn in_production_the_redis_clock_decides_and_keys_expire() {
    let (server, runtime) = (RedisServer::start(), Runtime::new().unwrap());
    let limits = Limits { servers: 1000, ..Limits::an_hour(2) };
    let servers = [(); 2].map(|()| limits.by_the_server(&server.url(), "p:", &runtime));
    let take = |n: usize| runtime.block_on(servers[n].take(RateRule::LoginPerUser, "ada@example.com"));
    assert_eq!(take(0), RateLimitDecision::Allowed { remaining: 1 });
    assert_eq!(take(1), RateLimitDecision::Allowed { remaining: 0 });
    for n in [0, 1] {
        let verdict = take(n);
        let RateLimitDecision::Limited { retry_after } = verdict else { panic!("{verdict:?}") };
        assert!((1790..=1800).contains(&retry_after), "{retry_after}");
    }
    let key = server.command(&["RANDOMKEY"]);
    assert!(key.starts_with("p:{login-user:") && !key.contains("ada"), "{key}");
    let ttl: u64 = server.command(&["PTTL", &key]).trim_start_matches(':').parse().unwrap();
    assert!((3_590_000..=3_601_000).contains(&ttl), "{ttl}");
}
