//! Confirmation of a second factor that is being enrolled.

use super::attempt::{FactorAttempt, FactorResult, VerificationOutcome};
use super::authorization::authorize;
use super::recording::{event, note_success, proof, spend_pending_token};
use crate::{Account, EventKind, FactorKind, Outcome};

/// Number of wrong codes that ends an enrolment.
const MAX_ENROLMENT_ATTEMPTS: u8 = 5;

/// Judges the first answer to a factor that is being enrolled. It has five tries of its own, neither counts towards
/// the lock nor clears the count, and a success ends every other session; a number that is confirmed beside a factor
/// does so only where it replaces one that logins use.
///
/// # Errors
///
/// What `check` fails with, where nothing is being enrolled or the factor could not look at the answer.
pub fn confirm<E>(
    account: &mut Account,
    attempt: &FactorAttempt,
    check: impl FnOnce(&mut Account) -> Result<FactorResult, E>,
) -> Result<VerificationOutcome, E> {
    if let Err(reason) = authorize(account, &attempt.token, attempt.requirement, attempt.at) {
        return Ok(VerificationOutcome::Denied(reason));
    }
    let before = PriorFactors { any: account.has_factor(), sms: account.has_sms() };
    let outcome = check(account)?;
    let kind = if attempt.factor == FactorKind::Sms { EventKind::PhoneVerify } else { EventKind::TotpEnroll };
    let event = |outcome| event(attempt, kind, outcome);
    match outcome {
        FactorResult::Correct => {
            if attempt.factor == FactorKind::Totp {
                account.internal.enrolment_failures = 0;
            }
            account.record(event(Outcome::Success));
            if attempt.factor == FactorKind::Sms && before.any {
                number_confirmed_beside(account, attempt, before);
            } else {
                account.revoke_sessions(attempt.at, None);
                spend_pending_token(account, attempt);
                note_success(account, attempt);
            }
            Ok(VerificationOutcome::Verified(proof(account, attempt)))
        }
        FactorResult::Wrong | FactorResult::Replayed => {
            account.record(event(Outcome::Failure));
            if attempt.factor == FactorKind::Totp {
                count_enrolment_failure(account);
            }
            Ok(VerificationOutcome::InvalidCode)
        }
    }
}

/// What an account had before an answer was judged.
#[derive(Clone, Copy, Debug)]
struct PriorFactors {
    any: bool,
    sms: bool,
}

/// No fresh token comes with such a number, so the caller's stays; and it is a factor only where the one before it was.
fn number_confirmed_beside(account: &mut Account, attempt: &FactorAttempt, before: PriorFactors) {
    if before.sms {
        account.revoke_sessions(attempt.at, Some(&attempt.token));
    }
}

/// A code for a new phone number has its tries in its challenge; one for a new secret has them here.
fn count_enrolment_failure(account: &mut Account) {
    let failures = account.internal.enrolment_failures.saturating_add(1);
    account.internal.enrolment_failures = failures;
    if failures >= MAX_ENROLMENT_ATTEMPTS {
        account.totp.pending = None;
        account.internal.enrolment_failures = 0;
    }
}
