//! Contract of `RateLimiter`, on every adapter.

use std::sync::Arc;

use mfa_contracts::rate_limiter::RateLimiterFixture;
use mfa_core::{BoxFuture, RateLimitDecision, RateLimiter, RateRule};
use mfa_infra::memory::MemoryRateLimiter;
use mfa_infra::redis::RedisState;
use nova_mfa_tests::redis_url;

use crate::redis::{LONG, Limited, Limits, own_prefix, quotas};

mod memory {
    mfa_contracts::rate_limiter_tests!(|_| super::in_memory());
}

mod redis {
    mfa_contracts::rate_limiter_tests!(|_| super::over_redis());
}

fn in_memory() -> RateLimiterFixture {
    RateLimiterFixture::new(|max, window, clock| {
        Arc::new(MemoryRateLimiter::with_clock(quotas(max, window), clock))
    })
}

fn over_redis() -> RateLimiterFixture {
    RateLimiterFixture::new(|max, window, clock| {
        // The local share would be one request, so the test detects any request that Redis did not decide.
        let limits = Limits { max, window, servers: 1000, deadline: LONG };
        Arc::new(ReadyRedis(limits.by_the_clock(&redis_url(), &own_prefix(), clock)))
    })
}

/// Limiter that panics if Redis did not decide.
struct ReadyRedis(Limited);

impl RateLimiter for ReadyRedis {
    fn take<'a>(&'a self, rule: RateRule, subject: &'a str) -> BoxFuture<'a, RateLimitDecision> {
        Box::pin(async move {
            let decision = self.0.limiter.take(rule, subject).await;
            assert_eq!(self.0.limiter.state(), RedisState::Ready);
            decision
        })
    }
}

impl std::fmt::Debug for ReadyRedis {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("ReadyRedis").field(&self.0.limiter).finish()
    }
}
