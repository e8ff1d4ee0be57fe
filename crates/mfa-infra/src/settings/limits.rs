//! Settings of rate limits, lockout, step-up and access passes.

use std::time::Duration;

use mfa_core::LockoutPolicy;
use mfa_flows::Policy;

use super::error::SettingsError;
use super::reader::SettingsReader;

/// Rate limits, lockout, the maximum age of a step-up and the lifetime of access passes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LimitSettings {
    /// Number of servers that share the limits, for the fallback without Redis (`MFA_SERVERS`).
    pub servers: u32,
    /// Code verifications per client address (`MFA_RATE_LIMIT_MAX` in `MFA_RATE_LIMIT_WINDOW`).
    pub code_checks_per_ip: RateSetting,
    /// Recovery code verifications per user and minute (`MFA_RECOVERY_RATE_MAX`).
    pub recovery_per_user: RateSetting,
    /// Logins per typed name, client network and minute (`LOGIN_RATE_USER_MAX`). Ten times as many per name.
    pub logins_per_user: RateSetting,
    /// Logins per client address and minute (`LOGIN_RATE_IP_MAX`).
    pub logins_per_ip: RateSetting,
    /// New sets of recovery codes per user and hour (`MFA_REGENERATE_PER_HOUR`).
    pub regenerations_per_user: RateSetting,
    /// Account lockout (`MFA_MAX_FAILURES` and `MFA_LOCK_MINUTES`).
    pub lockout: LockoutPolicy,
    /// Maximum age of a second-factor verification for changes of factors (`MFA_STEP_UP_MAX_AGE`).
    pub step_up_max_age: Duration,
    /// Lifetime of an access pass for which the issuer gives none (`MFA_ACCESS_PASS_MINUTES`).
    pub access_pass_lifetime: Duration,
}

/// Rate limit: `max` requests at once, then one more every `window / max`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateSetting {
    /// Burst size, at least 1.
    pub max: u32,
    /// Time in which the whole burst is replenished, at least one second.
    pub window: Duration,
}

const MAX_RATE: u32 = 100_000;

impl LimitSettings {
    /// Limit of a user's other writes that leave an audit event: starts of an enrolment, changes of the backup method.
    pub const WRITES_PER_USER: RateSetting = RateSetting { max: 10, window: Duration::from_mins(1) };
    /// Limit of an administrator's changes of accounts over the network.
    pub const CHANGES_PER_ADMIN: RateSetting = RateSetting { max: 60, window: Duration::from_mins(1) };

    pub(super) fn read(reader: &SettingsReader<'_>) -> Result<Self, SettingsError> {
        let per_minute =
            |name| Ok(RateSetting { max: reader.number(name, 1, MAX_RATE)?, window: Duration::from_mins(1) });
        Ok(Self {
            servers: reader.number("MFA_SERVERS", 1, 1000)?,
            code_checks_per_ip: RateSetting {
                max: reader.number("MFA_RATE_LIMIT_MAX", 1, MAX_RATE)?,
                window: reader.seconds("MFA_RATE_LIMIT_WINDOW", 1, 86_400)?,
            },
            recovery_per_user: per_minute("MFA_RECOVERY_RATE_MAX")?,
            logins_per_user: per_minute("LOGIN_RATE_USER_MAX")?,
            logins_per_ip: per_minute("LOGIN_RATE_IP_MAX")?,
            regenerations_per_user: RateSetting {
                max: reader.number("MFA_REGENERATE_PER_HOUR", 1, MAX_RATE)?,
                window: Duration::from_hours(1),
            },
            lockout: lockout(reader)?,
            step_up_max_age: reader.seconds("MFA_STEP_UP_MAX_AGE", 1, 86_400)?,
            access_pass_lifetime: access_pass_lifetime(reader)?,
        })
    }
}

fn access_pass_lifetime(reader: &SettingsReader<'_>) -> Result<Duration, SettingsError> {
    let minutes = reader.number(
        "MFA_ACCESS_PASS_MINUTES",
        *Policy::ACCESS_PASS_MINUTES.start(),
        *Policy::ACCESS_PASS_MINUTES.end(),
    )?;
    Ok(Duration::from_mins(minutes.into()))
}

fn lockout(reader: &SettingsReader<'_>) -> Result<LockoutPolicy, SettingsError> {
    let failures = reader.number("MFA_MAX_FAILURES", 1, LockoutPolicy::ADMIN_LOCK_THRESHOLD)?;
    let minutes = reader.number("MFA_LOCK_MINUTES", 1, 1440)?;
    LockoutPolicy::new(failures, Duration::from_mins(minutes.into()))
        .map_err(|error| reader.invalid("MFA_MAX_FAILURES", &error.to_string()))
}
