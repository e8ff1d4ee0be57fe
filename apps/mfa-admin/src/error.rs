//! Errors of commands: a message for people and a stable code for programs.

use std::error::Error as _;
use std::io;

use mfa_core::{EntropyError, HashError, StoreError, StoreErrorKind, UserId};
use mfa_flows::FlowError;
use mfa_infra::audit::LogComparisonError;
use mfa_infra::database::{
    MigrationError, OpenDatabaseError, PartitionError, is_in_use, is_missing_privilege,
};
use mfa_infra::settings::SettingsError;
use mfa_infra::{OpenError, RotateError, TaskCancelled};

use crate::column_map::ColumnMapError;
use crate::command_output::{CommandOutput, counted};
use crate::otpauth_file::FileError;
use crate::password::PasswordError;

/// Reason why a command failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CliError {
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error(transparent)]
    Migration(#[from] MigrationError),
    #[error(transparent)]
    Partition(#[from] PartitionError),
    #[error(
        "cannot remove the schema: {} with secrets, phone numbers or recovery codes that nothing else can read. Run \
         mfa-admin export nova-python, then repeat with --delete-sealed (or with --leave-sealed to keep them encrypted)",
        counted(.0, "row")
    )]
    EncryptedValuesRemain(u64),
    #[error("{}", flow_message(.0))]
    Flow(#[from] FlowError),
    #[error(transparent)]
    Password(#[from] PasswordError),
    #[error(transparent)]
    Entropy(#[from] EntropyError),
    #[error(transparent)]
    TaskCancelled(#[from] TaskCancelled),
    #[error(transparent)]
    File(#[from] FileError),
    #[error(transparent)]
    ColumnMap(#[from] ColumnMapError),
    #[error(transparent)]
    Rotate(#[from] RotateError),
    /// The command ran, but its output reports failures: rows that were refused, or problems that were found.
    #[error("{message}")]
    Unsuccessful { message: String, output: Box<CommandOutput> },
    #[error(
        "there is no NOVA MFA database ({0}): run mfa-server or mfa-admin migrate up to create it, or name the folder of \
         an installation with -C"
    )]
    NoDatabase(String),
    #[error("{0}: the schema is out of date: run mfa-admin migrate up")]
    SchemaOutdated(String),
    /// The role of the database lacks a privilege that the role of a server does not need.
    #[error(
        "the database role{role} lacks {privilege} ({reason}); nothing was stored. Run the command with DATABASE_URL of a role \
         that has it, such as the owner of the tables"
    )]
    MissingPrivilege { role: String, privilege: &'static str, reason: String },
    #[error("there is no user {0}, and no event of such a user: check --user-id")]
    NoAuditedUser(UserId),
    #[error(
        "with --state, MFA or a passkey can only be required: leave out on and off, or use --phishing-resistant on alone"
    )]
    BulkRequirement,
    #[error("not confirmed: nothing was changed. Answer yes, or add --yes in a script")]
    NotConfirmed,
    #[error("cannot change to {dir}: {error}")]
    ChangeDirectory { dir: String, error: io::Error },
    #[error("cannot write the output: {0}")]
    WriteOutput(io::Error),
    #[error("cannot read {file}: {error}")]
    ReadLog { file: String, error: io::Error },
    #[error(
        "no line of the log files is about a stored event: check the paths, and that MFA_LOG_FILE wrote them"
    )]
    NoLogLines,
    #[error(transparent)]
    Audit(#[from] LogComparisonError),
}

impl From<StoreError> for CliError {
    fn from(error: StoreError) -> Self {
        Self::Flow(FlowError::Store(error))
    }
}

impl CliError {
    /// Returns whether the reader of standard output closed it, as `head` does.
    pub(crate) fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::WriteOutput(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }

    /// Replaces the error of a role that lacks a privilege by one that names both. `role` returns the role of `DATABASE_URL`.
    pub(crate) fn with_role(self, role: impl FnOnce() -> Option<String>) -> Self {
        let (Self::Flow(FlowError::Store(error))
        | Self::Rotate(RotateError::Store(error))
        | Self::Audit(LogComparisonError::Store(error))) = &self
        else {
            return self;
        };
        if !is_missing_privilege(error) {
            return self;
        }
        let privilege = match error.operation() {
            "insert user" | "insert users" => "INSERT on table users",
            "set password" | "replace password" => "UPDATE of users.hashed_password",
            "set superuser" => "UPDATE of users.is_superuser",
            _ => "a privilege that this command needs",
        };
        Self::MissingPrivilege {
            role: role().map(|it| format!(" {it}")).unwrap_or_default(),
            privilege,
            reason: error.source().map(ToString::to_string).unwrap_or_default(),
        }
    }

