//! Using a code up.

use mfa_core::{FactorResult, RecoveryState, Timestamp};

use crate::MatchedCode;

/// Spends the code that was shown to be right, if it is still there and still good: at most once, however many callers
/// had it checked at the same time.
///
/// Between the check and this decision another one may have spent it, or a new set may have replaced it: then it is
/// wrong. Both answer alike, so that nobody learns whether a guess was once a real code.
pub fn spend(recovery: &mut RecoveryState, fit: &MatchedCode, now: Timestamp) -> FactorResult {
    match recovery.codes.iter_mut().find(|code| fit.is(code) && code.used_at.is_none()) {
        Some(code) => {
            code.used_at = Some(now);
            FactorResult::Correct
        }
        None => FactorResult::Wrong,
    }
}
