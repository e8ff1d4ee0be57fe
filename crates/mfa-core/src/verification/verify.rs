//! Verification of an enrolled factor in a single phase.

use super::admission::authorize_attempt;
use super::attempt::{FactorAttempt, FactorResult, VerificationOutcome};
use super::recording::{record_success, record_wrong_code};
use crate::Account;

/// Verifies a code of an enrolled second factor.
///
/// `check` runs only if the attempt is authorized. Return the outcome to the client only after the account is stored:
/// then nobody learns a result that was not counted.
///
/// # Errors
///
/// The error of `check`, if the code could not be checked. Nothing is counted or spent.
pub fn verify_factor<E>(
    account: &mut Account,
    attempt: &FactorAttempt,
    check: impl FnOnce(&mut Account) -> Result<FactorResult, E>,
) -> Result<VerificationOutcome, E> {
    if let Err(reason) = authorize_attempt(account, attempt) {
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
