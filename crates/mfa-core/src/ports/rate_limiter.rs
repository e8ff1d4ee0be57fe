//! How often something may be tried.

use std::fmt;

use super::box_future::BoxFuture;

/// Counts tries by subject and refuses those that come too fast (GCRA: `max` at once, then one more every
/// `window / max`).
///
/// Never fails: an adapter whose server is away limits by itself. No limit is not an answer.
pub trait RateLimiter: Send + Sync + fmt::Debug {
    /// Takes one try of this subject.
    fn take<'a>(&'a self, rule: RateRule, subject: &'a str) -> BoxFuture<'a, RateVerdict>;
}

/// What is limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RateRule {
    /// Calls that check a code, by client address.
    CodeCheckPerIp,
    /// Recovery codes, by user.
    RecoveryPerUser,
    /// Logins, by user.
    LoginPerUser,
    /// Logins, by client address.
    LoginPerIp,
}

impl RateRule {
    /// Every rule.
    pub const ALL: &[Self] =
        &[Self::CodeCheckPerIp, Self::RecoveryPerUser, Self::LoginPerUser, Self::LoginPerIp];

    /// Its name in keys, logs and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CodeCheckPerIp => "code-ip",
            Self::RecoveryPerUser => "recovery-user",
            Self::LoginPerUser => "login-user",
            Self::LoginPerIp => "login-ip",
        }
    }
}

/// Whether a try may go on.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RateVerdict {
    /// It may.
    Allowed {
        /// How many more may come at once.
        remaining: u32,
    },
    /// Too fast.
    Limited {
        /// Whole seconds, at least 1, after which the next one passes.
        retry_after: u64,
    },
}
