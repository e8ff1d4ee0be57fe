//! Errors of opening a database and of changing its schema.

use super::advice::sentence;
use super::required_schema::MissingObject;

/// Reason why a database could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenDatabaseError {
    /// The database could not be reached.
    #[error("the database cannot be opened: {}. {}", .0, sentence(.0))]
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
    #[error("the database cannot be opened: {}. {}", .0, sentence(.0))]
    Unreachable(String),
    /// A migration failed.
    #[error("the schema could not be changed: {0}")]
    Stopped(String),
    /// Another program removed parts of the schema.
    #[error("{}", incomplete(.0))]
    Incomplete(Vec<MissingObject>),
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
