//! What the flows refuse, as HTTP says it: the one place where the two meet.

use mfa_core::{HashError, StoreError, StoreErrorKind};
use mfa_flows::FlowError;
use mfa_jwt::IssueError;

use super::{FieldError, FieldErrorKind, ProblemKind};

/// The kind of problem that a refusal is told as.
pub(super) fn kind_of_refusal(refusal: &FlowError) -> ProblemKind {
    match refusal {
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
        FlowError::NoEnrolmentInProgress => ProblemKind::NoEnrolmentInProgress,
        FlowError::MethodNotAvailable => ProblemKind::MethodNotAvailable,
        FlowError::PhoneRefused => ProblemKind::PhoneRefused,
        FlowError::SmsBudgetSpent { .. } => ProblemKind::SmsBudgetSpent,
        FlowError::SmsUnavailable { .. } => ProblemKind::SmsUnavailable,
        FlowError::FactorRequired => ProblemKind::FactorRequired,
        FlowError::RateLimited { .. } => ProblemKind::RateLimited,
        FlowError::InvalidLabel | FlowError::UserTaken => ProblemKind::InvalidField,
        FlowError::NoSuchUser => ProblemKind::NotFound,
        FlowError::NotAllowed => ProblemKind::NotAllowed,
        FlowError::ClockSkew => ProblemKind::ClockSkew,
        FlowError::Store(error) => kind_of_store_error(error),
        FlowError::Hasher(HashError::Overloaded) => ProblemKind::Overloaded,
        // A code may be spent and no token made: the next code works, so this is 503 too.
        FlowError::Cipher(_) | FlowError::Entropy(_) | FlowError::Issue(IssueError::Entropy(_)) => {
            ProblemKind::StoreUnavailable
        }
        FlowError::Hasher(HashError::Failed)
        | FlowError::Issue(IssueError::Signing | IssueError::TooLong)
        | FlowError::Drawing => ProblemKind::InternalError,
    }
}

fn kind_of_store_error(error: &StoreError) -> ProblemKind {
    match error.kind() {
        StoreErrorKind::Unavailable => ProblemKind::StoreUnavailable,
        StoreErrorKind::Overloaded => ProblemKind::Overloaded,
        StoreErrorKind::Unknown => ProblemKind::StoreOutcomeUnknown,
        StoreErrorKind::DecisionPanicked | StoreErrorKind::Corrupt => ProblemKind::InternalError,
    }
}

/// The field that a refusal is about, where it is about one.
pub(super) fn field_of_refusal(refusal: &FlowError) -> Option<FieldError> {
    let (field, error) = match refusal {
        FlowError::InvalidLabel => ("label", FieldErrorKind::Unusable),
        FlowError::UserTaken => ("username", FieldErrorKind::Taken),
        _ => return None,
    };
    Some(FieldError { field: field.to_owned(), error })
}
