//! Single use of recovery codes.

use mfa_core::{FactorResult, RecoveryState, Timestamp};

use crate::MatchedCode;

/// Marks a matched code as used, at most once under any concurrency.
///
/// If another request used the code since the comparison, or a new set replaced it, the result is
/// [`FactorResult::Wrong`]. Both cases look the same, so that nobody learns whether a guess was once a real code.
pub fn spend(recovery: &mut RecoveryState, fit: &MatchedCode, now: Timestamp) -> FactorResult {
    match recovery.codes.iter_mut().find(|code| fit.is(code) && code.used_at.is_none()) {
        Some(code) => {
            code.used_at = Some(now);
            FactorResult::Correct
        }
        None => FactorResult::Wrong,
    }
}
