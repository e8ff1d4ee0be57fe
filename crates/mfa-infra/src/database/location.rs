//! Location of a database.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::{fmt, fs};

use mfa_core::SecretText;

use super::connection_uri::ConnectionUri;
use super::error::MigrationError;

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

impl DatabaseLocation {
    /// Returns whether the database can exist: a PostgreSQL server, or an SQLite file that is there.
    ///
    /// # Errors
    ///
    /// [`MigrationError::Unreachable`] if this user may not look, or if a folder is there.
    pub fn may_exist(&self) -> Result<bool, MigrationError> {
        match self {
            Self::Sqlite(path) => file_exists(path).map_err(MigrationError::Unreachable),
            Self::Postgres(_) => Ok(true),
        }
    }

    /// Returns the role with which the service connects to PostgreSQL; `None` for SQLite, or if libpq takes it from
    /// elsewhere.
    pub fn role(&self) -> Option<String> {
        match self {
            Self::Sqlite(_) => None,
            Self::Postgres(url) => ConnectionUri::parse(url.expose()).ok().and_then(|it| it.role()),
        }
    }
}

/// Returns whether a file is at the path. Without access to its folder this is unknown, which is an error.
pub(super) fn file_exists(path: &Path) -> Result<bool, String> {
    match fs::metadata(path) {
        Ok(found) if found.is_dir() => Err(format!("{} is a folder", path.display())),
        Ok(_) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(format!("{}: {error}", path.display())),
    }
}

impl fmt::Display for DatabaseLocation {
    /// Writes the location without credentials.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "SQLite in {}", path.display()),
            Self::Postgres(url) => {
                let uri = ConnectionUri::parse(url.expose()).ok();
                let (hosts, name) = uri.map(|it| (it.shown_hosts(), it.shown_database())).unwrap_or_default();
                write!(f, "PostgreSQL at {hosts}, database {name}")
            }
        }
    }
}
