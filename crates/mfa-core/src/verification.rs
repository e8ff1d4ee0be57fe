//! The guarded ceremony: the one path by which an answer to a second factor becomes a verdict.
//!
//! Active, lock, token, stage, step-up, factor, count, spend, event: a factor sees only its own step of it and answers
//! with a [`FactorResult`]. It cannot forget the lock, the count or the event.

mod two_phase;

use std::time::Duration;

pub use two_phase::{UnsettledAttempt, begin_attempt, settle_attempt};

use crate::account::StepUpFailures;
use crate::{
    Account, AuthenticatedToken, DenylistReason, EventKind, FactorKind, Lock, LockoutPolicy, Origin, Outcome,
    SecurityEvent, Stage, Timestamp, UserId,
};

/// What a factor says of an answer. Only the ceremony turns it into a verdict.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FactorResult {
    /// It is right, and the factor has spent it.
    Correct,
    /// It is wrong.
    Wrong,
    /// It was right once. Counts and answers like a wrong one; only the audit tells them apart.
    Replayed,
}

/// Whom a token speaks of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenSubject {
    /// The user.
    pub user: UserId,
    /// The user's e-mail address.
    pub email: String,
    /// Whether the user may administer others.
    pub is_superuser: bool,
    /// The account's session number at this moment.
    pub session: u64,
}

/// Proof that a second factor passed: made by the ceremony and nowhere else, and all that an `mfa_ok` token is made
/// from.
#[derive(Debug)]
pub struct VerifiedFactor {
    subject: TokenSubject,
    factor: FactorKind,
    at: Timestamp,
}

impl VerifiedFactor {
    /// Says that a second factor passed although none did: for the administrator's command that mints tokens for
    /// tests and demonstrations. Whoever calls it records [`EventKind::AdminToken`].
    pub const fn danger_by_administrator(subject: TokenSubject, factor: FactorKind, at: Timestamp) -> Self {
        Self { subject, factor, at }
    }

    /// Whom the token is to speak of.
    pub const fn subject(&self) -> &TokenSubject {
        &self.subject
    }

    /// Which factor passed.
    pub const fn factor(&self) -> FactorKind {
        self.factor
    }

    /// When it passed.
    pub const fn at(&self) -> Timestamp {
        self.at
    }
}

/// What the ceremony says of a try.
#[must_use]
#[derive(Debug)]
pub enum VerificationOutcome {
    /// The factor passed.
    Verified(VerifiedFactor),
    /// The answer was wrong, used before, or too old: one and the same to the caller.
    InvalidCode,
    /// The try was not admitted; nothing was looked at, counted or spent.
    Denied(DenyReason),
}

/// Why a genuine token does not open what was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DenyReason {
    /// The user may not log in at all.
    Disabled,
    /// Too many wrong answers.
    Locked(Lock),
    /// The token has bought an access token, or dates from before a lock.
    TokenSpent,
    /// The token was ended.
    TokenRevoked,
    /// The token's login has not come far enough, or too far.
    WrongStage,
    /// The second factor was shown too long ago.
    StepUpRequired {
        /// How old it may be.
        max_age: Duration,
    },
}

/// What a call needs of the token and the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Requirement {
    /// To read, or to end the token itself: works while locked.
    Read,
    /// To show a second factor.
    SecondFactor,
    /// To enrol: the first factor of an account by any token, another one by step-up.
    Enrol {
        /// How old a step-up may be.
        max_age: Duration,
    },
    /// To change what protects the account, by step-up.
    Change {
        /// How old a step-up may be.
        max_age: Duration,
    },
}

/// One try with one factor under one token.
#[derive(Clone, Debug)]
pub struct FactorAttempt {
    /// The token.
    pub token: AuthenticatedToken,
    /// The factor.
    pub factor: FactorKind,
    /// What a success is for: [`Requirement::SecondFactor`] clears the count, others do not.
    pub need: Requirement,
    /// Now.
    pub at: Timestamp,
    /// From where.
    pub origin: Origin,
    /// What wrong answers lead to.
    pub lockout: LockoutPolicy,
}

/// Wrong step-up codes that revoke the access token they came with.
const WRONG_STEP_UPS: u8 = 5;
/// Wrong codes that end an enrolment.
const ENROLMENT_TRIES: u8 = 5;
/// Strikes at which guessing is suspected.
const SUSPICIOUS_STRIKES: u32 = 20;

