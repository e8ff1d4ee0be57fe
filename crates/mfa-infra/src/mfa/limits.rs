//! Rate limits and queue limits of the settings.

use std::sync::Arc;

use mfa_core::{BoxFuture, Clock, RateLimitDecision, RateLimiter, RateRule};
use slog::Logger;
use tokio::runtime::Handle;

use super::error::OpenError;
use crate::database::CommitterLimits;
use crate::memory::{MemoryRateLimiter, Quota, Quotas};
use crate::redis::{RedisLimiterOptions, RedisRateLimiter};
use crate::settings::{LimitSettings, RateSetting, Settings};

/// Decisions per commit for bulk commands, where no caller waits for a single one. Each commit costs one disk write,
/// whatever its size.
const BULK_GROUP: usize = 256;

/// Logins of one name from all networks, in multiples of those from one network: a stranger who exhausts the limit of
/// their own network does not keep the owner out.
const NETWORKS_PER_NAME: u32 = 10;

/// Returns the quotas by client address and by user.
pub(crate) fn quotas(limits: &LimitSettings) -> Result<Quotas, OpenError> {
    let quota = |name: &str, rate: RateSetting| {
        Quota::new(rate.max, rate.window).map_err(|error| OpenError::Unusable(format!("{name}: {error}")))
    };
    let per_user = limits.logins_per_user;
    let per_name = RateSetting { max: per_user.max.saturating_mul(NETWORKS_PER_NAME), ..per_user };
    Ok(Quotas {
        code_check_per_ip: quota("MFA_RATE_LIMIT_MAX", limits.code_checks_per_ip)?,
        recovery_per_user: quota("MFA_RECOVERY_RATE_MAX", limits.recovery_per_user)?,
        login_per_user: quota("LOGIN_RATE_USER_MAX", per_user)?,
        login_per_name: quota("LOGIN_RATE_USER_MAX", per_name)?,
        login_per_ip: quota("LOGIN_RATE_IP_MAX", limits.logins_per_ip)?,
        regenerate_per_user: quota("MFA_REGENERATE_PER_HOUR", limits.regenerations_per_user)?,
        enrol_per_user: quota("totp/enroll/start", LimitSettings::WRITES_PER_USER)?,
        backup_per_user: quota("backup/set", LimitSettings::WRITES_PER_USER)?,
        change_per_admin: quota("admin", LimitSettings::CHANGES_PER_ADMIN)?,
    })
}

/// Kind of rate limiting.
pub(super) enum LimiterChoice {
    /// None, for an administrator's own commands.
    None,
    /// By Redis and its clock if configured, otherwise in this process by the system's clock.
    BySystemTime,
    /// As [`Self::BySystemTime`], with another clock, for tests.
    ByClock(Arc<dyn Clock>),
}

/// Rate limiter, and the Redis connection behind it if configured.
pub(super) struct Limiters {
    pub(super) limiter: Arc<dyn RateLimiter>,
    pub(super) redis: Option<Arc<RedisRateLimiter>>,
}

impl LimiterChoice {
    /// Returns the queue limits of the committers. A command writes thousands of rows for one caller; a server writes one
    /// row each for many callers.
    pub(super) fn committer_limits(&self) -> CommitterLimits {
        match self {
            Self::None => CommitterLimits { group: BULK_GROUP, ..CommitterLimits::default() },
            Self::BySystemTime | Self::ByClock(_) => CommitterLimits::default(),
        }
    }

    /// Opens the rate limiter.
    pub(super) fn open(
        self,
        settings: &Settings,
        runtime: &Handle,
        log: Logger,
    ) -> Result<Limiters, OpenError> {
        let quotas = quotas(&settings.limits)?;
        let in_memory = |limiter: MemoryRateLimiter| Limiters { limiter: Arc::new(limiter), redis: None };
        let options = |redis| RedisLimiterOptions {
            settings: redis,
            quotas,
            servers: settings.limits.servers,
            deadline: RedisRateLimiter::DEADLINE,
            runtime: runtime.clone(),
            log,
        };
        let redis = match (self, &settings.redis) {
            (Self::None, _) => return Ok(Limiters { limiter: Arc::new(Unlimited), redis: None }),
            (Self::BySystemTime, None) => return Ok(in_memory(MemoryRateLimiter::new(quotas))),
            (Self::ByClock(clock), None) => {
                return Ok(in_memory(MemoryRateLimiter::with_clock(quotas, clock)));
            }
            (Self::BySystemTime, Some(redis)) => RedisRateLimiter::new(options(redis)),
            (Self::ByClock(clock), Some(redis)) => RedisRateLimiter::with_clock(options(redis), clock),
        };
        let redis = Arc::new(redis.map_err(OpenError::unusable)?);
        Ok(Limiters { limiter: redis.clone(), redis: Some(redis) })
    }
}

/// Rate limiter that allows every call.
#[derive(Debug)]
struct Unlimited;

impl RateLimiter for Unlimited {
    fn take<'a>(&'a self, _rule: RateRule, _subject: &'a str) -> BoxFuture<'a, RateLimitDecision> {
        Box::pin(async { RateLimitDecision::Allowed { remaining: u32::MAX } })
    }
}
