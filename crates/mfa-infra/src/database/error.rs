//! Error of opening a database.

use super::migrate::MigrationError;

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
