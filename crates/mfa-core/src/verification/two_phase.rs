//! Verification in two phases, for codes whose check needs a slow hash.
//!
//! The attempt is counted first, then hashed outside the account's decision, and settled afterwards. So nobody learns
//! a result that was not counted, and other requests for the account do not wait for the hash. If the process dies in
//! between, the attempt stays counted and nothing else changes.
//!
//! The decision that counts also records the lock that it causes: the lock is in force from then on, and is explained
//! even if no settlement follows. A settlement without success records the failure, whatever its reason. A success that
//! ends a lock records [`EventKind::AccountUnlocked`].

use super::admission::{authorize_attempt, check_factor};
use super::attempt::{FactorAttempt, FactorResult, VerificationOutcome};
use super::authorization::{DenyReason, check_token};
use super::recording::{
    FailureCount, count_failure, count_wrong_step_up, event, event_kind, record_failure, record_lock,
    record_success,
};
use crate::{Account, EventKind, Lock, Outcome};

/// Attempt that was counted as a failure and awaits its settlement.
#[must_use]
#[derive(Clone, Copy, Debug)]
pub struct UnsettledAttempt {
    counted: FailureCount,
}

/// Authorizes an attempt as [`super::verify_factor`] does, counts it as a failure and records the lock that this causes.
/// `prepare` returns the input of the hash.
///
/// # Errors
///
/// The error of `prepare`. Nothing is counted.
pub fn begin_attempt<T, E>(
    account: &mut Account,
    attempt: &FactorAttempt,
    prepare: impl FnOnce(&Account) -> Result<T, E>,
) -> Result<Result<(UnsettledAttempt, T), DenyReason>, E> {
    if let Err(reason) = authorize_attempt(account, attempt) {
        return Ok(Err(reason));
    }
    let input = prepare(account)?;
    let counted = count_failure(account, attempt);
    record_lock(account, attempt, counted);
    Ok(Ok((UnsettledAttempt { counted }, input)))
}

/// Settles an attempt that [`begin_attempt`] counted. `check` marks a correct code as used, if it is still unused.
///
/// A correct code removes its own failure and strike, and clears the failure count and the lock, as if it had come
/// before the other attempts. A lock that only an administrator ends stays, unless this attempt caused it. Pending tokens
/// issued before the lock stay spent.
///
/// A denied settlement records the failure too, without checking the code: the attempt stays counted.
///
/// # Errors
///
/// The error of `check`. The attempt stays counted; call [`abandon_attempt`] to record it.
pub fn settle_attempt<E>(
    account: &mut Account,
    attempt: &FactorAttempt,
    unsettled: UnsettledAttempt,
    check: impl FnOnce(&mut Account) -> Result<FactorResult, E>,
) -> Result<VerificationOutcome, E> {
    if let Err(reason) = check_still_authorized(account, attempt) {
        abandon_attempt(account, attempt, unsettled);
        return Ok(VerificationOutcome::Denied(reason));
    }
    let UnsettledAttempt { counted } = unsettled;
    let own_lock = counted.lock.filter(|lock| account.lock_until == Some(lock.end()));
    match check(account)? {
        FactorResult::Correct => {
            let was_locked = account.lock(attempt.at).is_some();
            if !matches!(account.lock(attempt.at), Some(Lock::UntilAdministrator)) || own_lock.is_some() {
                account.lock_until = None;
            }
            account.internal.strikes.remove_last(attempt.at);
            account.failures = account.failures.saturating_sub(1);
            let factor = record_success(account, attempt);
            if was_locked && account.lock(attempt.at).is_none() {
                account.record(event(attempt, EventKind::AccountUnlocked, Outcome::Success));
            }
            Ok(VerificationOutcome::Verified(factor))
        }
        FactorResult::Wrong | FactorResult::Replayed => {
            record_failure(account, attempt, event_kind(attempt), counted);
            count_wrong_step_up(account, attempt);
            Ok(VerificationOutcome::InvalidCode)
        }
    }
}

/// Records the failure of an attempt that [`begin_attempt`] counted and whose code could not be checked.
///
/// The attempt stays counted. The token is not charged with a wrong step-up, since the code may have been correct.
pub fn abandon_attempt(account: &mut Account, attempt: &FactorAttempt, unsettled: UnsettledAttempt) {
    record_failure(account, attempt, event_kind(attempt), unsettled.counted);
}

/// Checks the user, the token and the policy again, without the effect of a lock that began after the attempt was authorized.
fn check_still_authorized(account: &mut Account, attempt: &FactorAttempt) -> Result<(), DenyReason> {
    if !account.is_active {
        return Err(DenyReason::Disabled);
    }
    let before_lock = account.internal.pending_tokens_spent_until.take();
    let outcome = check_token(account, &attempt.token, attempt.at);
    account.internal.pending_tokens_spent_until = before_lock;
    outcome?;
    check_factor(account, attempt)
}
