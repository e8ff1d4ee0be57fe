//! Where accounts live.

use std::error::Error;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use super::BoxFuture;
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
    fn apply(&self, user: UserId, turn: Phase, decision: Decision)
    -> BoxFuture<'_, Result<bool, StoreError>>;

    /// The account as it is stored now. `Ok(None)`: there is no such user.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store gave no answer.
    fn find(&self, user: UserId) -> BoxFuture<'_, Result<Option<Account>, StoreError>>;
}

impl dyn Accounts {
    /// Applies `decide` like [`Accounts::apply`] and returns the value of the run whose account was stored.
    ///
    /// `Ok(None)`: there is no such user.
    ///
    /// # Errors
    ///
    /// [`StoreError`] as [`Accounts::apply`].
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
        let verdict = Arc::new(Mutex::new(None));
        let slot = Arc::clone(&verdict);
        let decision = Box::new(move |account: &mut Account| {
            let outcome = decide(account);
            *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(outcome);
        });
        let found = self.apply(user, phase, decision).await?;
        let outcome = verdict.lock().unwrap_or_else(PoisonError::into_inner).take();
        Ok(outcome.filter(|_| found))
    }
}

/// What is known of a store call that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreErrorKind {
    /// Nothing was stored: the store could not be reached, or refused.
    Unavailable,
    /// Nothing was tried: too much is waiting already.
    Overloaded,
    /// It is not known whether the outcome was stored: a code that was tried may be spent, so ask for the next one.
    Unknown,
    /// The decision panicked; nothing was stored.
    DecisionPanicked,
    /// The row holds what it must not hold, such as a secret in the clear. Nothing was stored.
    Corrupt,
}

/// A store call that failed.
#[derive(Debug, thiserror::Error)]
#[error("{operation}: {}", kind.describe())]
pub struct StoreError {
    kind: StoreErrorKind,
    operation: &'static str,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl StoreErrorKind {
    const fn describe(self) -> &'static str {
        match self {
            Self::Unavailable => "the store gave no answer, nothing was stored",
            Self::Overloaded => "too much is waiting, nothing was tried",
            Self::Unknown => "it is not known whether the outcome was stored",
            Self::DecisionPanicked => "the decision panicked, nothing was stored",
            Self::Corrupt => "the row holds what it must not hold",
        }
    }
}

impl StoreError {
    /// An error of that kind in that operation.
    pub fn new(kind: StoreErrorKind, operation: &'static str) -> Self {
        Self { kind, operation, source: None }
    }

    /// The same, with what brought it about.
    #[must_use]
    pub fn with_source(self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { source: Some(source.into()), ..self }
    }

    /// What is known of the outcome.
    pub const fn kind(&self) -> StoreErrorKind {
        self.kind
    }
}
