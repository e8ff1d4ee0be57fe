//! Authorization of a token against the account: what a token may be used for.

use std::time::Duration;

use crate::{Account, AuthenticatedToken, DenylistReason, Lock, Stage, Timestamp};

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

/// Whether the account lets this token do that, in the order: active, locked, spent or revoked, stage, step-up.
///
/// # Errors
///
/// [`DenyReason`]: nothing may be done.
pub fn authorize(
    account: &Account,
    token: &AuthenticatedToken,
    requirement: Requirement,
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
    match requirement {
        Requirement::SecondFactor if token.stage == Stage::OneFactor => Err(DenyReason::WrongStage),
        Requirement::Read | Requirement::SecondFactor => Ok(()),
        Requirement::Enrol { max_age } => match token.stage {
            Stage::Pending if account.mfa_enforced && !account.has_factor() => Ok(()),
            Stage::OneFactor if !account.has_factor() => Ok(()),
            Stage::Pending | Stage::OneFactor => Err(DenyReason::WrongStage),
            Stage::TwoFactors(_) => check_step_up(account, token, max_age, now),
        },
        Requirement::Change { max_age } => match token.stage {
            Stage::Pending | Stage::OneFactor => Err(DenyReason::WrongStage),
            Stage::TwoFactors(_) => check_step_up(account, token, max_age, now),
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
    // Spent once the lock has ended: while it is in force, its owner may still look and log out.
    let before_lock = internal.pending_tokens_spent_until.is_some_and(|lock| token.issued_at <= lock);
    if token.stage == Stage::Pending && before_lock && account.lock(now).is_none() {
        return Err(DenyReason::TokenSpent);
    }
    Ok(())
}

fn check_step_up(
    account: &Account,
    token: &AuthenticatedToken,
    max_age: Duration,
    now: Timestamp,
) -> Result<(), DenyReason> {
    let recent = token.auth_time.is_some_and(|at| now.since(at) <= max_age);
    if recent || !account.has_factor() { Ok(()) } else { Err(DenyReason::StepUpRequired { max_age }) }
}
