//! Confirmation of a factor during enrolment.

use super::admission::authorize_attempt;
use super::attempt::{FactorAttempt, FactorResult, VerificationOutcome};
use super::recording::{event, note_success, proof, spend_pending_token};
use crate::{Account, EventKind, FactorKind, Outcome, Stage};

/// Number of wrong codes that ends an enrolment.
const MAX_ENROLMENT_ATTEMPTS: u8 = 5;

/// Verifies the first code of a factor that is being enrolled.
///
/// Five wrong codes end a TOTP enrolment. They count neither towards a lock, nor does a success clear the failure
/// count. A success revokes every other session. The exception is a number confirmed besides another factor: it
/// revokes sessions only if it replaces a number that logins use. A further passkey, and an app that is added beside another
/// factor, revoke none: nothing that a login accepted before is replaced. An enrolment token is spent and revokes every
/// session in each case.
///
/// # Errors
///
/// The error of `check`, if nothing is being enrolled or the code could not be checked. Nothing is counted.
pub fn confirm<E>(
    account: &mut Account,
    attempt: &FactorAttempt,
    check: impl FnOnce(&mut Account) -> Result<FactorResult, E>,
) -> Result<VerificationOutcome, E> {
    if let Err(reason) = authorize_attempt(account, attempt) {
        return Ok(VerificationOutcome::Denied(reason));
    }
    let before = PriorFactors {
        any: account.has_factor() && attempt.token.stage != Stage::Enrolment,
        sms: account.has_sms(),
    };
    let is_addition = match attempt.factor {
        FactorKind::Passkey => before.any,
        FactorKind::Totp => before.any && account.adds_totp_app(),
        FactorKind::Sms | FactorKind::Recovery => false,
    };
    let outcome = check(account)?;
    let kind = match attempt.factor {
        FactorKind::Sms => EventKind::PhoneVerify,
        FactorKind::Passkey => EventKind::PasskeyRegister,
        FactorKind::Totp | FactorKind::Recovery => EventKind::TotpEnroll,
    };
    let event = |outcome| event(attempt, kind, outcome);
    match outcome {
        FactorResult::Correct => {
            if attempt.factor == FactorKind::Totp {
                account.internal.enrolment_failures = 0;
            }
            account.record(event(Outcome::Success));
            if attempt.factor == FactorKind::Sms && before.any {
                number_confirmed_beside(account, attempt, before);
            } else if !is_addition {
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

/// Factors of an account before the code was checked.
#[derive(Clone, Copy, Debug)]
struct PriorFactors {
    /// Whether the token was issued for one of them. An enrolment token is not.
    any: bool,
    sms: bool,
}

/// The response carries no new token here, so the caller's token stays valid.
fn number_confirmed_beside(account: &mut Account, attempt: &FactorAttempt, before: PriorFactors) {
    if before.sms {
        account.revoke_sessions(attempt.at, Some(&attempt.token));
    }
}

/// Wrong codes for a phone number are counted in its challenge, those for a TOTP secret here.
fn count_enrolment_failure(account: &mut Account) {
    let failures = account.internal.enrolment_failures.saturating_add(1);
    account.internal.enrolment_failures = failures;
    if failures >= MAX_ENROLMENT_ATTEMPTS {
        account.totp.pending = None;
        account.internal.enrolment_failures = 0;
    }
}
