//! From settings to the parts that they describe.

use mfa_core::{BoxFuture, RateLimiter, RateRule, RateVerdict};
use mfa_jwt::{KeyRing, SecretKey, TokenConfig, TokenService};

use super::OpenError;
use crate::memory::{Quota, Quotas};
use crate::settings::{JwtAlgorithm, Keys, LimitSettings, Rate, Settings};

pub(super) fn token_service(settings: &Settings, keys: &Keys) -> Result<TokenService, OpenError> {
    let unusable = |error: &dyn std::fmt::Display| OpenError::Unusable(error.to_string());
    if settings.tokens.algorithm != JwtAlgorithm::Hs256 {
        return Err(OpenError::Unusable(
            "JWT_ALGORITHM: this version signs with HS256 only; leave it unset".to_owned(),
        ));
    }
    let signing = SecretKey::new(&keys.jwt_secret).map_err(|error| unusable(&error))?;
    let previous: Result<Vec<_>, _> = settings.tokens.previous_secrets.iter().map(SecretKey::new).collect();
    let previous = previous.map_err(|error| unusable(&error))?;
    TokenService::new(TokenConfig {
        issuer: settings.tokens.issuer.clone(),
        audience: settings.tokens.audience.clone(),
        keys: KeyRing::shared_secret(signing, previous),
        accept_legacy: settings.tokens.accept_legacy,
    })
    .map_err(|error| unusable(&error))
}

pub(super) fn quotas(limits: &LimitSettings) -> Result<Quotas, OpenError> {
    let quota = |name: &str, rate: Rate| {
        Quota::new(rate.max, rate.window).map_err(|error| OpenError::Unusable(format!("{name}: {error}")))
    };
    Ok(Quotas {
        code_check_per_ip: quota("MFA_RATE_LIMIT_MAX", limits.code_checks_per_ip)?,
        recovery_per_user: quota("MFA_RECOVERY_RATE_MAX", limits.recovery_per_user)?,
        login_per_user: quota("LOGIN_RATE_USER_MAX", limits.logins_per_user)?,
        login_per_ip: quota("LOGIN_RATE_IP_MAX", limits.logins_per_ip)?,
    })
}

/// For an administrator's own commands, which nobody limits.
#[derive(Debug)]
pub(super) struct Unlimited;

impl RateLimiter for Unlimited {
    fn take<'a>(&'a self, _rule: RateRule, _subject: &'a str) -> BoxFuture<'a, RateVerdict> {
        Box::pin(async { RateVerdict::Allowed { remaining: u32::MAX } })
    }
}
