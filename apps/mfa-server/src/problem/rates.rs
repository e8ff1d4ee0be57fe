//! The limits on client addresses, as the `RateLimit` fields tell them (draft-ietf-httpapi-ratelimit-headers).

use mfa_core::RateRule;
use mfa_infra::settings::{LimitSettings, Rate};

/// The limits that may be told: those that name no user.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ToldRates {
    code_checks_per_ip: Rate,
    logins_per_ip: Rate,
}

impl ToldRates {
    /// As they are set.
    pub(crate) const fn of(limits: &LimitSettings) -> Self {
        Self { code_checks_per_ip: limits.code_checks_per_ip, logins_per_ip: limits.logins_per_ip }
    }

    #[cfg(test)]
    pub(crate) const fn from_rates(code_checks_per_ip: Rate, logins_per_ip: Rate) -> Self {
        Self { code_checks_per_ip, logins_per_ip }
    }

    /// `RateLimit-Policy` and `RateLimit` of a call that this rule refused.
    pub(super) fn headers(self, rule: RateRule, retry_after: u64) -> Option<[(&'static str, String); 2]> {
        let rate = match rule {
            RateRule::CodeCheckPerIp => self.code_checks_per_ip,
            RateRule::LoginPerIp => self.logins_per_ip,
            RateRule::LoginPerUser | RateRule::RecoveryPerUser => return None,
        };
        let (name, max, window) = (rule.as_str(), rate.max, rate.window.as_secs());
        Some([
            ("RateLimit-Policy", format!("\"{name}\";q={max};w={window}")),
            ("RateLimit", format!("\"{name}\";r=0;t={retry_after}")),
        ])
    }
}
