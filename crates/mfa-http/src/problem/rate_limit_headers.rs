//! Headers `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers).

use mfa_core::RateRule;
use mfa_infra::settings::{LimitSettings, RateSetting};

/// Rate limits that responses may show: those per IP address, and those of changes that a caller makes to the own
/// account or as an administrator. Limits of guesses per user are not shown.
#[derive(Clone, Copy, Debug)]
pub struct PublicRateLimits {
    code_checks_per_ip: RateSetting,
    logins_per_ip: RateSetting,
    regenerations_per_user: RateSetting,
}

impl PublicRateLimits {
    /// Reads the settings.
    pub const fn from_settings(limits: &LimitSettings) -> Self {
        Self {
            code_checks_per_ip: limits.code_checks_per_ip,
            logins_per_ip: limits.logins_per_ip,
            regenerations_per_user: limits.regenerations_per_user,
        }
    }

    #[cfg(test)]
    pub(crate) const fn from_rates(code_checks_per_ip: RateSetting, logins_per_ip: RateSetting) -> Self {
        Self { code_checks_per_ip, logins_per_ip, regenerations_per_user: code_checks_per_ip }
    }

    /// Returns `RateLimit-Policy` and `RateLimit` of a rule, or `None` if the rule is not public. `more_in` is the number
    /// of seconds until the next request is allowed, if none is left.
    pub fn headers(
        self,
        rule: RateRule,
        left: u32,
        more_in: Option<u64>,
    ) -> Option<[(&'static str, String); 2]> {
        let rate = match rule {
            RateRule::CodeCheckPerIp => self.code_checks_per_ip,
            RateRule::LoginPerIp => self.logins_per_ip,
            RateRule::RegeneratePerUser => self.regenerations_per_user,
            RateRule::EnrolPerUser | RateRule::BackupPerUser => LimitSettings::WRITES_PER_USER,
            RateRule::ChangePerAdmin => LimitSettings::CHANGES_PER_ADMIN,
            RateRule::LoginPerUser | RateRule::LoginPerName | RateRule::RecoveryPerUser => return None,
        };
        let (name, max, window) = (rule.as_str(), rate.max, rate.window.as_secs());
        let more_in = more_in.map(|seconds| format!(";t={seconds}")).unwrap_or_default();
        Some([
            ("ratelimit-policy", format!("\"{name}\";q={max};w={window}")),
            ("ratelimit", format!("\"{name}\";r={left}{more_in}")),
        ])
    }
}
