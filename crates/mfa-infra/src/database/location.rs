//! Location of a database.

use std::fmt;
use std::path::PathBuf;

use mfa_core::SecretText;

use super::connection_uri::ConnectionUri;

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
                let uri = ConnectionUri::parse(url.expose());
                let (hosts, name) = uri.map(|it| (it.shown_hosts(), it.shown_database())).unwrap_or_default();
                write!(f, "PostgreSQL at {hosts}, database {name}")
            }
        }
    }
}
