//! Authorization of a token for an operation on an account.

use std::time::Duration;

use crate::{Account, AuthenticatedToken, DenylistReason, Lock, PhishingResistantPolicy, Stage, Timestamp};

/// Reason why a genuine token does not authorize an operation.
///
/// Exhaustive, so that each reason is mapped to an HTTP response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DenyReason {
    /// The user may not log in.
    Disabled,
    /// The account is locked after too many failures.
    Locked(Lock),
    /// The token was exchanged for an access token, or was issued before a lock.
    TokenSpent,
    /// The token or its session was revoked.
    TokenRevoked,
    /// The stage of the token does not allow the operation.
    WrongStage,
    /// The second factor was verified too long ago.
    StepUpRequired {
        /// Maximum age of the verification.
        max_age: Duration,
    },
    /// The policy of the user accepts only phishing-resistant factors.
    PhishingResistantRequired,
}

/// Requirement of an operation on the token and the account.
///
/// Exhaustive, so that each requirement is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Requirement {
    /// Read access, or revocation of the token itself. Allowed while the account is locked.
    Read,
    /// Verification of a second factor.
    SecondFactor,
    /// Enrolment. The first factor needs any token, a further one a recent step-up.
    Enrol {
        /// Maximum age of a step-up.
        max_age: Duration,
    },
    /// Change of the account's protection. Needs a recent step-up.
    Change {
        /// Maximum age of a step-up.
        max_age: Duration,
    },
}

/// Checks whether the account authorizes this token for an operation.
///
/// Order of the checks: active user, lock, spent or revoked token, stage, step-up. If `policy` covers the user, only a
/// phishing-resistant factor counts as a step-up.
///
/// # Errors
///
/// [`DenyReason`] if the operation is not allowed: perform no part of it.
pub fn authorize(
    account: &Account,
    token: &AuthenticatedToken,
    requirement: Requirement,
    policy: PhishingResistantPolicy,
    now: Timestamp,
) -> Result<(), DenyReason> {
    if !account.is_active {
        return Err(DenyReason::Disabled);
    }
    if requirement != Requirement::Read
        && let Some(lock) = account.lock(now)
    {
        return Err(DenyReason::Locked(lock));
    }
    check_token(account, token, now)?;
    check_stage(account, token, requirement, policy, now)
}

pub(super) fn check_stage(
    account: &Account,
    token: &AuthenticatedToken,
    requirement: Requirement,
    policy: PhishingResistantPolicy,
    now: Timestamp,
) -> Result<(), DenyReason> {
    match requirement {
        Requirement::Read => Ok(()),
        Requirement::SecondFactor => match token.stage {
            Stage::OneFactor | Stage::Enrolment => Err(DenyReason::WrongStage),
            Stage::Pending | Stage::TwoFactors(_) => Ok(()),
        },
        Requirement::Enrol { max_age } => match token.stage {
            Stage::Enrolment => Ok(()),
            Stage::Pending if account.has_factor() => Err(DenyReason::WrongStage),
            Stage::Pending if policy.requires_second_factor(account) => Ok(()),
            Stage::OneFactor if !account.has_factor() => Ok(()),
            Stage::Pending | Stage::OneFactor => Err(DenyReason::WrongStage),
            Stage::TwoFactors(_) => check_step_up(account, token, max_age, policy, now),
        },
        Requirement::Change { max_age } => match token.stage {
            Stage::Pending | Stage::Enrolment | Stage::OneFactor => Err(DenyReason::WrongStage),
            Stage::TwoFactors(_) => check_step_up(account, token, max_age, policy, now),
        },
    }
}

pub(super) fn check_token(
    account: &Account,
    token: &AuthenticatedToken,
    now: Timestamp,
) -> Result<(), DenyReason> {
    let internal = &account.internal;
    match internal.denylist.reason(&token.id) {
        Some(DenylistReason::Spent) => return Err(DenyReason::TokenSpent),
        Some(DenylistReason::Revoked) => return Err(DenyReason::TokenRevoked),
        None => {}
    }
    let survives = internal.exempt_token.as_ref().is_some_and(|it| it.token == token.id);
    let ended = match token.session {
        Some(session) => session != internal.session,
        None => internal.sessions_revoked_at.is_some_and(|ended| token.issued_at <= ended),
    };
    if ended && !survives {
        return Err(DenyReason::TokenRevoked);
    }
    // Spent only once the lock has ended: during the lock the owner may still read and log out.
    let before_lock = internal.pending_tokens_spent_until.is_some_and(|lock| token.issued_at <= lock);
    if token.stage.is_pending() && before_lock && account.lock(now).is_none() {
        return Err(DenyReason::TokenSpent);
    }
    Ok(())
}

fn check_step_up(
    account: &Account,
    token: &AuthenticatedToken,
    max_age: Duration,
    policy: PhishingResistantPolicy,
    now: Timestamp,
) -> Result<(), DenyReason> {
    let is_accepted = token.stage.is_phishing_resistant() || !policy.covers(account);
    let recent = is_accepted && token.auth_time.is_some_and(|at| now.since(at) <= max_age);
    if recent || !account.has_factor() { Ok(()) } else { Err(DenyReason::StepUpRequired { max_age }) }
}