/// Whether the account lets this token do that, in the order: active, locked, spent or revoked, stage, step-up.
///
/// # Errors
///
/// [`DenyReason`]: nothing may be done.
pub fn admit(
    account: &Account,
    token: &AuthenticatedToken,
    need: Requirement,
    now: Timestamp,
) -> Result<(), DenyReason> {
    if !account.is_active {
        return Err(DenyReason::Disabled);
    }
    if need != Requirement::Read
        && let Some(lock) = account.lock(now)
    {
        return Err(DenyReason::Locked(lock));
    }
    live(account, token, now)?;
    match need {
        Requirement::SecondFactor if token.stage == Stage::OneFactor => Err(DenyReason::WrongStage),
        Requirement::Read | Requirement::SecondFactor => Ok(()),
        Requirement::Enrol { max_age } => match token.stage {
            Stage::Pending if account.mfa_enforced && !account.has_factor() => Ok(()),
            Stage::OneFactor if !account.has_factor() => Ok(()),
            Stage::Pending | Stage::OneFactor => Err(DenyReason::WrongStage),
            Stage::TwoFactors(_) => stepped_up(account, token, max_age, now),
        },
        Requirement::Change { max_age } => match token.stage {
            Stage::Pending | Stage::OneFactor => Err(DenyReason::WrongStage),
            Stage::TwoFactors(_) => stepped_up(account, token, max_age, now),
        },
    }
}

fn live(account: &Account, token: &AuthenticatedToken, now: Timestamp) -> Result<(), DenyReason> {
    let internal = &account.internal;
    match internal.denylist.reason(&token.id) {
        Some(DenylistReason::Spent) => return Err(DenyReason::TokenSpent),
        Some(DenylistReason::Revoked) => return Err(DenyReason::TokenRevoked),
        None => {}
    }
    let survives = internal.exempt_token.as_ref().is_some_and(|it| it.token == token.id);
    let ended = match token.session {
        Some(session) => session != internal.session,
        None => internal.sessions_ended_at.is_some_and(|ended| token.issued_at <= ended),
    };
    if ended && !survives {
        return Err(DenyReason::TokenRevoked);
    }
    // Spent once the lock has ended: while it is in force, its owner may still look and log out.
    let before_lock = internal.pending_from.is_some_and(|lock| token.issued_at <= lock);
    if token.stage == Stage::Pending && before_lock && account.lock(now).is_none() {
        return Err(DenyReason::TokenSpent);
    }
    Ok(())
}

