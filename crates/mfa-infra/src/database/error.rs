//! Errors of opening a database and of changing its schema.

/// Reason why a database could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenDatabaseError {
    /// The database could not be reached.
    #[error("the database cannot be opened: {0}. Check DATABASE_URL and that the server is running")]
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
    #[error("the database cannot be opened: {0}. Check DATABASE_URL and that the server is running")]
    Unreachable(String),
    /// A migration failed.
    #[error("the schema could not be changed: {0}")]
    Stopped(String),
}
