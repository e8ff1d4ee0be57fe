//! Errors of opening a database and of changing its schema.

use super::advice::{is_locked, lacks_privilege, with_advice};
use super::required_schema::MissingObject;

/// Reason why a database could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenDatabaseError {
    /// The database could not be reached.
    #[error("the database cannot be opened: {}", with_advice(.0))]
    Unreachable(String),
    /// A migration failed.
    #[error(transparent)]
    Migration(#[from] MigrationError),
}

/// Reason why a schema could not be changed. Each migration is a transaction: earlier ones stay applied, and the failed
/// one changes nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MigrationError {
    /// The database could not be reached.
    #[error("the database cannot be opened: {}", with_advice(.0))]
    Unreachable(String),
    /// A migration failed.
    #[error("the schema could not be changed: {}{}", .0, remedy(.0))]
    Stopped(String),
    /// The schema could not be read.
    #[error("the schema cannot be read: {}", with_advice(.0))]
    Unreadable(String),
    /// Another program holds a lock on the database.
    #[error("the database is in use by another program: {}", with_advice(.0))]
    Locked(String),
    /// Another program removed parts of the schema.
    #[error("{}", incomplete(.0))]
    Incomplete(Vec<MissingObject>),
}

/// Returns what to do about a migration that lacks a privilege. The role of a server has none on purpose.
fn remedy(reason: &str) -> &'static str {
    if lacks_privilege(reason) {
        ". Run mfa-admin migrate up with DATABASE_URL of the owner of the tables"
    } else {
        ""
    }
}

impl MigrationError {
    /// Returns the reason of the database, without a remedy; `None` for an incomplete schema.
    pub(super) fn reason(&self) -> Option<&str> {
        match self {
            Self::Unreachable(reason)
            | Self::Stopped(reason)
            | Self::Unreadable(reason)
            | Self::Locked(reason) => Some(reason),
            Self::Incomplete(_) => None,
        }
    }

    /// Returns the error of a change of the schema.
    pub(super) fn stopped(error: &(dyn std::error::Error + 'static)) -> Self {
        Self::locked(error).unwrap_or_else(|| Self::Stopped(error.to_string()))
    }

    /// Returns the error of a query that only reads.
    pub(super) fn unreadable(error: &(dyn std::error::Error + 'static)) -> Self {
        Self::locked(error).unwrap_or_else(|| Self::Unreadable(error.to_string()))
    }

    /// Returns the error of a database that could not be opened, for this reason.
    pub(super) fn unreachable(reason: String) -> Self {
        if is_locked(&reason) { Self::Locked(reason) } else { Self::Unreachable(reason) }
    }

    fn locked(error: &(dyn std::error::Error + 'static)) -> Option<Self> {
        let text = error.to_string();
        is_locked(&text).then_some(Self::Locked(text))
    }
}

/// Names what is missing, and how to add an empty column.
fn incomplete(missing: &[MissingObject]) -> String {
    let names: Vec<_> = missing.iter().map(ToString::to_string).collect();
    let statements: Vec<_> = missing.iter().filter_map(MissingObject::definition).collect();
    let names = names.join(", ");
    let what = format!(
        "the schema lacks {names}, although its migrations are applied: another program removed this"
    );
    let remedy = "Restore it from a backup";
    if statements.is_empty() {
        return format!("{what}. {remedy}");
    }
    format!("{what}. {remedy}, or add empty columns, whose users must enrol again: {}", statements.join("; "))
}
