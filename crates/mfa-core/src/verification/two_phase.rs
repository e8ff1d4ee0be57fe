//! Verification in two phases, for codes whose check needs a slow hash.
//!
//! The attempt is counted first, then hashed outside the account's decision, and settled afterwards. So nobody learns
//! a result that was not counted, and other requests for the account do not wait for the hash. If the process dies in
//! between, the attempt stays counted and nothing else changes.

use super::attempt::{FactorAttempt, FactorResult, VerificationOutcome};
use super::authorization::{DenyReason, authorize, check_token};
use super::recording::{FailureCount, count_failure, event_kind, record_failure, record_success};
use crate::{Account, Lock};

/// Attempt that was counted as a failure and awaits its settlement.
#[must_use]
#[derive(Clone, Copy, Debug)]
pub struct UnsettledAttempt {
    counted: FailureCount,
}

/// Authorizes an attempt as [`super::verify_factor`] does and counts it as a failure. `prepare` returns the input of
/// the hash.
///
/// # Errors
///
/// The error of `prepare`. Nothing is counted.
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

/// Settles an attempt that [`begin_attempt`] counted. `check` marks a correct code as used, if it is still unused.
///
/// A correct code removes its own failure and strike, and clears the failure count and the lock, as if it had come
/// before the other attempts. A lock that only an administrator ends stays, unless this attempt caused it.
///
/// # Errors
///
/// The error of `check`. The attempt stays counted.
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

/// Runs [`check_token`] without the effect of a lock that began after the attempt was authorized.
fn check_token_ignoring_lock(account: &mut Account, attempt: &FactorAttempt) -> Result<(), DenyReason> {
    let before_lock = account.internal.pending_tokens_spent_until.take();
    let outcome = check_token(account, &attempt.token, attempt.at);
    account.internal.pending_tokens_spent_until = before_lock;
    outcome
}
