//! Verification of a passkey: two decisions with the signature check between them, which no decision waits for.

use super::attempt::{FactorAttempt, FactorResult, VerificationOutcome};
use super::authorization::{DenyReason, Requirement, check_stage, check_token};
use super::recording::{event, event_kind, note_success, record_grant, record_success, spend_pending_token};
use crate::{Account, AuthenticatedToken, Outcome, PhishingResistantPolicy, Timestamp, TokenId};

/// Attempt with a passkey, and the challenge that its assertion answers.
#[derive(Clone, Debug)]
pub struct PasskeyAttempt {
    /// Token, requirement and origin.
    pub attempt: FactorAttempt,
    /// ID of the challenge in the list of used ones.
    pub challenge: TokenId,
    /// Time when the challenge expires.
    pub challenge_expires_at: Timestamp,
}

/// Checks whether the account authorizes an attempt with a passkey.
///
/// As [`authorize`](super::authorize), except that a lock of the lockout policy denies nothing: an assertion cannot be
/// guessed, so somebody who knows the password must not lock out an owner who has a passkey. The final lock and one that
/// an operator set deny it.
///
/// # Errors
///
/// [`DenyReason`] if the attempt is not allowed.
pub fn authorize_passkey(
    account: &Account,
    token: &AuthenticatedToken,
    requirement: Requirement,
    now: Timestamp,
) -> Result<(), DenyReason> {
    if !account.is_active {
        return Err(DenyReason::Disabled);
    }
    if let Some(lock) = account.lock(now).filter(|_| !account.is_policy_lock(now)) {
        return Err(DenyReason::Locked(lock));
    }
    check_token(account, token, now)?;
    // The policy accepts each passkey, and does not matter for a verification.
    check_stage(account, token, requirement, PhishingResistantPolicy::None, now)
}

/// Grants or rejects an assertion whose signature was checked outside of any decision.
///
/// `check` returns whether it verified, and compares and stores the counter. A failure is recorded and not counted. A
/// success marks the challenge as used; without a lock it clears the failure count like that of any other factor, during
/// a lock it leaves count and lock as they are, so that it gives a guesser no fresh tries.
///
/// A pending token is spent, and with it every challenge that was issued for it.
///
/// # Errors
///
/// The error of `check`. Nothing is recorded.
pub fn verify_passkey<E>(
    account: &mut Account,
    passkey: &PasskeyAttempt,
    check: impl FnOnce(&mut Account) -> Result<FactorResult, E>,
) -> Result<VerificationOutcome, E> {
    let attempt = &passkey.attempt;
    if let Err(reason) = authorize_passkey(account, &attempt.token, attempt.requirement, attempt.at) {
        return Ok(VerificationOutcome::Denied(reason));
    }
    let is_used = account.internal.denylist.reason(&passkey.challenge).is_some();
    let result = if is_used { FactorResult::Replayed } else { check(account)? };
    if result != FactorResult::Correct {
        account.record(event(attempt, event_kind(attempt), Outcome::Failure));
        return Ok(VerificationOutcome::InvalidCode);
    }
    if !attempt.token.stage.is_pending() {
        account.spend_challenge(passkey.challenge, passkey.challenge_expires_at, attempt.at);
    }
    if account.lock(attempt.at).is_none() {
        return Ok(VerificationOutcome::Verified(record_success(account, attempt)));
    }
    note_success(account, attempt);
    spend_pending_token(account, attempt);
    Ok(VerificationOutcome::Verified(record_grant(account, attempt, event_kind(attempt))))
}
