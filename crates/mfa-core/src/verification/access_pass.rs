//! Verification of a temporary access pass: authorised, counted and recorded like a code, and exchanged for an enrolment.

use super::attempt::FactorAttempt;
use super::authorization::{DenyReason, Requirement, authorize};
use super::recording::{count_failure, record_failure, record_lock, spend_pending_token};
use crate::{
    AccessPass, Account, EventKind, Outcome, PassEnrolment, Role, SecurityEvent, Stage, TokenSubject,
};

/// Outcome of an attempt with an access pass.
///
/// It holds no [`VerifiedFactor`](crate::VerifiedFactor): a pass enrols a factor, and is none.
///
/// Exhaustive, so that a caller cannot overlook a denial.
#[must_use]
#[derive(Debug)]
pub enum AccessPassOutcome {
    /// The pass is used. Issue the enrolment token to this subject.
    Accepted(TokenSubject),
    /// The pass is wrong, used, expired or void, or there is none. The caller cannot distinguish these cases.
    InvalidCode,
    /// The attempt was denied. No pass was checked.
    Denied(DenyReason),
}

/// Uses up an access pass with a pending token, at most once under any concurrency.
///
/// `is_right` compares the submitted pass with the outstanding one. `role` is the role of the user now. A wrong pass counts as
/// a wrong code does, and may lock the account. A right one spends the token, and `enrolment` names the token to be issued:
/// only with that one does an enrolment replace the other factors.
pub fn verify_access_pass(
    account: &mut Account,
    attempt: &FactorAttempt,
    role: Role,
    enrolment: &PassEnrolment,
    is_right: impl FnOnce(&AccessPass) -> bool,
) -> AccessPassOutcome {
    if let Err(reason) = authorize_pass(account, attempt) {
        return AccessPassOutcome::Denied(reason);
    }
    // The row knows administrators, whatever was read before.
    let role = role.max(Role::new(account.is_superuser, false));
    let is_accepted = account
        .internal
        .access_pass
        .as_ref()
        .is_some_and(|pass| is_right(pass) && pass.is_valid(role, attempt.at));
    if !is_accepted {
        record_wrong_pass(account, attempt);
        return AccessPassOutcome::InvalidCode;
    }
    account.internal.access_pass = None;
    account.internal.pass_enrolment = Some(enrolment.clone());
    spend_pending_token(account, attempt);
    account.record(SecurityEvent::new(
        EventKind::AccessPassUse,
        Outcome::Success,
        attempt.at,
        attempt.origin.clone(),
    ));
    AccessPassOutcome::Accepted(account.subject())
}

/// Only a pending token is exchanged: the first factor was verified, and the second one is to be replaced.
fn authorize_pass(account: &Account, attempt: &FactorAttempt) -> Result<(), DenyReason> {
    let (token, policy) = (&attempt.token, attempt.phishing_resistant);
    authorize(account, token, Requirement::SecondFactor, policy, attempt.at)?;
    if token.stage == Stage::Pending { Ok(()) } else { Err(DenyReason::WrongStage) }
}

fn record_wrong_pass(account: &mut Account, attempt: &FactorAttempt) {
    let before = account.events.len();
    let counted = count_failure(account, attempt);
    record_failure(account, attempt, EventKind::AccessPassUse, counted);
    record_lock(account, attempt, counted);
    // A pass is no factor, so its events name none.
    for event in account.events.iter_mut().skip(before) {
        event.method = None;
    }
}
