//! Mapping from flow errors to problem kinds.

use mfa_core::{HashError, StoreError, StoreErrorKind};
use mfa_flows::FlowError;
use mfa_jwt::IssueError;

use super::field_error::{FieldError, FieldErrorKind};
use super::kind::ProblemKind;

/// Returns the kind of problem of a flow error.
pub(super) fn problem_kind(error: &FlowError) -> ProblemKind {
    match error {
        FlowError::TokenMissing => ProblemKind::TokenMissing,
        FlowError::TokenInvalid => ProblemKind::TokenInvalid,
        FlowError::TokenExpired => ProblemKind::TokenExpired,
        FlowError::TokenSpent => ProblemKind::TokenSpent,
        FlowError::TokenRevoked => ProblemKind::TokenRevoked,
        FlowError::WrongStage => ProblemKind::WrongTokenStage,
        FlowError::StepUpRequired { .. } => ProblemKind::StepUpRequired,
        FlowError::InvalidCode => ProblemKind::InvalidCode,
        FlowError::InvalidCredentials => ProblemKind::InvalidCredentials,
        FlowError::AccountLocked { .. } => ProblemKind::AccountLocked,
        FlowError::AccountDisabled => ProblemKind::AccountDisabled,
        FlowError::NotEnrolled => ProblemKind::NotEnrolled,
        FlowError::NoChallenge => ProblemKind::NoChallenge,
        FlowError::AlreadyRegistered => ProblemKind::AlreadyRegistered,
        FlowError::TooManyAuthenticators => ProblemKind::TooManyAuthenticators,
        FlowError::AuthenticatorRequired => ProblemKind::AuthenticatorRequired,
        FlowError::NoEnrolmentInProgress => ProblemKind::NoEnrolmentInProgress,
        FlowError::MethodNotAvailable => ProblemKind::MethodNotAvailable,
        FlowError::PhoneRefused => ProblemKind::PhoneRefused,
        FlowError::PhishingResistantRequired => ProblemKind::PhishingResistantRequired,
        FlowError::SmsBudgetSpent { .. } => ProblemKind::SmsBudgetSpent,
        FlowError::SmsUnavailable { .. } => ProblemKind::SmsUnavailable,
        FlowError::FactorRequired => ProblemKind::FactorRequired,
        FlowError::RateLimited { .. } => ProblemKind::RateLimited,
        FlowError::InvalidLabel
        | FlowError::UserTaken
        | FlowError::MalformedCredential(_)
        | FlowError::InvalidName
        | FlowError::NameTaken => ProblemKind::InvalidField,
        FlowError::NoSuchUser
        | FlowError::AmbiguousUser(_)
        | FlowError::NoSuchAuthenticator
        | FlowError::NoSuchSession => ProblemKind::NotFound,
        FlowError::NotAllowed => ProblemKind::NotAllowed,
        FlowError::ClockSkew => ProblemKind::ClockSkew,
        FlowError::Store(error) => store_problem_kind(error),
        FlowError::Hasher(HashError::Overloaded) => ProblemKind::Overloaded,
        // The code may be used although no token was issued. The next code works, so this is 503 too.
        FlowError::Cipher(_) | FlowError::Entropy(_) | FlowError::Issue(IssueError::Entropy(_)) => {
            ProblemKind::StoreUnavailable
        }
        FlowError::Hasher(HashError::Failed)
        | FlowError::Issue(IssueError::Signing | IssueError::TooLong | IssueError::Unrecorded)
        | FlowError::Drawing => ProblemKind::InternalError,
    }
}

fn store_problem_kind(error: &StoreError) -> ProblemKind {
    match error.kind() {
        StoreErrorKind::Unavailable | StoreErrorKind::Rejected => ProblemKind::StoreUnavailable,
        StoreErrorKind::Overloaded => ProblemKind::Overloaded,
        // A code that was used before the failover would count as unused.
        StoreErrorKind::Unknown | StoreErrorKind::FailedOver => ProblemKind::StoreOutcomeUnknown,
        StoreErrorKind::DecisionPanicked | StoreErrorKind::Corrupt => ProblemKind::InternalError,
    }
}

/// Returns the field error of a flow error, if it concerns a field.
pub(super) fn field_error(error: &FlowError) -> Option<FieldError> {
    let (field, error) = match error {
        FlowError::InvalidLabel => ("label", FieldErrorKind::Unusable),
        FlowError::UserTaken => ("username", FieldErrorKind::Taken),
        FlowError::MalformedCredential(_) => ("credential", FieldErrorKind::NotACredential),
        FlowError::InvalidName => ("name", FieldErrorKind::Unusable),
        FlowError::NameTaken => ("name", FieldErrorKind::Taken),
        _ => return None,
    };
    Some(FieldError { field: field.to_owned(), error })
}
