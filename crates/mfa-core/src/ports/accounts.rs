//! Port for the storage of accounts.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use super::box_future::BoxFuture;
use super::store_error::StoreError;
use crate::{Account, Timestamp, UserId};

/// Pure change of one account.
///
/// It may run several times, each time on a newer copy of the account. Only the effect of the last run is stored.
pub type Decision = Box<dyn FnMut(&mut Account) + Send>;

/// Phase of an operation, for load shedding.
///
/// Exhaustive, so that an adapter cannot shed a second phase by mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// First or only phase. Rejected when too many decisions wait.
    Begin,
    /// Second phase of an operation, such as the settlement of a counted attempt.
    ///
    /// Accepted even when first phases are rejected. The caller must bound the number of operations between the two
    /// phases.
    Settle,
}

/// Store of accounts: one row each, changed in one atomic step.
pub trait Accounts: Send + Sync + fmt::Debug {
    /// Runs `decision` on the account and stores the result together with its events, or nothing.
    ///
    /// Returns after the commit. Returns `Ok(false)` if the user does not exist.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the change was not stored or may not be stored: check its kind before a retry.
    fn apply(
        &self,
        user: UserId,
        phase: Phase,
        decision: Decision,
    ) -> BoxFuture<'_, Result<bool, StoreError>>;

    /// Returns the account as it is stored now, or `None` if the user does not exist.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the account could not be read: deny the request.
    fn find(&self, user: UserId) -> BoxFuture<'_, Result<Option<Account>, StoreError>>;

    /// Replaces values of the account's row that cannot be read by values that let nobody in. Returns whether the account
    /// can be read afterwards.
    ///
    /// The default is for a store whose rows can always be read.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the row could not be read or written: nothing, or only a part, was replaced.
    fn repair(
        &self,
        _user: UserId,
        _scope: RepairScope,
        _now: Timestamp,
    ) -> BoxFuture<'_, Result<bool, StoreError>> {
        Box::pin(async { Ok(false) })
    }
}

/// Columns that [`Accounts::repair`] may replace.
///
/// Exhaustive, so that an adapter cannot replace more than an administrator asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RepairScope {
    /// The lock and the count of failures: an unlock replaces these anyway.
    Lock,
    /// Every column: a reset removes all factors and sessions anyway.
    All,
}

impl dyn Accounts {
    /// Runs [`Accounts::apply`] in this phase and returns the result of the run that was stored.
    ///
    /// Returns `None` if the user does not exist.
    ///
    /// # Errors
    ///
    /// [`StoreError`] as for [`Accounts::apply`].
    pub async fn update<T, F>(
        &self,
        user: UserId,
        phase: Phase,
        mut decide: F,
    ) -> Result<Option<T>, StoreError>
    where
        F: FnMut(&mut Account) -> T + Send + 'static,
        T: Send + 'static,
    {
        let result = Arc::new(Mutex::new(None));
        let slot = Arc::clone(&result);
        let decision = Box::new(move |account: &mut Account| {
            let outcome = decide(account);
            *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(outcome);
        });
        let found = self.apply(user, phase, decision).await?;
        let outcome = result.lock().unwrap_or_else(PoisonError::into_inner).take();
        Ok(outcome.filter(|_| found))
    }
}
