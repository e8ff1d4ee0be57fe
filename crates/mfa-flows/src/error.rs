//! Error of a use case, with its stable code and HTTP status.

use std::time::Duration;

use mfa_core::{
    AddressOwner, CipherError, DenyReason, EntropyError, HashError, Lock, RateRule, StoreError,
    StoreErrorKind, Timestamp,
};
use mfa_jwt::{IssueError, TokenError};
use mfa_passkey::MalformedResponse;

const STORE_UNAVAILABLE: (&str, u16) = ("store_unavailable", 503);
const OVERLOADED: (&str, u16) = ("overloaded", 503);
const INTERNAL_ERROR: (&str, u16) = ("internal_error", 500);

/// Error of a use case. Clients see its [`code`](Self::code) and [`status`](Self::status); the source is for the log.
///
/// Exhaustive, so that each error has a problem document.
#[derive(Debug, thiserror::Error)]
pub enum FlowError {
    /// The call has no token.
    #[error("no token")]
    TokenMissing,
    /// The token is not valid.
    #[error("token not valid")]
    TokenInvalid,
    /// The token has expired.
    #[error("token expired")]
    TokenExpired,
    /// The pending token was exchanged already, or was issued before a lock.
    #[error("token spent")]
    TokenSpent,
    /// The token was revoked, or its session has ended.
    #[error("token revoked")]
    TokenRevoked,
    /// The token is of a stage that the call does not accept.
    #[error("token of the wrong stage")]
    WrongStage,
    /// The second factor was verified too long ago (RFC 9470).
    #[error("step-up required")]
    StepUpRequired {
        /// Maximum age of the second factor.
        max_age: Duration,
    },
    /// The code is wrong, used or expired.
    #[error("wrong code")]
    InvalidCode,
    /// The user is unknown or the password is wrong.
    #[error("wrong credentials")]
    InvalidCredentials,
    /// The account is locked after too many wrong codes.
    #[error("account locked")]
    AccountLocked {
        /// Current lock.
        lock: Lock,
        /// Seconds until it ends; `None` if only an administrator can end it.
        retry_after: Option<u64>,
    },
    /// The user is not active.
    #[error("account disabled")]
    AccountDisabled,
    /// The factor is not enrolled.
    #[error("not enrolled")]
    NotEnrolled,
    /// No enrolment is in progress.
    #[error("no enrolment in progress")]
    NoEnrolmentInProgress,
    /// The challenge of a passkey is unknown or has expired.
    #[error("no challenge")]
    NoChallenge,
    /// The credential that a browser returned is not well-formed.
    #[error("{0}")]
    MalformedCredential(MalformedResponse),
    /// The user has registered this credential already.
    #[error("already registered")]
    AlreadyRegistered,
    /// The user has as many authenticators of this kind as are allowed.
    #[error("too many authenticators")]
    TooManyAuthenticators,
    /// The account has several authenticator apps, and the call names none.
    #[error("the user has several authenticator apps: name one")]
    AuthenticatorRequired,
    /// The user has no authenticator with this ID.
    #[error("no such authenticator")]
    NoSuchAuthenticator,
    /// The user has no session with this ID, or it has ended.
    #[error("the user has no such session")]
    NoSuchSession,
    /// The name is empty, too long, or has control characters or blanks at an end.
    #[error("unusable name")]
    InvalidName,
    /// Another authenticator of the user has this name.
    #[error("name taken")]
    NameTaken,
    /// The method cannot be used: SMS is not a factor of the account, or is disabled.
    #[error("method not available")]
    MethodNotAvailable,
    /// The operator's policy or a provider rejects this phone number.
    #[error("phone number rejected")]
    PhoneRefused,
    /// No provider confirmed the message. It may have been sent.
    #[error("no provider confirmed")]
    SmsUnavailable {
        /// Seconds until another message may be requested.
        retry_after: u64,
    },
    /// An SMS budget is spent: by user, number, address, prefix, country or in total. Clients do not learn which.
    #[error("SMS budget spent")]
    SmsBudgetSpent {
        /// Seconds until the next call is allowed.
        retry_after: u64,
    },
    /// The factor is the last one of a user for whom MFA is required.
    #[error("the last factor of a user who must have one")]
    FactorRequired,
    /// The policy of the user accepts only phishing-resistant factors.
    #[error("phishing-resistant factor required")]
    PhishingResistantRequired,
    /// A rate limit is reached.
    #[error("rate limited")]
    RateLimited {
        /// Rule that limits the call.
        rule: RateRule,
        /// Seconds until the next call is allowed.
        retry_after: u64,
    },
    /// The label cannot be part of an `otpauth` URI.
    #[error("unusable label")]
    InvalidLabel,
    /// The user name or e-mail address is taken (administrators only).
    #[error("user name or e-mail address taken")]
    UserTaken,
    /// The user does not exist (administrators only).
    #[error("no such user")]
    NoSuchUser,
    /// The e-mail address fits several users, and none exactly (administrators only).
    #[error("several users with this e-mail address")]
    AmbiguousUser(Vec<AddressOwner>),
    /// The caller or the environment does not allow this action (administrators only).
    #[error("not allowed here")]
    NotAllowed,
    /// The clocks of this process and the database differ too much.
    #[error("clock not trusted")]
    ClockSkew,
    /// The store failed.
    #[error("store: {0}")]
    Store(#[from] StoreError),
    /// A value could not be sealed or unsealed.
    #[error("cipher: {0}")]
    Cipher(#[from] CipherError),
    /// A password or recovery code could not be hashed.
    #[error("hasher: {0}")]
    Hasher(#[from] HashError),
    /// The source of randomness failed.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
    /// A token could not be signed.
    #[error("issue: {0}")]
    Issue(#[from] IssueError),
    /// The QR code could not be rendered.
    #[error("QR code not rendered")]
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
    /// Returns the HTTP status of the response, as `docs/reference.md` lists it.
    pub fn status(&self) -> u16 {
        self.code_and_status().1
    }

    /// Returns the stable error code, as `docs/reference.md` lists it.
    pub fn code(&self) -> &'static str {
        self.code_and_status().0
    }

    /// Error of an enrolment whose account gained or lost its factors meanwhile. The same call works again.
    pub(crate) fn changed_meanwhile() -> Self {
        Self::Store(StoreError::new(StoreErrorKind::Unavailable, "factors changed meanwhile"))
    }

    /// Returns code and status together, so that one match keeps them consistent.
    fn code_and_status(&self) -> (&'static str, u16) {
        match self {
            Self::TokenMissing => ("token_missing", 401),
            Self::TokenInvalid => ("token_invalid", 401),
            Self::TokenExpired => ("token_expired", 401),
            Self::TokenSpent => ("token_spent", 401),
            Self::TokenRevoked => ("token_revoked", 401),
            Self::StepUpRequired { .. } => ("step_up_required", 401),
            Self::InvalidCode => ("invalid_code", 401),
            Self::InvalidCredentials => ("invalid_credentials", 401),
            Self::AccountLocked { .. } => ("account_locked", 403),
            Self::AccountDisabled => ("account_disabled", 403),
            Self::WrongStage => ("wrong_token_stage", 403),
            Self::NotAllowed => ("not_allowed", 403),
            Self::PhoneRefused => ("phone_refused", 403),
            Self::PhishingResistantRequired => ("phishing_resistant_required", 403),
            Self::NoSuchUser | Self::AmbiguousUser(_) | Self::NoSuchAuthenticator | Self::NoSuchSession => {
                ("not_found", 404)
            }
            Self::NotEnrolled => ("not_enrolled", 409),
            Self::NoEnrolmentInProgress => ("no_enrolment_in_progress", 409),
            Self::MethodNotAvailable => ("method_not_available", 409),
            Self::FactorRequired => ("factor_required", 409),
            Self::NoChallenge => ("no_challenge", 409),
            Self::AlreadyRegistered => ("already_registered", 409),
            Self::TooManyAuthenticators => ("too_many_authenticators", 409),
            Self::AuthenticatorRequired => ("authenticator_required", 409),
            Self::InvalidLabel
            | Self::UserTaken
            | Self::MalformedCredential(_)
            | Self::InvalidName
            | Self::NameTaken => ("invalid_field", 422),
            Self::RateLimited { .. } | Self::SmsBudgetSpent { .. } => ("rate_limited", 429),
            Self::SmsUnavailable { .. } => ("sms_unavailable", 503),
            Self::ClockSkew => ("clock_skew", 503),
            Self::Store(error) => match error.kind() {
                StoreErrorKind::Unavailable
                | StoreErrorKind::Rejected
                | StoreErrorKind::Unknown
                | StoreErrorKind::FailedOver => STORE_UNAVAILABLE,
                StoreErrorKind::Overloaded => OVERLOADED,
                StoreErrorKind::DecisionPanicked | StoreErrorKind::Corrupt => INTERNAL_ERROR,
            },
            Self::Hasher(HashError::Overloaded) => OVERLOADED,
            // The code may be spent and no token issued: the next code works, so this is no internal error.
            Self::Cipher(_) | Self::Entropy(_) | Self::Issue(IssueError::Entropy(_)) => STORE_UNAVAILABLE,
            Self::Hasher(HashError::Failed)
            | Self::Issue(IssueError::Signing | IssueError::TooLong | IssueError::Unrecorded)
            | Self::Drawing => INTERNAL_ERROR,
        }
    }

    /// Returns the error of an account that denies a call at this time.
    pub(crate) fn from_deny_reason(reason: DenyReason, now: Timestamp) -> Self {
        match reason {
            DenyReason::Disabled => Self::AccountDisabled,
            DenyReason::Locked(lock) => Self::AccountLocked { lock, retry_after: seconds_left(lock, now) },
            DenyReason::TokenSpent => Self::TokenSpent,
            DenyReason::TokenRevoked => Self::TokenRevoked,
            DenyReason::WrongStage => Self::WrongStage,
            DenyReason::StepUpRequired { max_age } => Self::StepUpRequired { max_age },
            DenyReason::PhishingResistantRequired => Self::PhishingResistantRequired,
        }
    }
}

/// Returns the seconds until a lock ends, rounded up so that a call after that many seconds succeeds.
fn seconds_left(lock: Lock, now: Timestamp) -> Option<u64> {
    match lock {
        Lock::Until(end) => u64::try_from(end.since(now).as_millis().div_ceil(1000)).ok(),
        Lock::UntilAdministrator => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One error of every code that use cases return.
    fn errors() -> Vec<FlowError> {
        let store = |kind| FlowError::Store(StoreError::new(kind, "test"));
        vec![
            FlowError::TokenMissing,
            FlowError::TokenInvalid,
            FlowError::TokenExpired,
            FlowError::TokenSpent,
            FlowError::TokenRevoked,
            FlowError::StepUpRequired { max_age: Duration::ZERO },
            FlowError::InvalidCode,
            FlowError::InvalidCredentials,
            FlowError::AccountLocked { lock: Lock::UntilAdministrator, retry_after: None },
            FlowError::AccountDisabled,
            FlowError::WrongStage,
            FlowError::NotAllowed,
            FlowError::PhoneRefused,
            FlowError::PhishingResistantRequired,
            FlowError::NoSuchUser,
            FlowError::AmbiguousUser(Vec::new()),
            FlowError::NotEnrolled,
            FlowError::NoEnrolmentInProgress,
            FlowError::MethodNotAvailable,
            FlowError::FactorRequired,
            FlowError::NoChallenge,
            FlowError::AlreadyRegistered,
            FlowError::TooManyAuthenticators,
            FlowError::AuthenticatorRequired,
            FlowError::NoSuchAuthenticator,
            FlowError::NoSuchSession,
            FlowError::InvalidName,
            FlowError::NameTaken,
            FlowError::InvalidLabel,
            FlowError::UserTaken,
            FlowError::RateLimited { rule: RateRule::LoginPerIp, retry_after: 1 },
            FlowError::SmsBudgetSpent { retry_after: 1 },
            FlowError::SmsUnavailable { retry_after: 1 },
            FlowError::ClockSkew,
            store(StoreErrorKind::Unavailable),
            store(StoreErrorKind::Unknown),
            store(StoreErrorKind::FailedOver),
            store(StoreErrorKind::Overloaded),
            store(StoreErrorKind::DecisionPanicked),
            store(StoreErrorKind::Corrupt),
            FlowError::Hasher(HashError::Overloaded),
            FlowError::Hasher(HashError::Failed),
            FlowError::Cipher(CipherError::NotSealed),
            FlowError::Issue(IssueError::TooLong),
            FlowError::Drawing,
        ]
    }

    /// Codes that HTTP returns before any use case runs.
    const HTTP_ONLY: [&str; 4] =
        ["malformed_request", "method_not_allowed", "too_large", "unsupported_media_type"];

    #[test]
    fn codes_and_statuses_are_those_of_the_reference() {
        let reference = include_str!("../../../docs/reference.md");
        let section = reference.split("\n## Errors\n").nth(1).unwrap().split("\n## ").next().unwrap();
        let documented: Vec<_> = section
            .lines()
            .filter(|line| line.starts_with("| `"))
            .map(|line| {
                let cells: Vec<_> = line.split('|').map(str::trim).collect();
                (cells[1].trim_matches('`'), cells[2].parse::<u16>().unwrap())
            })
            .filter(|(code, _)| !HTTP_ONLY.contains(code))
            .collect();
        let errors = errors();
        for error in &errors {
            assert!(documented.contains(&(error.code(), error.status())), "{error:?}");
        }
        for (code, _) in documented {
            assert!(errors.iter().any(|error| error.code() == code), "no use case returns {code}");
        }
    }
}
