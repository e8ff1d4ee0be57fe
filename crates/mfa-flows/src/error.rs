//! Why a call did not get what it asked for.

use std::time::Duration;

use mfa_core::{CipherError, DenyReason, EntropyError, HashError, Lock, RateRule, StoreError};
use mfa_jwt::{IssueError, TokenError};

/// Why a call did not get what it asked for. One variant is one answer; what went wrong inside is for the log alone.
#[derive(Debug, thiserror::Error)]
pub enum FlowError {
    /// No token was presented.
    #[error("no token")]
    TokenMissing,
    /// The token is not genuine.
    #[error("token not genuine")]
    TokenInvalid,
    /// The token has ended.
    #[error("token expired")]
    TokenExpired,
    /// The token has bought an access token, or dates from before a lock.
    #[error("token spent")]
    TokenSpent,
    /// The token was ended.
    #[error("token revoked")]
    TokenRevoked,
    /// The token's login has not come far enough, or too far.
    #[error("token of the wrong stage")]
    WrongStage,
    /// The second factor was shown too long ago.
    #[error("step-up required")]
    StepUpRequired {
        /// How old it may be.
        max_age: Duration,
    },
    /// The code was wrong, used before, or too old.
    #[error("wrong code")]
    InvalidCode,
    /// Unknown user or wrong password.
    #[error("wrong credentials")]
    InvalidCredentials,
    /// Too many wrong answers.
    #[error("account locked")]
    AccountLocked {
        /// The lock.
        lock: Lock,
        /// Whole seconds until it ends; `None` where only an administrator ends it.
        retry_after: Option<u64>,
    },
    /// The user may not log in at all.
    #[error("account disabled")]
    AccountDisabled,
    /// There is no authenticator app to check against.
    #[error("not enrolled")]
    NotEnrolled,
    /// There is no secret that waits for its first code.
    #[error("no enrolment in progress")]
    NoEnrolmentInProgress,
    /// This factor cannot be used or chosen: it is not in force, or there are no SMS.
    #[error("method not available")]
    MethodNotAvailable,
    /// A real number that may not be sent to, by the operator's policy or by a provider's word.
    #[error("number refused")]
    PhoneRefused,
    /// No provider has confirmed that it took the message; one may have.
    #[error("no provider confirmed")]
    SmsUnavailable {
        /// Whole seconds after which another one may be asked for.
        retry_after: u64,
    },
    /// No more SMS for now: by user, number, address, prefix, country, or in all. Which one is not told.
    #[error("SMS budget spent")]
    SmsBudgetSpent {
        /// Whole seconds after which the next one passes.
        retry_after: u64,
    },
    /// It is the last factor of a user who must have one.
    #[error("the last factor of a user who must have one")]
    FactorRequired,
    /// Too many tries.
    #[error("rate limited")]
    RateLimited {
        /// By which rule.
        rule: RateRule,
        /// Whole seconds after which the next one passes.
        retry_after: u64,
    },
    /// A label that cannot stand in an otpauth URI.
    #[error("unusable label")]
    InvalidLabel,
    /// The user name or the e-mail address is taken (administrators only).
    #[error("user name or e-mail address taken")]
    UserTaken,
    /// There is no such user (administrators only).
    #[error("no such user")]
    NoSuchUser,
    /// Refused in this environment (administrators only).
    #[error("not allowed here")]
    NotAllowed,
    /// This process and the database differ in time.
    #[error("the clock cannot be relied on")]
    ClockSkew,
    /// The store failed.
    #[error("store: {0}")]
    Store(#[from] StoreError),
    /// A sealed value could not be read or written.
    #[error("cipher: {0}")]
    Cipher(#[from] CipherError),
    /// A password could not be checked.
    #[error("hasher: {0}")]
    Hasher(#[from] HashError),
    /// There was no randomness.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
    /// A token could not be signed.
    #[error("issue: {0}")]
    Issue(#[from] IssueError),
    /// The QR code could not be drawn.
    #[error("the QR code could not be drawn")]
    Drawing,
}

impl From<TokenError> for FlowError {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Invalid => Self::TokenInvalid,
            TokenError::Expired => Self::TokenExpired,
        }
    }
}

impl FlowError {
    /// What the account refused at this time.
    pub(crate) fn from_deny_reason(refused: DenyReason, now: mfa_core::Timestamp) -> Self {
        match refused {
            DenyReason::Disabled => Self::AccountDisabled,
            DenyReason::Locked(lock) => Self::AccountLocked { lock, retry_after: seconds_left(lock, now) },
            DenyReason::TokenSpent => Self::TokenSpent,
            DenyReason::TokenRevoked => Self::TokenRevoked,
            DenyReason::WrongStage => Self::WrongStage,
            DenyReason::StepUpRequired { max_age } => Self::StepUpRequired { max_age },
        }
    }
}

/// Rounded up, so that a call after that many seconds is let in.
fn seconds_left(lock: Lock, now: mfa_core::Timestamp) -> Option<u64> {
    match lock {
        Lock::Until(end) => u64::try_from(end.since(now).as_millis().div_ceil(1000)).ok(),
        Lock::UntilAdministrator => None,
    }
}
