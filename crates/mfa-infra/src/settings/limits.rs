//! How often something may be tried.

use std::time::Duration;

use mfa_core::LockoutPolicy;

use super::SettingsError;
use super::reader::SettingsReader;

/// Rates, locks and the age of a step-up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LimitSettings {
    /// `MFA_SERVERS`: how many share the limits, for the fallback without Redis.
    pub servers: u32,
    /// `MFA_RATE_LIMIT_MAX` in `MFA_RATE_LIMIT_WINDOW`: code checks, by client address.
    pub code_checks_per_ip: RateSetting,
    /// `MFA_RECOVERY_RATE_MAX`: recovery codes, by user.
    pub recovery_per_user: RateSetting,
    /// `LOGIN_RATE_USER_MAX`: logins, by user name.
    pub logins_per_user: RateSetting,
    /// `LOGIN_RATE_IP_MAX`: logins, by client address.
    pub logins_per_ip: RateSetting,
    /// `MFA_MAX_FAILURES` and `MFA_LOCK_MINUTES`.
    pub lockout: LockoutPolicy,
    /// `MFA_STEP_UP_MAX_AGE`.
    pub step_up_max_age: Duration,
}

/// `max` at once, then one more every `window / max`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateSetting {
    /// At least 1.
    pub max: u32,
    /// At least a second.
    pub window: Duration,
}

const MOST: u32 = 100_000;

impl LimitSettings {
    pub(super) fn read(reader: &SettingsReader<'_>) -> Result<Self, SettingsError> {
        let a_minute =
            |name| Ok(RateSetting { max: reader.number(name, 1, MOST)?, window: Duration::from_mins(1) });
        Ok(Self {
            servers: reader.number("MFA_SERVERS", 1, 1000)?,
            code_checks_per_ip: RateSetting {
                max: reader.number("MFA_RATE_LIMIT_MAX", 1, MOST)?,
                window: reader.seconds("MFA_RATE_LIMIT_WINDOW", 1, 86_400)?,
            },
            recovery_per_user: a_minute("MFA_RECOVERY_RATE_MAX")?,
            logins_per_user: a_minute("LOGIN_RATE_USER_MAX")?,
            logins_per_ip: a_minute("LOGIN_RATE_IP_MAX")?,
            lockout: lockout(reader)?,
            step_up_max_age: reader.seconds("MFA_STEP_UP_MAX_AGE", 1, 86_400)?,
        })
    }
}

fn lockout(reader: &SettingsReader<'_>) -> Result<LockoutPolicy, SettingsError> {
    let failures = reader.number("MFA_MAX_FAILURES", 1, LockoutPolicy::ADMIN_LOCK_THRESHOLD)?;
    let minutes = reader.number("MFA_LOCK_MINUTES", 1, 1440)?;
    LockoutPolicy::new(failures, Duration::from_mins(minutes.into()))
        .map_err(|error| reader.wrong("MFA_MAX_FAILURES", &error.to_string()))
}