fn stepped_up(
    account: &Account,
    token: &AuthenticatedToken,
    max_age: Duration,
    now: Timestamp,
) -> Result<(), DenyReason> {
    let recent = token.auth_time.is_some_and(|at| now.since(at) <= max_age);
    if recent || !account.has_factor() { Ok(()) } else { Err(DenyReason::StepUpRequired { max_age }) }
}

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
    if let Err(refused) = admit(account, &attempt.token, attempt.need, attempt.at) {
        return Ok(VerificationOutcome::Denied(refused));
    }
    match check(account)? {
        FactorResult::Correct => Ok(VerificationOutcome::Verified(pass(account, attempt))),
        wrong @ (FactorResult::Wrong | FactorResult::Replayed) => {
            fail(account, attempt, wrong);
            Ok(VerificationOutcome::InvalidCode)
        }
    }
}

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
    if let Err(refused) = admit(account, &attempt.token, attempt.need, attempt.at) {
        return Ok(VerificationOutcome::Denied(refused));
    }
    let before = PriorFactors { any: account.has_factor(), sms: account.has_sms() };
    let outcome = check(account)?;
    let kind = if attempt.factor == FactorKind::Sms { EventKind::PhoneVerify } else { EventKind::TotpEnroll };
    let event = |outcome| event_of(attempt, kind, outcome);
    match outcome {
        FactorResult::Correct => {
            if attempt.factor == FactorKind::Totp {
                account.internal.enrolment_tries = 0;
            }
            account.record(event(Outcome::Success));
            if attempt.factor == FactorKind::Sms && before.any {
                number_confirmed_beside(account, attempt, before);
            } else {
                account.end_sessions(attempt.at, None);
                spend_pending(account, attempt);
                note_success(account, attempt);
            }
            Ok(VerificationOutcome::Verified(verified(account, attempt)))
        }
        FactorResult::Wrong | FactorResult::Replayed => {
            account.record(event(Outcome::Failure));
            if attempt.factor == FactorKind::Totp {
                count_enrolment_try(account);
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
        account.end_sessions(attempt.at, Some(&attempt.token));
    }
}

/// A code for a new phone number has its tries in its challenge; one for a new secret has them here.
fn count_enrolment_try(account: &mut Account) {
    let tries = account.internal.enrolment_tries.saturating_add(1);
    account.internal.enrolment_tries = tries;
    if tries >= ENROLMENT_TRIES {
        account.totp.pending = None;
        account.internal.enrolment_tries = 0;
    }
}

fn pass(account: &mut Account, attempt: &FactorAttempt) -> VerifiedFactor {
    if attempt.need == Requirement::SecondFactor {
        account.failures = 0;
        // One that is in force was brought about by others while this try was on its way, and stays.
        if account.lock(attempt.at).is_none() {
            account.lock_until = None;
        }
        note_success(account, attempt);
    }
    account.internal.step_up_failures = None;
    spend_pending(account, attempt);
    account.record(event_of(attempt, tried(attempt), Outcome::Success));
    verified(account, attempt)
}

/// What counting a wrong answer brought about.
#[derive(Clone, Copy, Debug)]
struct FailureCount {
    strikes: u32,
    lock: Option<Lock>,
}

fn count(account: &mut Account, attempt: &FactorAttempt) -> FailureCount {
    account.failures = account.failures.saturating_add(1);
    let strikes = account.internal.strikes.add(attempt.at);
    let lock = attempt.lockout.lock_after(account.failures, strikes, attempt.at);
    if let Some(lock) = lock {
        account.lock_until = Some(lock.end());
        account.internal.pending_from = Some(attempt.at);
    }
    FailureCount { strikes, lock }
}

fn fail(account: &mut Account, attempt: &FactorAttempt, check: FactorResult) {
    let counted = count(account, attempt);
    let kind = if check == FactorResult::Replayed { EventKind::OtpReplay } else { tried(attempt) };
    tell_failure(account, attempt, kind, counted);
}

fn tell_failure(account: &mut Account, attempt: &FactorAttempt, kind: EventKind, counted: FailureCount) {
    account.record(event_of(attempt, kind, Outcome::Failure));
    if counted.strikes == SUSPICIOUS_STRIKES {
        account.record(event_of(attempt, EventKind::GuessingSuspected, Outcome::Failure));
    }
    if counted.lock.is_some() {
        account.record(event_of(attempt, EventKind::AccountLocked, Outcome::Failure));
    }
    if let Stage::TwoFactors(_) = attempt.token.stage {
        count_wrong_step_up(account, attempt);
    }
}

/// With a stolen access token the count of its owner could be moved: five wrong step-up codes revoke the token.
fn count_wrong_step_up(account: &mut Account, attempt: &FactorAttempt) {
    let token = attempt.token.id;
    let before =
        account.internal.step_up_failures.as_ref().filter(|it| it.token == token).map_or(0, |it| it.count);
    let count = before.saturating_add(1);
    if count < WRONG_STEP_UPS {
        account.internal.step_up_failures = Some(StepUpFailures { token, count });
        return;
    }
    account.internal.step_up_failures = None;
    account.mark_token(&attempt.token, DenylistReason::Revoked, attempt.at);
    account.record(event_of(attempt, EventKind::TokenRevoked, Outcome::Success));
}

fn spend_pending(account: &mut Account, attempt: &FactorAttempt) {
    if attempt.token.stage == Stage::Pending {
        account.mark_token(&attempt.token, DenylistReason::Spent, attempt.at);
    }
}

fn note_success(account: &mut Account, attempt: &FactorAttempt) {
    account.last_success_at = Some(attempt.at);
    account.last_method = Some(attempt.factor);
}

fn verified(account: &Account, attempt: &FactorAttempt) -> VerifiedFactor {
    VerifiedFactor { subject: account.subject(), factor: attempt.factor, at: attempt.at }
}

/// What the event of this try is called.
fn tried(attempt: &FactorAttempt) -> EventKind {
    match (attempt.need, attempt.factor) {
        (Requirement::Change { .. }, _) => EventKind::TotpDisable,
        (_, FactorKind::Totp) => EventKind::TotpVerify,
        (_, FactorKind::Sms) => EventKind::SmsVerify,
        (_, FactorKind::Recovery) => EventKind::RecoveryUse,
    }
}

fn event_of(attempt: &FactorAttempt, kind: EventKind, outcome: Outcome) -> SecurityEvent {
    SecurityEvent::new(kind, outcome, attempt.at, attempt.origin.clone()).with_method(attempt.factor)
}

#[cfg(test)]
mod tests;
