//! Kinds of problem with their status and code.

use actix_web::http::StatusCode;

/// Kind of problem. Each kind has one status, one code and one text per language; two kinds share a code where clients
/// do not need the difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ProblemKind {
    /// The body, a header or the query is not valid.
    MalformedRequest,
    /// The body did not arrive in time.
    BodyTooSlow,
    /// No bearer token was sent.
    TokenMissing,
    /// The token is not genuine or has the wrong type.
    TokenInvalid,
    /// The token has expired.
    TokenExpired,
    /// The pending token was exchanged already, or is older than a lock.
    TokenSpent,
    /// The token or its session was revoked.
    TokenRevoked,
    /// The second factor was verified too long ago for this change.
    StepUpRequired,
    /// The code is wrong, expired or used.
    InvalidCode,
    /// The user name or the password is wrong.
    InvalidCredentials,
    /// The account is locked after too many wrong codes.
    AccountLocked,
    /// The user is not active.
    AccountDisabled,
    /// The token has another stage than the endpoint requires.
    WrongTokenStage,
    /// The caller lacks the right, or the setting forbids the action.
    NotAllowed,
    /// The path or the resource does not exist.
    NotFound,
    /// The path does not support the method.
    MethodNotAllowed,
    /// The body exceeds the size limit.
    TooLarge,
    /// The content type or encoding is not supported.
    UnsupportedMediaType,
    /// The account has no such factor.
    NotEnrolled,
    /// The challenge of the passkey is unknown or has expired.
    NoChallenge,
    /// The user has registered this passkey already.
    AlreadyRegistered,
    /// The user has as many authenticators of this kind as are allowed.
    TooManyAuthenticators,
    /// The user has several authenticator apps, and the request names none.
    AuthenticatorRequired,
    /// No enrolment was started, or it has ended.
    NoEnrolmentInProgress,
    /// MFA is required, and this is the last factor.
    FactorRequired,
    /// The method is not available for the account.
    MethodNotAvailable,
    /// No SMS is sent to this number: its country or kind is not allowed.
    PhoneRefused,
    /// The policy accepts only phishing-resistant factors.
    PhishingResistantRequired,
    /// An SMS budget is used up.
    SmsBudgetSpent,
    /// No SMS can be sent now.
    SmsUnavailable,
    /// A field of the body is missing or not valid.
    InvalidField,
    /// Too many requests.
    RateLimited,
    /// A defect of the server.
    InternalError,
    /// The database does not answer; nothing was stored.
    StoreUnavailable,
    /// The database did not answer; the change may be stored.
    StoreOutcomeUnknown,
    /// The clock of the server is not reliable.
    ClockSkew,
    /// Too many requests are waiting.
    Overloaded,
}

