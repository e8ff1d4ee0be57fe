//! Connections to PostgreSQL with timeouts and durable commits.

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl};
use mfa_core::SecretText;

use crate::database::connection_uri::{ConnectionUri, Surroundings};

/// Adds the timeouts of every connection to a URL, unless the operator set others, and what psql finds on this machine.
#[expect(
    clippy::disallowed_methods,
    reason = "variables of libpq, which reads them from the process as well"
)]
pub(in crate::database) fn with_timeouts(url: &SecretText) -> Result<SecretText, String> {
    let surroundings =
        Surroundings { variable: &|name| std::env::var(name).ok(), exists: &|path| path.exists() };
    let uri = ConnectionUri::parse(url.expose()).map_err(|error| error.to_string())?;
    Ok(uri.completed(&surroundings))
}

#[derive(QueryableByName)]
struct SettingRow {
    #[diesel(sql_type = diesel::sql_types::Text)]
    synchronous_commit: String,
}

/// Connects and sets up the session.
pub(in crate::database) fn connect(url: &SecretText) -> Result<PgConnection, String> {
    let mut connection = establish(url)?;
    prepare(&mut connection).map_err(|error| one_line(&error))?;
    reject_other_encodings(&mut connection)?;
    Ok(connection)
}

#[derive(QueryableByName)]
struct EncodingRow {
    #[diesel(sql_type = diesel::sql_types::Text)]
    encoding: String,
}

/// Rejects a database that cannot store every text, such as one with the encoding LATIN1.
fn reject_other_encodings(connection: &mut PgConnection) -> Result<(), String> {
    let row = diesel::sql_query("SELECT current_setting('server_encoding') AS encoding")
        .get_result::<EncodingRow>(connection)
        .map_err(|error| one_line(&error))?;
    if row.encoding == "UTF8" {
        return Ok(());
    }
    Err(format!("the database has the encoding {}, and this service needs UTF8", row.encoding))
}

fn establish(url: &SecretText) -> Result<PgConnection, String> {
    // The first initialisation of OpenSSL decides whether it is cleaned up at process exit. libpq enables the cleanup,
    // which then frees connections that other threads still use.
    openssl_sys::init();
    PgConnection::establish(url.expose()).map_err(|error| one_line(&error))
}

/// Returns an error message on one line: libpq's messages have several.
fn one_line(error: &dyn std::error::Error) -> String {
    error.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Sets up a session: statements time out after two seconds, times without a zone are UTC, and an acknowledged commit is
/// on disk even if the server's default is weaker.
pub(super) fn prepare(connection: &mut PgConnection) -> Result<(), diesel::result::Error> {
    connection.batch_execute("SET statement_timeout = '2s'; SET lock_timeout = '1s'; SET TIME ZONE 'UTC'")?;
    let setting: SettingRow =
        diesel::sql_query("SELECT current_setting('synchronous_commit') AS synchronous_commit")
            .get_result(connection)?;
    if matches!(setting.synchronous_commit.as_str(), "off" | "local") {
        connection.batch_execute("SET synchronous_commit = on")?;
    }
    Ok(())
}

#[derive(QueryableByName)]
struct BackendRow {
    #[diesel(sql_type = diesel::sql_types::Integer)]
    pid: i32,
}

/// Rejects a pooler that gives a connection another server session for each transaction, such as pgbouncer with
/// `pool_mode = transaction`: settings, locks and prepared statements of a session are lost there.
///
/// Each of two open connections must keep a server process of its own.
pub(in crate::database) fn reject_transaction_pooling(url: &SecretText) -> Result<(), String> {
    /// A pooler may take its server connections in turn.
    const ROUNDS: usize = 4;
    let mut connections = [establish(url)?, establish(url)?];
    let mut pids: [Vec<i32>; 2] = Default::default();
    for _ in 0..ROUNDS {
        for (connection, pids) in connections.iter_mut().zip(&mut pids) {
            let row =
                diesel::sql_query("SELECT pg_backend_pid() AS pid").get_result::<BackendRow>(connection);
            match row {
                Ok(row) => pids.push(row.pid),
                // Prepared in another session.
                Err(error) if error.to_string().contains("prepared statement") => {
                    return Err(TRANSACTION_POOLING.to_owned());
                }
                Err(error) => return Err(one_line(&error)),
            }
        }
    }
    if are_sessions(&pids) { Ok(()) } else { Err(TRANSACTION_POOLING.to_owned()) }
}

/// Returns whether each of two open connections had one server process, and not the same one.
fn are_sessions([first, second]: &[Vec<i32>; 2]) -> bool {
    let is_one = |pids: &[i32]| pids.windows(2).all(|pair| matches!(pair, [a, b] if a == b));
    is_one(first) && is_one(second) && first.first() != second.first()
}

/// Error for a pooler without sessions, with the remedy.
const TRANSACTION_POOLING: &str = "a connection pooler in transaction mode, such as pgbouncer, stands before the server, and \
    this service needs sessions: connect to PostgreSQL itself, or set pool_mode = session";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_with_sessions_keep_one_process_each() {
        assert!(are_sessions(&[vec![1, 1, 1], vec![2, 2, 2]]));
        for pooled in [[vec![1, 1], vec![1, 1]], [vec![1, 2], vec![3, 3]], [vec![1, 1], vec![2, 1]]] {
            assert!(!are_sessions(&pooled), "{pooled:?}");
        }
    }
}
