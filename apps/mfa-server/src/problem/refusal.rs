//! What the flows refuse, as HTTP says it: the one place where the two meet.

use mfa_core::{HashError, StoreError, StoreErrorKind};
use mfa_flows::Refusal;
use mfa_jwt::IssueError;

use super::{FieldError, FieldFault, ProblemKind};

/// The kind of problem that a refusal is told as.
pub(super) fn kind_of_refusal(refusal: &Refusal) -> ProblemKind {
    match refusal {
        Refusal::TokenMissing => ProblemKind::TokenMissing,
        Refusal::TokenInvalid => ProblemKind::TokenInvalid,
        Refusal::TokenExpired => ProblemKind::TokenExpired,
        Refusal::TokenSpent => ProblemKind::TokenSpent,
        Refusal::TokenRevoked => ProblemKind::TokenRevoked,
        Refusal::WrongStage => ProblemKind::WrongTokenStage,
        Refusal::StepUpRequired { .. } => ProblemKind::StepUpRequired,
        Refusal::InvalidCode => ProblemKind::InvalidCode,
        Refusal::InvalidCredentials => ProblemKind::InvalidCredentials,
        Refusal::AccountLocked { .. } => ProblemKind::AccountLocked,
        Refusal::AccountDisabled => ProblemKind::AccountDisabled,
        Refusal::NotEnrolled => ProblemKind::NotEnrolled,
        Refusal::NoEnrolmentInProgress => ProblemKind::NoEnrolmentInProgress,
        Refusal::MethodNotAvailable => ProblemKind::MethodNotAvailable,
        Refusal::PhoneRefused => ProblemKind::PhoneRefused,
        Refusal::SmsBudgetSpent { .. } => ProblemKind::SmsBudgetSpent,
        Refusal::SmsUnavailable { .. } => ProblemKind::SmsUnavailable,
        Refusal::FactorRequired => ProblemKind::FactorRequired,
        Refusal::RateLimited { .. } => ProblemKind::RateLimited,
        Refusal::InvalidLabel | Refusal::UserTaken => ProblemKind::InvalidField,
        Refusal::NoSuchUser => ProblemKind::NotFound,
        Refusal::NotAllowed => ProblemKind::NotAllowed,
        Refusal::ClockSkew => ProblemKind::ClockSkew,
        Refusal::Store(error) => kind_of_store_error(error),
        Refusal::Hasher(HashError::Overloaded) => ProblemKind::Overloaded,
        // A code may be spent and no token made: the next code works, so this is 503 too.
        Refusal::Cipher(_) | Refusal::Entropy(_) | Refusal::Issue(IssueError::Entropy(_)) => {
            ProblemKind::StoreUnavailable
        }
        Refusal::Hasher(HashError::Failed)
        | Refusal::Issue(IssueError::Signing | IssueError::TooLong)
        | Refusal::Drawing => ProblemKind::InternalError,
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
pub(super) fn field_of_refusal(refusal: &Refusal) -> Option<FieldFault> {
    let (field, error) = match refusal {
        Refusal::InvalidLabel => ("label", FieldError::Unusable),
        Refusal::UserTaken => ("username", FieldError::Taken),
        _ => return None,
    };
    Some(FieldFault { field: field.to_owned(), error })
}