impl ProblemKind {
    /// Returns the stable error code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::MalformedRequest | Self::BodyTooSlow => "malformed_request",
            Self::TokenMissing => "token_missing",
            Self::TokenInvalid => "token_invalid",
            Self::TokenExpired => "token_expired",
            Self::TokenSpent => "token_spent",
            Self::TokenRevoked => "token_revoked",
            Self::StepUpRequired => "step_up_required",
            Self::InvalidCode => "invalid_code",
            Self::InvalidCredentials => "invalid_credentials",
            Self::AccountLocked => "account_locked",
            Self::AccountDisabled => "account_disabled",
            Self::WrongTokenStage => "wrong_token_stage",
            Self::NotAllowed => "not_allowed",
            Self::NotFound => "not_found",
            Self::MethodNotAllowed => "method_not_allowed",
            Self::TooLarge => "too_large",
            Self::UnsupportedMediaType => "unsupported_media_type",
            Self::NotEnrolled => "not_enrolled",
            Self::NoChallenge => "no_challenge",
            Self::AlreadyRegistered => "already_registered",
            Self::TooManyAuthenticators => "too_many_authenticators",
            Self::AuthenticatorRequired => "authenticator_required",
            Self::NoEnrolmentInProgress => "no_enrolment_in_progress",
            Self::FactorRequired => "factor_required",
            Self::MethodNotAvailable => "method_not_available",
            Self::PhoneRefused => "phone_refused",
            Self::PhishingResistantRequired => "phishing_resistant_required",
            Self::SmsUnavailable => "sms_unavailable",
            Self::InvalidField => "invalid_field",
            Self::RateLimited | Self::SmsBudgetSpent => "rate_limited",
            Self::InternalError => "internal_error",
            Self::StoreUnavailable | Self::StoreOutcomeUnknown => "store_unavailable",
            Self::ClockSkew => "clock_skew",
            Self::Overloaded => "overloaded",
        }
    }

    /// Returns the key of its Fluent message.
    pub const fn name(self) -> &'static str {
        match self {
            Self::MalformedRequest => "problem-malformed-request",
            Self::BodyTooSlow => "problem-body-too-slow",
            Self::TokenMissing => "problem-token-missing",
            Self::TokenInvalid => "problem-token-invalid",
            Self::TokenExpired => "problem-token-expired",
            Self::TokenSpent => "problem-token-spent",
            Self::TokenRevoked => "problem-token-revoked",
            Self::StepUpRequired => "problem-step-up-required",
            Self::InvalidCode => "problem-invalid-code",
            Self::InvalidCredentials => "problem-invalid-credentials",
            Self::AccountLocked => "problem-account-locked",
            Self::AccountDisabled => "problem-account-disabled",
            Self::WrongTokenStage => "problem-wrong-token-stage",
            Self::NotAllowed => "problem-not-allowed",
            Self::NotFound => "problem-not-found",
            Self::MethodNotAllowed => "problem-method-not-allowed",
            Self::TooLarge => "problem-too-large",
            Self::UnsupportedMediaType => "problem-unsupported-media-type",
            Self::NotEnrolled => "problem-not-enrolled",
            Self::NoChallenge => "problem-no-challenge",
            Self::AlreadyRegistered => "problem-already-registered",
            Self::TooManyAuthenticators => "problem-too-many-authenticators",
            Self::AuthenticatorRequired => "problem-authenticator-required",
            Self::NoEnrolmentInProgress => "problem-no-enrolment-in-progress",
            Self::FactorRequired => "problem-factor-required",
            Self::MethodNotAvailable => "problem-method-not-available",
            Self::PhoneRefused => "problem-phone-refused",
            Self::PhishingResistantRequired => "problem-phishing-resistant-required",
            Self::SmsBudgetSpent => "problem-sms-budget-spent",
            Self::SmsUnavailable => "problem-sms-unavailable",
            Self::InvalidField => "problem-invalid-field",
            Self::RateLimited => "problem-rate-limited",
            Self::InternalError => "problem-internal-error",
            Self::StoreUnavailable => "problem-store-unavailable",
            Self::StoreOutcomeUnknown => "problem-store-outcome-unknown",
            Self::ClockSkew => "problem-clock-skew",
            Self::Overloaded => "problem-overloaded",
        }
    }

    /// Returns the HTTP status.
    pub const fn status(self) -> StatusCode {
        match self {
            Self::MalformedRequest | Self::BodyTooSlow => StatusCode::BAD_REQUEST,
            Self::TokenMissing
            | Self::TokenInvalid
            | Self::TokenExpired
            | Self::TokenSpent
            | Self::TokenRevoked
            | Self::StepUpRequired
            | Self::InvalidCode
            | Self::InvalidCredentials => StatusCode::UNAUTHORIZED,
            Self::AccountLocked
            | Self::AccountDisabled
            | Self::WrongTokenStage
            | Self::NotAllowed
            | Self::PhoneRefused
            | Self::PhishingResistantRequired => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::NotEnrolled
            | Self::NoChallenge
            | Self::AlreadyRegistered
            | Self::TooManyAuthenticators
            | Self::AuthenticatorRequired
            | Self::NoEnrolmentInProgress
            | Self::FactorRequired
            | Self::MethodNotAvailable => StatusCode::CONFLICT,
            Self::InvalidField => StatusCode::UNPROCESSABLE_ENTITY,
            Self::RateLimited | Self::SmsBudgetSpent => StatusCode::TOO_MANY_REQUESTS,
            Self::InternalError => StatusCode::INTERNAL_SERVER_ERROR,
            Self::StoreUnavailable
            | Self::StoreOutcomeUnknown
            | Self::ClockSkew
            | Self::SmsUnavailable
            | Self::Overloaded => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// Returns whether the server caused the problem (status 5xx).
    pub fn is_server_error(self) -> bool {
        self.status().is_server_error()
    }

    /// All kinds.
    pub(crate) const ALL: [Self; 37] = [
        Self::MalformedRequest,
        Self::BodyTooSlow,
        Self::TokenMissing,
        Self::TokenInvalid,
        Self::TokenExpired,
        Self::TokenSpent,
        Self::TokenRevoked,
        Self::StepUpRequired,
        Self::InvalidCode,
        Self::InvalidCredentials,
        Self::AccountLocked,
        Self::AccountDisabled,
        Self::WrongTokenStage,
        Self::NotAllowed,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::TooLarge,
        Self::UnsupportedMediaType,
        Self::NotEnrolled,
        Self::NoChallenge,
        Self::AlreadyRegistered,
        Self::TooManyAuthenticators,
        Self::AuthenticatorRequired,
        Self::NoEnrolmentInProgress,
        Self::FactorRequired,
        Self::MethodNotAvailable,
        Self::PhoneRefused,
        Self::PhishingResistantRequired,
        Self::SmsBudgetSpent,
        Self::SmsUnavailable,
        Self::InvalidField,
        Self::RateLimited,
        Self::InternalError,
        Self::StoreUnavailable,
        Self::StoreOutcomeUnknown,
        Self::ClockSkew,
        Self::Overloaded,
    ];
}
