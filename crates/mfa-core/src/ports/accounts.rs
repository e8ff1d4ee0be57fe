//! Where accounts live.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use super::box_future::BoxFuture;
use super::store_error::StoreError;
use crate::{Account, UserId};

/// A pure change of one account. It may run more than once, each time on a fresher account, and only what its last
/// run left is stored.
pub type Decision = Box<dyn FnMut(&mut Account) + Send>;

/// Whether a decision begins something or ends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// It begins: refused where too much is waiting.
    Begin,
    /// It settles what a first one began, such as a try that was counted: let in where a first one is refused. What
    /// lies between them must be bounded by the caller.
    Settle,
}

/// Where accounts live: one row each, changed in one atomic step.
pub trait Accounts: Send + Sync + fmt::Debug {
    /// Runs `decision` on the account and stores what it left, with its events, or nothing.
    ///
    /// Answers after the commit. `Ok(false)`: there is no such user.
    ///
    /// # Errors
    ///
    /// [`StoreError`]: by its kind nothing was stored, or it is not known.
    fn apply(
        &self,
        user: UserId,
        phase: Phase,
        decision: Decision,
    ) -> BoxFuture<'_, Result<bool, StoreError>>;

    /// The account as it is stored now. `Ok(None)`: there is no such user.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store gave no answer.
    fn find(&self, user: UserId) -> BoxFuture<'_, Result<Option<Account>, StoreError>>;
}

impl dyn Accounts {
    /// Like [`Accounts::apply`], and hands back what the run that was stored returned.
    ///
    /// # Errors
    ///
    /// [`StoreError`] as [`Accounts::apply`].
    pub async fn update<T, F>(&self, user: UserId, decide: F) -> Result<Option<T>, StoreError>
    where
        F: FnMut(&mut Account) -> T + Send + 'static,
        T: Send + 'static,
    {
        self.update_in_phase(user, Phase::Begin, decide).await
    }

    /// The same for a decision that begins something or ends it.
    ///
    /// # Errors
    ///
    /// [`StoreError`] as [`Accounts::apply`].
    pub async fn update_in_phase<T, F>(
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