    /// Returns the stable code of the error; the code of the HTTP API if it has the same error.
    pub(crate) const fn code(&self) -> &'static str {
        match self {
            Self::Settings(_) => "invalid_settings",
            Self::Open(error) => open_code(error),
            Self::Migration(error) => migration_code(error),
            Self::Partition(PartitionError::Open(_)) => "store_unavailable",
            Self::Partition(_) => "migration_failed",
            Self::Flow(error) => flow_code(error),
            Self::EncryptedValuesRemain(_) => "sealed_left",
            Self::Password(_) => "invalid_password",
            Self::Entropy(_) | Self::TaskCancelled(_) => "internal_error",
            Self::File(_) | Self::ColumnMap(_) => "unusable_file",
            Self::Rotate(error) => rotate_code(error),
            Self::Unsuccessful { .. } => "partly_done",
            Self::NoDatabase(_) => "no_database",
            Self::SchemaOutdated(_) => "schema_outdated",
            Self::MissingPrivilege { .. } => "missing_privilege",
            Self::NoAuditedUser(_) => "not_found",
            Self::BulkRequirement => "usage",
            Self::NotConfirmed => "not_confirmed",
            Self::ChangeDirectory { .. } => "no_directory",
            Self::WriteOutput(_) => "output_failed",
            Self::ReadLog { .. } | Self::NoLogLines | Self::Audit(LogComparisonError::Read(_)) => {
                "log_unavailable"
            }
            Self::Audit(LogComparisonError::Store(error)) => store_code(error),
        }
    }

    /// Returns whether a row contains a value that this service does not write.
    pub(crate) fn is_corrupt_row(&self) -> bool {
        matches!(self, Self::Flow(FlowError::Store(error)) if error.kind() == StoreErrorKind::Corrupt)
    }
}

const fn open_code(error: &OpenError) -> &'static str {
    match error {
        OpenError::Settings(_) | OpenError::Unusable(_) => "invalid_settings",
        OpenError::Database(OpenDatabaseError::Migration(error)) => migration_code(error),
        OpenError::Database(_) => "store_unavailable",
        OpenError::Store(error) => store_code(error),
        OpenError::Telemetry(_) => "log_unavailable",
        OpenError::KeysMissing(_)
        | OpenError::GeneratedKeysLost(_)
        | OpenError::GeneratedKeysDiffer(_)
        | OpenError::WrongKey(_) => "wrong_keys",
        OpenError::Machine(_) => "internal_error",
    }
}

const fn migration_code(error: &MigrationError) -> &'static str {
    match error {
        MigrationError::Unreachable(_) | MigrationError::Unreadable(_) | MigrationError::Locked(_) => {
            "store_unavailable"
        }
        _ => "migration_failed",
    }
}

const fn rotate_code(error: &RotateError) -> &'static str {
    match error {
        RotateError::ServerBehind { .. } => "server_behind",
        RotateError::Store(error) => store_code(error),
        RotateError::Refused(error) => flow_code(error),
        RotateError::Cipher(_) => "internal_error",
    }
}

const fn store_code(error: &StoreError) -> &'static str {
    match error.kind() {
        StoreErrorKind::Unavailable
        | StoreErrorKind::Rejected
        | StoreErrorKind::Unknown
        | StoreErrorKind::FailedOver => "store_unavailable",
        StoreErrorKind::Overloaded => "overloaded",
        StoreErrorKind::DecisionPanicked | StoreErrorKind::Corrupt => "internal_error",
    }
}

/// Returns the code of an error of the administration flows. Any other flow error is `internal_error`.
const fn flow_code(error: &FlowError) -> &'static str {
    match error {
        FlowError::NoSuchUser | FlowError::NoSuchAuthenticator | FlowError::NoSuchSession => "not_found",
        FlowError::InvalidName | FlowError::NameTaken => "invalid_field",
        FlowError::MethodNotAvailable => "method_not_available",
        FlowError::AmbiguousUser(_) => "ambiguous_user",
        FlowError::UserTaken => "user_taken",
        FlowError::AccountDisabled => "account_disabled",
        FlowError::NotAllowed => "not_allowed",
        FlowError::Store(error) => store_code(error),
        FlowError::Hasher(HashError::Overloaded) => "overloaded",
        _ => "internal_error",
    }
}

fn flow_message(error: &FlowError) -> String {
    match error {
        FlowError::NoSuchUser => "user not found: check --user-id, --email or --username".to_owned(),
        FlowError::AmbiguousUser(owners) => {
            let owners: Vec<_> = owners.iter().map(|it| format!("{} ({})", it.user, it.email)).collect();
            format!("several users have this email address: {}. Use --user-id", owners.join(", "))
        }
        FlowError::UserTaken => {
            "the user name or email address already belongs to another user: choose another".to_owned()
        }
        FlowError::AccountDisabled => {
            "cannot issue a token: the user is inactive (users.is_active is false)".to_owned()
        }
        FlowError::NotAllowed => "--mfa-ok is rejected unless MFA_ENV is development: the token would grant \
                                  two-factor access without any verification"
            .to_owned(),
        FlowError::Store(error) => {
            let cause = error.source().map(|cause| format!(" ({cause})")).unwrap_or_default();
            if is_in_use(error) {
                return format!(
                    "{}: the database is in use by another program{cause}. Wait until that has finished, or stop it, and try \
                     again",
                    error.operation()
                );
            }
            format!("{error}{cause}")
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_error_is_reported_with_its_cause() {
        let store_error = || StoreError::new(StoreErrorKind::Unavailable, "list users");
        let error = CliError::from(FlowError::from(store_error().with_source("connection refused")));
        assert_eq!(error.code(), "store_unavailable");
        assert!(error.to_string().contains("list users"), "{error}");
        assert_eq!(error.to_string(), format!("{} (connection refused)", store_error()));
    }

    #[test]
    fn each_error_of_the_administration_flows_has_its_own_code() {
        for (error, code) in [
            (FlowError::NoSuchUser, "not_found"),
            (FlowError::AmbiguousUser(Vec::new()), "ambiguous_user"),
            (FlowError::UserTaken, "user_taken"),
            (FlowError::AccountDisabled, "account_disabled"),
            (FlowError::NotAllowed, "not_allowed"),
        ] {
            assert_eq!(CliError::from(error).code(), code);
        }
    }
}
