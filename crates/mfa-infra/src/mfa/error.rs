//! Errors of opening and running [`Mfa`](super::Mfa).

use std::fmt;
use std::path::PathBuf;

use mfa_core::{KeyId, StoreError};

use crate::database::OpenDatabaseError;
use crate::database::advice::with_advice;
use crate::settings::SettingsError;
use crate::telemetry::TelemetryError;

/// Error of opening [`Mfa`](super::Mfa). Each message contains the remedy.
///
/// Exhaustive, so that each error has an exit code.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A setting or the file of a generated key is invalid.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The database cannot be opened.
    #[error(transparent)]
    Database(#[from] OpenDatabaseError),
    /// The database stopped answering after it was opened.
    #[error("the database did not answer: {}", with_advice(&reason(.0)))]
    Store(#[from] StoreError),
    /// The log cannot be opened.
    #[error(transparent)]
    Telemetry(#[from] TelemetryError),
    /// Keys are missing that values in the database are sealed with.
    #[error(
        "MFA_ENCRYPTION_KEYS lacks a key that values in this database are still encrypted with: {0}. Add it after \
         the others; remove it only after `mfa-admin keys rotate` reports that it can be removed"
    )]
    KeysMissing(KeyNames),
    /// The file of the generated keys is missing, but values in the database are sealed with them.
    #[error(
        "{} is missing, and values in the database are encrypted with its key: restore the file from a backup, or move the \
         database away to start with an empty one",
        .0.display()
    )]
    GeneratedKeysLost(PathBuf),
    /// The file of the generated keys does not contain the keys that values in the database are sealed with.
    #[error(
        "{} does not contain the key that encrypted this database: restore the file from a backup, or move the database away \
         to start with an empty one",
        .0.display()
    )]
    GeneratedKeysDiffer(PathBuf),
    /// A key has the id of another key that sealed the data.
    #[error(
        "the key {0} in MFA_ENCRYPTION_KEYS differs from the key with this id that encrypted this database: restore \
         the original key, or give the new key another id"
    )]
    WrongKey(KeyId),
    /// A valid setting cannot be used on this machine or with this database.
    #[error("{0}")]
    Unusable(String),
    /// The machine lacks threads, memory or randomness.
    #[error("no threads, memory or randomness available: {0}")]
    Machine(String),
}

impl OpenError {
    /// Returns the error of a setting that cannot be used.
    pub(super) fn unusable(error: impl fmt::Display) -> Self {
        Self::Unusable(error.to_string())
    }

    /// Returns the error of a resource that the machine lacks.
    pub(super) fn machine(error: impl fmt::Display) -> Self {
        Self::Machine(error.to_string())
    }
}

/// Returns the error with the reason of the database.
fn reason(error: &StoreError) -> String {
    let source = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
    format!("{error}: {source}")
}

/// Comma-separated key ids in an error message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyNames(pub(super) Vec<KeyId>);

impl fmt::Display for KeyNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.0.iter().map(KeyId::as_str).collect();
        f.write_str(&names.join(", "))
    }
}

/// Error of a flow that did not finish: it panicked, or the runtime stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the task was cancelled or panicked")]
pub struct TaskCancelled;
