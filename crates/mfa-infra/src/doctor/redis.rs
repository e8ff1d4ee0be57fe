//! Check of Redis: whether the servers can share their rate limits.

use slog::{Discard, Logger, o};
use tokio::runtime::Runtime;

use super::finding::DoctorFinding;
use crate::mfa::quotas;
use crate::redis::{RedisLimiterOptions, RedisRateLimiter};
use crate::settings::Settings;

const PART: &str = "redis";

/// Checks that Redis enforces a rate limit within the deadline. Blocks.
pub(super) fn check(settings: &Settings, runtime: &Runtime) -> Vec<DoctorFinding> {
    let servers = settings.limits.servers;
    let Some(redis) = &settings.redis else {
        return vec![if servers > 1 {
            let detail = format!(
                "REDIS_URL is not set: each of {servers} servers enforces its own part of the rate limits"
            );
            DoctorFinding::warning(PART, detail, "set REDIS_URL so that the servers share their rate limits")
        } else {
            DoctorFinding::ok(PART, "REDIS_URL is not set: the single server keeps its rate limits in memory")
        }];
    };
    let options = match quotas(&settings.limits) {
        Ok(quotas) => RedisLimiterOptions {
            settings: redis,
            quotas,
            servers,
            deadline: RedisRateLimiter::DEADLINE,
            runtime: runtime.handle().clone(),
            log: Logger::root(Discard, o!()),
        },
        Err(error) => {
            return vec![DoctorFinding::problem(PART, error.to_string(), "correct the rate limit settings")];
        }
    };
    vec![match RedisRateLimiter::new(options) {
        Err(error) => DoctorFinding::problem(PART, error.to_string(), "use a redis:// or rediss:// URL"),
        Ok(limiter) => match runtime.block_on(limiter.fault()) {
            None => DoctorFinding::ok(PART, "Redis enforces rate limits within its deadline"),
            Some(fault) => {
                let detail = format!(
                    "Redis does not apply rate limits, so this server applies its own: {}",
                    fault.reason
                );
                DoctorFinding::problem(PART, detail, fault.advice)
            }
        },
    }]
}
