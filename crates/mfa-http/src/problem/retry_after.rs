//! Values of `Retry-After`.

use mfa_flows::FlowError;

use super::error::ApiError;
use super::kind::ProblemKind;

/// Delay in seconds while the database is not available.
pub(super) const STORE_RETRY: u64 = 5;
/// Delay in seconds until the next TOTP code; also the interval of the clock check.
pub(super) const NEXT_CODE: u64 = 30;
/// Delay in seconds while a queue is full.
pub(super) const QUEUE_RETRY: u64 = 1;

/// Returns the seconds to wait before the request is repeated, or `None` if waiting does not help.
pub fn retry_after(error: &ApiError) -> Option<u64> {
    match (error, error.kind()) {
        (ApiError::Flow(FlowError::AccountLocked { retry_after, .. }), _) => *retry_after,
        (
            ApiError::Flow(
                FlowError::RateLimited { retry_after, .. }
                | FlowError::SmsBudgetSpent { retry_after }
                | FlowError::SmsUnavailable { retry_after },
            ),
            _,
        ) => Some(*retry_after),
        (_, ProblemKind::Overloaded) => Some(QUEUE_RETRY),
        (_, ProblemKind::StoreUnavailable) => Some(STORE_RETRY),
        (_, ProblemKind::StoreOutcomeUnknown | ProblemKind::ClockSkew) => Some(NEXT_CODE),
        _ => None,
    }
}
