//! Error of a store operation.

use std::error::Error;

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
