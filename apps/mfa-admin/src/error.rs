//! Why a command was not done: a sentence for people and a word for programs.

use std::error::Error as _;
use std::io;

use mfa_core::{EntropyError, HashError, StoreError, StoreErrorKind};
use mfa_flows::FlowError;
use mfa_infra::audit::LogComparisonError;
use mfa_infra::database::{MigrationError, OpenDatabaseError};
use mfa_infra::settings::SettingsError;
use mfa_infra::{OpenError, RotateError, TaskCancelled};
use serde_json::Value;

use crate::command_output::CommandOutput;
use crate::commands::{ColumnMapError, FileError};
use crate::password::PasswordError;

/// Why a command was not done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CliError {
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error(transparent)]
    Migration(#[from] MigrationError),
    #[error(
        "{0} rows would keep sealed secrets or numbers in columns that were there before, which nothing else can read: \
         take the secrets out by export otpauth, then say --leave-sealed"
    )]
    SealedLeft(u64),
    #[error("{}", sentence(.0))]
    Refused(#[from] FlowError),
    #[error("that address is the user name of another user, whose address differs: give --user-id")]
    NameOfAnother,
    #[error(transparent)]
    Password(#[from] PasswordError),
    #[error(transparent)]
    Entropy(#[from] EntropyError),
    #[error(transparent)]
    Lost(#[from] TaskCancelled),
    #[error(transparent)]
    File(#[from] FileError),
    #[error(transparent)]
    Map(#[from] ColumnMapError),
    #[error(transparent)]
    Rotate(#[from] RotateError),
    /// It was done in part: the answer says what was, the sentence what was not.
    #[error("{sentence}")]
    Partly { sentence: String, answer: Box<CommandOutput> },
    #[error("the answer could not be written: {0}")]
    Output(io::Error),
    #[error("{file} cannot be read: {error}")]
    Log { file: String, error: io::Error },
    #[error(transparent)]
    Audit(#[from] LogComparisonError),
    #[error("{}", .0.sentence)]
    Found(Box<Findings>),
}

/// What a command was to look for and has found: an answer that is no success.
#[derive(Debug)]
pub(crate) struct Findings {
    /// The stable word for it.
    pub(crate) code: &'static str,
    /// In one sentence.
    pub(crate) sentence: String,
    /// One or more lines, for people.
    pub(crate) text: String,
    /// One document, for programs.
    pub(crate) json: Value,
}

impl From<StoreError> for CliError {
    fn from(error: StoreError) -> Self {
        Self::Refused(FlowError::Store(error))
    }
}

impl CliError {
    /// Whether all that went wrong is that nobody reads the rest of the answer.
    pub(crate) fn is_of_a_reader_gone(&self) -> bool {
        matches!(self, Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }

    /// The stable word for it; that of the HTTP API where both have it.
    pub(crate) const fn code(&self) -> &'static str {
        match self {
            Self::Settings(_) => "invalid_settings",
            Self::Open(error) => code_of_opening(error),
            Self::Migration(error) => code_of_migration(error),
            Self::Refused(refusal) => code_of_refusal(refusal),
            Self::SealedLeft(_) => "sealed_left",
            Self::NameOfAnother => "ambiguous_user",
            Self::Password(_) => "invalid_password",
            Self::Entropy(_) | Self::Lost(_) => "internal_error",
            Self::File(_) | Self::Map(_) => "unusable_file",
            Self::Rotate(error) => code_of_rotation(error),
            Self::Partly { .. } => "partly_done",
            Self::Output(_) => "output_failed",
            Self::Log { .. } | Self::Audit(LogComparisonError::Read(_)) => "log_unavailable",
            Self::Audit(LogComparisonError::Store(error)) => code_of_store(error),
            Self::Found(found) => found.code,
        }
    }
}

const fn code_of_opening(error: &OpenError) -> &'static str {
    match error {
        OpenError::Settings(_) | OpenError::Unusable(_) => "invalid_settings",
        OpenError::Database(OpenDatabaseError::Migration(error)) => code_of_migration(error),
        OpenError::Database(_) => "store_unavailable",
        OpenError::Store(error) => code_of_store(error),
        OpenError::Telemetry(_) => "log_unavailable",
        OpenError::KeysMissing(_) | OpenError::WrongKey(_) => "wrong_keys",
        OpenError::Machine(_) => "internal_error",
    }
}

const fn code_of_migration(error: &MigrationError) -> &'static str {
    match error {
        MigrationError::Unreachable(_) => "store_unavailable",
        _ => "migration_failed",
    }
}

const fn code_of_rotation(error: &RotateError) -> &'static str {
    match error {
        RotateError::ServerBehind { .. } => "server_behind",
        RotateError::Store(error) => code_of_store(error),
        RotateError::Refused(refusal) => code_of_refusal(refusal),
        RotateError::Cipher(_) => "internal_error",
    }
}

const fn code_of_store(error: &StoreError) -> &'static str {
    match error.kind() {
        StoreErrorKind::Unavailable | StoreErrorKind::Unknown => "store_unavailable",
        StoreErrorKind::Overloaded => "overloaded",
        StoreErrorKind::DecisionPanicked | StoreErrorKind::Corrupt => "internal_error",
    }
}

/// Only what the flows for administrators refuse; a refusal of theirs that is new here is `internal_error` until it
/// is told apart.
const fn code_of_refusal(refusal: &FlowError) -> &'static str {
    match refusal {
        FlowError::NoSuchUser => "not_found",
        FlowError::UserTaken => "user_taken",
        FlowError::AccountDisabled => "account_disabled",
        FlowError::NotAllowed => "not_allowed",
        FlowError::Store(error) => code_of_store(error),
        FlowError::Hasher(HashError::Overloaded) => "overloaded",
        _ => "internal_error",
    }
}

fn sentence(refusal: &FlowError) -> String {
    match refusal {
        FlowError::NoSuchUser => "there is no such user".to_owned(),
        FlowError::UserTaken => "the user name or the e-mail address belongs to another user".to_owned(),
        FlowError::AccountDisabled => "the user is inactive: no token is minted".to_owned(),
        FlowError::NotAllowed => {
            "--mfa-ok is refused outside of development (MFA_ENV): such a token stands for a \
                                factor that nobody showed"
                .to_owned()
        }
        FlowError::Store(error) => {
            let cause = error.source().map(|cause| format!(" ({cause})")).unwrap_or_default();
            format!("{error}{cause}")
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_store_is_told_with_its_cause() {
        let error =
            StoreError::new(StoreErrorKind::Unavailable, "list users").with_source("connection refused");
        let failure = CliError::from(FlowError::from(error));
        assert_eq!(failure.code(), "store_unavailable");
        assert_eq!(
            failure.to_string(),
            "list users: the store gave no answer, nothing was stored (connection refused)"
        );
    }

    #[test]
    fn what_an_administrator_meets_has_a_word_of_its_own() {
        for (refusal, code) in [
            (FlowError::NoSuchUser, "not_found"),
            (FlowError::UserTaken, "user_taken"),
            (FlowError::AccountDisabled, "account_disabled"),
            (FlowError::NotAllowed, "not_allowed"),
        ] {
            assert_eq!(CliError::from(refusal).code(), code);
        }
    }
}
