//! Confirmation of a factor during enrolment.

use super::admission::authorize_attempt;
use super::attempt::{FactorAttempt, FactorResult, VerificationOutcome};
use super::recording::{event, note_success, record_grant, spend_pending_token};
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
/// If the token came from an access pass, the confirmed factor replaces all others: `check` runs on the account without them,
/// and a failed one on the account as it is.
///
/// # Errors
///
/// The error of `check`, if nothing is being enrolled or the code could not be checked. Nothing is counted.
pub fn confirm<E>(
    account: &mut Account,
    attempt: &FactorAttempt,
    check: impl Fn(&mut Account) -> Result<FactorResult, E>,
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
    let by_pass = account.enrols_by_pass(&attempt.token);
    let outcome = if by_pass { check_alone(account, &check)? } else { check(account)? };
    let kind = match attempt.factor {
        FactorKind::Sms => EventKind::PhoneVerify,
        FactorKind::Passkey => EventKind::PasskeyRegister,
        FactorKind::Totp | FactorKind::Recovery => EventKind::TotpEnroll,
    };
    match outcome {
        FactorResult::Correct => {
            if attempt.factor == FactorKind::Totp {
                account.internal.enrolment_failures = 0;
            }
            if by_pass {
                // What was guessed at before is gone.
                account.failures = 0;
                account.internal.pass_enrolment = None;
            }
            if attempt.factor == FactorKind::Sms && before.any {
                number_confirmed_beside(account, attempt, before);
            } else if !is_addition {
                account.revoke_sessions(attempt.at, None);
                spend_pending_token(account, attempt);
                note_success(account, attempt);
            }
            Ok(VerificationOutcome::Verified(record_grant(account, attempt, kind)))
        }
        FactorResult::Wrong | FactorResult::Replayed => {
            account.record(event(attempt, kind, Outcome::Failure));
            if attempt.factor == FactorKind::Totp {
                count_enrolment_failure(account);
            }
            Ok(VerificationOutcome::InvalidCode)
        }
    }
}

/// Checks the first code of a factor that replaces all others. The others stay until it is correct.
fn check_alone<E>(
    account: &mut Account,
    check: impl Fn(&mut Account) -> Result<FactorResult, E>,
) -> Result<FactorResult, E> {
    let mut without = account.without_factors();
    match check(&mut without)? {
        FactorResult::Correct => {
            *account = without;
            Ok(FactorResult::Correct)
        }
        FactorResult::Wrong | FactorResult::Replayed => check(account),
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
