//! How connections to SQLite are made: write-ahead log, every commit on disk before it is answered.

use std::path::Path;

use diesel::connection::SimpleConnection;
use diesel::{Connection, SqliteConnection};

/// Connects and sets the session up.
pub(in crate::database) fn connect(path: &Path) -> Result<SqliteConnection, String> {
    let name = path.to_str().ok_or("the path of the database is no UTF-8")?;
    let mut connection = SqliteConnection::establish(name).map_err(|error| format!("{name}: {error}"))?;
    prepare(&mut connection).map_err(|error| format!("{name}: {error}"))?;
    Ok(connection)
}

/// Sets a session up. The wait for another process's write comes first: the others may need it.
pub(in crate::database) fn prepare(connection: &mut SqliteConnection) -> Result<(), diesel::result::Error> {
    connection.batch_execute(
        "PRAGMA busy_timeout = 2000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; \
         PRAGMA journal_size_limit = 67108864",
    )
}
