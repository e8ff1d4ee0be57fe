//! Effects of an attempt on the account: failure count, strikes, lock, spent tokens and events.

use super::attempt::{FactorAttempt, FactorResult, VerifiedFactor};
use super::authorization::Requirement;
use crate::account::StepUpLimit;
use crate::{
    Account, DenylistReason, EventKind, EventToken, FactorKind, Jti, Lock, Outcome, SecurityEvent, Stage,
};

/// Number of strikes at which guessing is suspected.
const SUSPICIOUS_STRIKES: u32 = 20;

pub(super) fn record_success(account: &mut Account, attempt: &FactorAttempt) -> VerifiedFactor {
    if attempt.requirement == Requirement::SecondFactor {
        account.failures = 0;
        // A lock that other attempts caused while this one was running stays in force.
        if account.lock(attempt.at).is_none() {
            account.lock_until = None;
            account.internal.policy_lock_until = None;
        }
        note_success(account, attempt);
    }
    account.internal.step_up_failures.remove(&attempt.token.id);
    spend_pending_token(account, attempt);
    record_grant(account, attempt, event_kind(attempt))
}

/// Records the success of an attempt with the access token that it grants, if any, and returns the proof.
///
/// Call it after each change of the session number: event and token must have the same.
pub(super) fn record_grant(
    account: &mut Account,
    attempt: &FactorAttempt,
    kind: EventKind,
) -> VerifiedFactor {
    let enrols_only = attempt.phishing_resistant.grants_enrolment_only(account, attempt.factor);
    let jti = attempt.new_token.clone().filter(|_| !enrols_only);
    if jti.is_some() && attempt.replaces_token {
        account.deny_token(&attempt.token, DenylistReason::Spent, attempt.at);
    }
    let subject = account.subject();
    let token = jti.as_ref().map(|jti| EventToken { id: Jti::token_id(jti), session: Some(subject.session) });
    account.record(SecurityEvent { token, ..event(attempt, kind, Outcome::Success) });
    VerifiedFactor::new(subject, attempt.factor, attempt.at, jti)
}

/// Effect of counting a failure.
#[derive(Clone, Copy, Debug)]
pub(super) struct FailureCount {
    strikes: u32,
    pub(super) lock: Option<Lock>,
}

pub(super) fn count_failure(account: &mut Account, attempt: &FactorAttempt) -> FailureCount {
    account.failures = account.failures.saturating_add(1);
    let strikes = account.internal.strikes.add(attempt.at);
    let lock = attempt.lockout.lock_after(account.failures, strikes, attempt.at);
    if let Some(lock) = lock {
        account.lock_until = Some(lock.end());
        account.internal.policy_lock_until = account.lock_until;
        // Not earlier than that of a previous lock, whose attempt may have started later.
        let previous = account.internal.pending_tokens_spent_until;
        account.internal.pending_tokens_spent_until = previous.max(Some(attempt.at));
    }
    FailureCount { strikes, lock }
}

pub(super) fn record_wrong_code(account: &mut Account, attempt: &FactorAttempt, check: FactorResult) {
    let counted = count_failure(account, attempt);
    let kind = if check == FactorResult::Replayed { EventKind::OtpReplay } else { event_kind(attempt) };
    record_failure(account, attempt, kind, counted);
    record_lock(account, attempt, counted);
    count_wrong_step_up(account, attempt);
}

/// Records that an attempt failed, and the suspicion of guessing that its strike raised.
pub(super) fn record_failure(
    account: &mut Account,
    attempt: &FactorAttempt,
    kind: EventKind,
    counted: FailureCount,
) {
    account.record(event(attempt, kind, Outcome::Failure));
    if counted.strikes == SUSPICIOUS_STRIKES {
        account.record(event(attempt, EventKind::GuessingSuspected, Outcome::Failure));
    }
}

/// Records the lock that counting a failure caused, if any.
pub(super) fn record_lock(account: &mut Account, attempt: &FactorAttempt, counted: FailureCount) {
    if counted.lock.is_some() {
        account.record(event(attempt, EventKind::AccountLocked, Outcome::Failure));
    }
}

/// Limits what a stolen access token can do to its owner's failure count: five wrong step-up codes revoke it. Each token
/// has its own count, which only a success with that token clears.
pub(super) fn count_wrong_step_up(account: &mut Account, attempt: &FactorAttempt) {
    let Stage::TwoFactors(_) = attempt.token.stage else { return };
    if account.internal.step_up_failures.add(&attempt.token, attempt.at) == StepUpLimit::Exceeded {
        account.deny_token(&attempt.token, DenylistReason::Revoked, attempt.at);
        let revoked = event(attempt, EventKind::TokenRevoked, Outcome::Success);
        account.record(revoked.with_token(attempt.token.for_event()));
    }
}

pub(super) fn spend_pending_token(account: &mut Account, attempt: &FactorAttempt) {
    if attempt.token.stage.is_pending() {
        account.deny_token(&attempt.token, DenylistReason::Spent, attempt.at);
    }
}

pub(super) fn note_success(account: &mut Account, attempt: &FactorAttempt) {
    account.last_success_at = Some(attempt.at);
    account.last_method = Some(attempt.factor);
    // An app or a passkey notes its use itself: a user may have several.
    if attempt.factor == FactorKind::Sms {
        let id = attempt.factor.as_str().to_owned();
        account.internal.authenticators.entry(id).or_default().last_used_at = Some(attempt.at);
    }
}

/// Returns the kind of event that records this attempt.
pub(super) fn event_kind(attempt: &FactorAttempt) -> EventKind {
    match (attempt.requirement, attempt.factor) {
        (Requirement::Change { .. }, _) => EventKind::TotpDisable,
        (_, FactorKind::Totp) => EventKind::TotpVerify,
        (_, FactorKind::Sms) => EventKind::SmsVerify,
        (_, FactorKind::Recovery) => EventKind::RecoveryUse,
        (_, FactorKind::Passkey) => EventKind::PasskeyVerify,
    }
}

pub(super) fn event(attempt: &FactorAttempt, kind: EventKind, outcome: Outcome) -> SecurityEvent {
    SecurityEvent::new(kind, outcome, attempt.at, attempt.origin.clone()).with_method(attempt.factor)
}
