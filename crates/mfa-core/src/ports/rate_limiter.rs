//! Port for rate limits.

use std::fmt;

use super::box_future::BoxFuture;

/// Rate limiter by subject (GCRA): `max` attempts at once, then one more every `window / max`.
///
/// It never fails. An adapter whose server is unreachable applies a local limit.
pub trait RateLimiter: Send + Sync + fmt::Debug {
    /// Counts one attempt of this subject and returns whether it is allowed.
    fn take<'a>(&'a self, rule: RateRule, subject: &'a str) -> BoxFuture<'a, RateLimitDecision>;
}

/// Rate-limit rule.
///
/// Exhaustive, so that a new rule fails to compile until it has a quota.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RateRule {
    /// Verification attempts by client address.
    CodeCheckPerIp,
    /// Recovery code attempts by user.
    RecoveryPerUser,
    /// Logins by the name that was typed and the client's network.
    LoginPerUser,
    /// Logins by the name that was typed, from all networks.
    LoginPerName,
    /// Logins by client address.
    LoginPerIp,
    /// New sets of recovery codes by user.
    RegeneratePerUser,
    /// Starts of a TOTP enrolment by user.
    EnrolPerUser,
    /// Changes of the backup method by user.
    BackupPerUser,
    /// Changes of accounts by administrator.
    ChangePerAdmin,
}

impl RateRule {
    /// All rules.
    pub const ALL: &[Self] = &[
        Self::CodeCheckPerIp,
        Self::RecoveryPerUser,
        Self::LoginPerUser,
        Self::LoginPerName,
        Self::LoginPerIp,
        Self::RegeneratePerUser,
        Self::EnrolPerUser,
        Self::BackupPerUser,
        Self::ChangePerAdmin,
    ];

    /// Returns the name used in keys, logs and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CodeCheckPerIp => "code-ip",
            Self::RecoveryPerUser => "recovery-user",
            Self::LoginPerUser => "login-user",
            Self::LoginPerName => "login-name",
            Self::LoginPerIp => "login-ip",
            Self::RegeneratePerUser => "regenerate-user",
            Self::EnrolPerUser => "enrol-user",
            Self::BackupPerUser => "backup-user",
            Self::ChangePerAdmin => "change-admin",
        }
    }
}

/// Result of a rate-limit check.
///
/// Exhaustive: a call is permitted or not.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RateLimitDecision {
    /// The attempt is allowed.
    Allowed {
        /// Number of further attempts allowed at once.
        remaining: u32,
    },
    /// The limit is exceeded.
    Limited {
        /// Whole seconds, at least 1, until the next attempt is allowed.
        retry_after: u64,
    },
}
