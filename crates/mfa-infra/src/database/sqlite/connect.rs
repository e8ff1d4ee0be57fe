//! Connections to SQLite: write-ahead log, every commit on disk before it is acknowledged.

use std::path::Path;

use diesel::connection::SimpleConnection;
use diesel::{Connection, SqliteConnection};

/// Returns the path as text, as SQLite takes it.
pub(in crate::database) fn name(path: &Path) -> Result<&str, String> {
    path.to_str().ok_or_else(|| format!("the path {} is not valid UTF-8", path.display()))
}

/// Connects and sets up the session.
pub(in crate::database) fn connect(path: &Path) -> Result<SqliteConnection, String> {
    let name = name(path)?;
    let mut connection = SqliteConnection::establish(name).map_err(|error| format!("{name}: {error}"))?;
    prepare(&mut connection).map_err(|error| format!("{name}: {error}"))?;
    Ok(connection)
}

/// Sets up a session. `busy_timeout` comes first: the other settings may have to wait for another process's write.
pub(in crate::database) fn prepare(connection: &mut SqliteConnection) -> Result<(), diesel::result::Error> {
    connection.batch_execute(
        "PRAGMA busy_timeout = 2000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; \
         PRAGMA journal_size_limit = 67108864",
    )
}
