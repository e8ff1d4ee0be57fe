//! Error of a store operation.

use std::error::Error;

/// Effect of a store operation that failed.
///
/// Exhaustive, so that every caller decides what an unknown outcome means to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreErrorKind {
    /// Nothing was stored: the store was unreachable, or did not finish the operation in time.
    Unavailable,
    /// The store rejected the change of this row, such as by a rule of another program. Nothing was stored, and other rows
    /// are not affected.
    Rejected,
    /// Nothing was attempted: too many operations are waiting.
    Overloaded,
    /// It is unknown whether the change was stored. A submitted code may be spent: request the next one.
    Unknown,
    /// The database failed over less than a minute ago, so a used code may not be known as used. Nothing was stored:
    /// request the next code.
    FailedOver,
    /// The decision panicked. Nothing was stored.
    DecisionPanicked,
    /// The row holds an invalid value, such as a plaintext secret. Nothing was stored.
    Corrupt,
}

/// Error of a store operation.
#[derive(Debug, thiserror::Error)]
#[error("{operation}: {}", kind.describe())]
pub struct StoreError {
    kind: StoreErrorKind,
    operation: &'static str,
    source: Option<Box<dyn Error + Send + Sync>>,
}

impl StoreErrorKind {
    /// Returns whether the fault is in the row: a command for many users names this one and goes on.
    pub const fn is_of_row(self) -> bool {
        matches!(self, Self::Rejected | Self::Corrupt)
    }

    const fn describe(self) -> &'static str {
        match self {
            Self::Unavailable => "the database did not answer; nothing was stored",
            Self::Rejected => "the database rejected the change; nothing was stored",
            Self::Overloaded => "too many requests are waiting; nothing was tried",
            Self::Unknown => "the database did not answer; the change may be stored",
            Self::FailedOver => {
                "the database failed over less than a minute ago, so TOTP codes are rejected; nothing was stored"
            }
            Self::DecisionPanicked => "the decision panicked; nothing was stored",
            Self::Corrupt => "the row contains an invalid value",
        }
    }
}

impl StoreError {
    /// Creates an error of this kind for this operation.
    pub fn new(kind: StoreErrorKind, operation: &'static str) -> Self {
        Self { kind, operation, source: None }
    }

    /// Adds the underlying error.
    #[must_use]
    pub fn with_source(self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { source: Some(source.into()), ..self }
    }

    /// Returns the name of the failed operation.
    pub const fn operation(&self) -> &'static str {
        self.operation
    }

    /// Returns the effect of the failed operation.
    pub const fn kind(&self) -> StoreErrorKind {
        self.kind
    }
}
