//! From settings to the parts that they describe.

use std::sync::Arc;

use mfa_core::{BoxFuture, Clock, RateLimiter, RateRule, RateVerdict};
use mfa_jwt::{PrivateKey, SecretKey, TokenConfig, TokenKeyRing, TokenService};
use slog::Logger;
use tokio::runtime::Handle;

use super::OpenError;
use crate::database::CommitterLimits;
use crate::memory::{MemoryRateLimiter, Quota, Quotas};
use crate::redis::{RedisLimiterOptions, RedisRateLimiter};
use crate::settings::{LimitSettings, ProvisionedKeys, RateSetting, Settings};

pub(super) fn token_service(settings: &Settings, keys: &ProvisionedKeys) -> Result<TokenService, OpenError> {
    let unusable = |error: &dyn std::fmt::Display| OpenError::Unusable(error.to_string());
    let signing = SecretKey::new(&keys.jwt_secret).map_err(|error| unusable(&error))?;
    let previous: Result<Vec<_>, _> = settings.tokens.previous_secrets.iter().map(SecretKey::new).collect();
    let previous = previous.map_err(|error| unusable(&error))?;
    let private: Result<Vec<_>, _> = settings.tokens.private_keys.iter().map(PrivateKey::from_pem).collect();
    let mut private = private.map_err(|error| unusable(&error))?.into_iter();
    let mut ring = TokenKeyRing::shared_secret(signing, previous);
    if settings.tokens.algorithm.of_private_keys().is_some() {
        // The settings have seen to it that there is one, of that algorithm.
        let first =
            private.next().ok_or_else(|| OpenError::Unusable("JWT_PRIVATE_KEYS is not set".to_owned()))?;
        ring = ring.signing_access(first);
    }
    let tokens = &settings.tokens;
    let config = TokenConfig::new(&tokens.issuer, &tokens.audience, ring.accepting(private));
    TokenService::new(config.accept_legacy(tokens.accept_legacy)).map_err(|error| unusable(&error))
}

/// Decisions of one commit where nobody waits for any single one: each commit costs a write to disk, whatever it holds.
const BULK_GROUP: usize = 256;

/// The limits by address and by user, as the settings have them.
pub(crate) fn quotas(limits: &LimitSettings) -> Result<Quotas, OpenError> {
    let quota = |name: &str, rate: RateSetting| {
        Quota::new(rate.max, rate.window).map_err(|error| OpenError::Unusable(format!("{name}: {error}")))
    };
    Ok(Quotas {
        code_check_per_ip: quota("MFA_RATE_LIMIT_MAX", limits.code_checks_per_ip)?,
        recovery_per_user: quota("MFA_RECOVERY_RATE_MAX", limits.recovery_per_user)?,
        login_per_user: quota("LOGIN_RATE_USER_MAX", limits.logins_per_user)?,
        login_per_ip: quota("LOGIN_RATE_IP_MAX", limits.logins_per_ip)?,
    })
}

/// By what tries are limited.
pub(super) enum LimiterChoice {
    /// By nothing: an administrator's own commands.
    None,
    /// By Redis and its clock where there is one, else in this process.
    BySystemTime,
    /// The same, by a clock that tests move.
    ByClock(Arc<dyn Clock>),
}

/// What limits, and Redis beside it where there is one.
pub(super) struct Limiters {
    pub(super) limiter: Arc<dyn RateLimiter>,
    pub(super) redis: Option<Arc<RedisRateLimiter>>,
}

impl LimiterChoice {
    /// What may wait for the committers: an administrator's command brings thousands of rows or one, a server one each
    /// of many callers.
    pub(super) fn committer(&self) -> CommitterLimits {
        match self {
            Self::None => CommitterLimits { group: BULK_GROUP, ..CommitterLimits::default() },
            Self::BySystemTime | Self::ByClock(_) => CommitterLimits::default(),
        }
    }

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
        let redis = Arc::new(redis.map_err(|error| OpenError::Unusable(format!("REDIS_URL: {error}")))?);
        Ok(Limiters { limiter: redis.clone(), redis: Some(redis) })
    }
}

/// For an administrator's own commands, which nobody limits.
#[derive(Debug)]
struct Unlimited;

impl RateLimiter for Unlimited {
    fn take<'a>(&'a self, _rule: RateRule, _subject: &'a str) -> BoxFuture<'a, RateVerdict> {
        Box::pin(async { RateVerdict::Allowed { remaining: u32::MAX } })
    }
}
