//! Redis: whether the servers can share their limits.

use slog::{Discard, Logger, o};
use tokio::runtime::Runtime;

use super::DoctorFinding;
use crate::mfa::quotas;
use crate::redis::{RedisLimiterOptions, RedisRateLimiter, RedisState};
use crate::settings::Settings;

const PART: &str = "redis";

pub(super) fn check(settings: &Settings, runtime: &Runtime) -> Vec<DoctorFinding> {
    let servers = settings.limits.servers;
    let Some(redis) = &settings.redis else {
        return vec![if servers > 1 {
            let says =
                format!("REDIS_URL is not set: each of {servers} servers limits by itself, to its share");
            DoctorFinding::odd(PART, says, "set REDIS_URL, so that they share their limits")
        } else {
            DoctorFinding::good(PART, "REDIS_URL is not set: the one server limits by itself")
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
        Err(error) => return vec![DoctorFinding::bad(PART, error.to_string(), "mend the setting")],
    };
    vec![match RedisRateLimiter::new(options) {
        Err(error) => DoctorFinding::bad(PART, format!("REDIS_URL: {error}"), "give redis:// or rediss://"),
        Ok(limiter) => match runtime.block_on(limiter.check()) {
            RedisState::Ready => DoctorFinding::good(PART, "Redis counts, within its deadline"),
            RedisState::Away => DoctorFinding::bad(
                PART,
                "Redis gives no answer that can be used: this server limits by itself",
                "check REDIS_URL and REDIS_MODE, and that the server runs, takes writes and knows EVALSHA",
            ),
        },
    }]
}
