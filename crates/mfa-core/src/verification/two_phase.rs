//! A try whose answer takes a slow hash: counted first, hashed outside the account's turn, settled after.
//!
//! The try has cost before anyone can learn what it was worth, and the hash runs while the account serves others. A
//! process that dies in between leaves a counted try and nothing else.

use super::attempt::{FactorAttempt, FactorResult, VerificationOutcome};
use super::authorization::{DenyReason, authorize, check_token};
use super::recording::{FailureCount, count_failure, event_kind, record_failure, record_success};
use crate::{Account, Lock};

/// A try that was counted and waits to be settled.
#[must_use]
#[derive(Clone, Copy, Debug)]
pub struct UnsettledAttempt {
    counted: FailureCount,
}

/// Admits a try as [`super::verify_factor`] does and counts it as a wrong one. `prepare` returns what is to be hashed.
///
/// # Errors
///
/// The error of `prepare`: nothing is counted.
pub fn begin_attempt<T, E>(
    account: &mut Account,
    attempt: &FactorAttempt,
    prepare: impl FnOnce(&Account) -> Result<T, E>,
) -> Result<Result<(UnsettledAttempt, T), DenyReason>, E> {
    if let Err(reason) = authorize(account, &attempt.token, attempt.requirement, attempt.at) {
        return Ok(Err(reason));
    }
    let input = prepare(account)?;
    Ok(Ok((UnsettledAttempt { counted: count_failure(account, attempt) }, input)))
}

/// Settles a try that [`begin_attempt`] counted. `check` spends what was right, if it is still there to be spent.
///
/// A right answer gives back its strike, and clears the count and the lock as a success does that came before the
/// others; a lock that only an administrator ends stays, unless this very try brought it about.
///
/// # Errors
///
/// What `check` fails with: the try stays counted.
pub fn settle_attempt<E>(
    account: &mut Account,
    attempt: &FactorAttempt,
    unsettled: UnsettledAttempt,
    check: impl FnOnce(&mut Account) -> Result<FactorResult, E>,
) -> Result<VerificationOutcome, E> {
    if !account.is_active {
        return Ok(VerificationOutcome::Denied(DenyReason::Disabled));
    }
    let UnsettledAttempt { counted } = unsettled;
    let own_lock = counted.lock.filter(|lock| account.lock_until == Some(lock.end()));
    if let Err(reason) = check_token_ignoring_lock(account, attempt) {
        return Ok(VerificationOutcome::Denied(reason));
    }
    match check(account)? {
        FactorResult::Correct => {
            if !matches!(account.lock(attempt.at), Some(Lock::UntilAdministrator)) || own_lock.is_some() {
                account.lock_until = None;
                account.internal.pending_tokens_spent_until = None;
            }
            account.internal.strikes.remove_last(attempt.at);
            account.failures = account.failures.saturating_sub(1);
            Ok(VerificationOutcome::Verified(record_success(account, attempt)))
        }
        FactorResult::Wrong | FactorResult::Replayed => {
            record_failure(account, attempt, event_kind(attempt), counted);
            Ok(VerificationOutcome::InvalidCode)
        }
    }
}

/// [`check_token`], but for a lock that came about while the try was on its way: it was admitted before.
fn check_token_ignoring_lock(account: &mut Account, attempt: &FactorAttempt) -> Result<(), DenyReason> {
    let before_lock = account.internal.pending_tokens_spent_until.take();
    let outcome = check_token(account, &attempt.token, attempt.at);
    account.internal.pending_tokens_spent_until = before_lock;
    outcome
}
