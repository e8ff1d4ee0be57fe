//! Verification of an enrolled second factor, in one decision.

use super::attempt::{FactorAttempt, FactorResult, VerificationOutcome};
use super::authorization::authorize;
use super::recording::{record_success, record_wrong_code};
use crate::Account;

/// Judges an answer to a second factor that is in force: the one way to a [`VerifiedFactor`] for a login.
///
/// `check` is asked only when the try is admitted. What it answers is counted before anyone can learn of it, because
/// the caller speaks only once the account is stored.
///
/// # Errors
///
/// What `check` fails with, where the factor could not look at the answer: nothing is counted or spent.
pub fn verify_factor<E>(
    account: &mut Account,
    attempt: &FactorAttempt,
    check: impl FnOnce(&mut Account) -> Result<FactorResult, E>,
) -> Result<VerificationOutcome, E> {
    if let Err(reason) = authorize(account, &attempt.token, attempt.requirement, attempt.at) {
        return Ok(VerificationOutcome::Denied(reason));
    }
    match check(account)? {
        FactorResult::Correct => Ok(VerificationOutcome::Verified(record_success(account, attempt))),
        wrong @ (FactorResult::Wrong | FactorResult::Replayed) => {
            record_wrong_code(account, attempt, wrong);
            Ok(VerificationOutcome::InvalidCode)
        }
    }
}
