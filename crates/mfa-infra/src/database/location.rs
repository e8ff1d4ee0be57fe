//! Location of a database.

use std::fmt;
use std::path::PathBuf;

use mfa_core::SecretText;

/// Kind of a database, and its path or URL.
///
/// Exhaustive, so that each kind of database has an adapter.
#[derive(Clone, Debug)]
pub enum DatabaseLocation {
    /// Path of an SQLite file.
    Sqlite(PathBuf),
    /// URL of a PostgreSQL server.
    Postgres(SecretText),
}

impl fmt::Display for DatabaseLocation {
    /// Writes the location without credentials.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "SQLite in {}", path.display()),
            Self::Postgres(url) => {
                let url = url::Url::parse(url.expose()).ok();
                let host = url.as_ref().and_then(url::Url::host_str).unwrap_or("localhost");
                let name = url.as_ref().map_or("", |url| url.path().trim_start_matches('/'));
                write!(f, "PostgreSQL at {host}, database {name}")
            }
        }
    }
}
