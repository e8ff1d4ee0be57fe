//! Store of the committer in SQLite.

use std::path::PathBuf;

use diesel::connection::SimpleConnection;
use diesel::result::QueryResult;
use diesel::sql_types::Text;
use diesel::{RunQueryDsl, SqliteConnection, sql_query};

use super::columns;
use super::connect::connect;
use super::mail_statement::StoreMails;
use super::statements::{SqliteLoadGroup, SqliteLoadOne, SqliteStoreGroup};
use crate::database::chain::{LastEvents, last_events, last_events_query};
use crate::database::committer::{AccountWrite, Decide, GroupFailure, GroupStore, WriteResult};
use crate::database::row::AccountRow;

/// Number of groups between checkpoints of the write-ahead log.
const GROUPS_TO_A_CHECKPOINT: u32 = 256;

/// Store of the only committer.
///
/// A group is one transaction that takes the write lock at its start, so that no row can change between its read and
/// its write. The statement compares versions nevertheless.
pub(super) struct SqliteGroupStore {
    path: PathBuf,
    connection: Option<SqliteConnection>,
    groups: u32,
}

impl SqliteGroupStore {
    pub(super) const fn new(path: PathBuf) -> Self {
        Self { path, connection: None, groups: 0 }
    }

    fn open(&mut self) -> Result<&mut SqliteConnection, GroupFailure> {
        if self.connection.is_none() {
            let mut connection = connect(&self.path).map_err(GroupFailure::Unreachable)?;
            // Checkpoints run in `run_maintenance`, so that no caller waits for them.
            connection
                .batch_execute("PRAGMA wal_autocheckpoint = 0")
                .map_err(|error| GroupFailure::Unreachable(error.to_string()))?;
            self.connection = Some(connection);
        }
        self.connection.as_mut().ok_or_else(|| GroupFailure::Unreachable("not connected".to_owned()))
    }
}

impl GroupStore for SqliteGroupStore {
    fn run(
        &mut self,
        users: &[i64],
        _: Option<&AccountWrite>,
        decide: Decide<'_>,
    ) -> Result<WriteResult, GroupFailure> {
        let connection = self.open()?;
        // SQLITE_BUSY after the timeout: another process writes. Nothing was sent.
        connection
            .batch_execute("BEGIN IMMEDIATE")
            .map_err(|error| GroupFailure::Unreachable(error.to_string()))?;
        match group(connection, users, decide) {
            Ok(stored) => {
                self.groups = self.groups.saturating_add(1);
                Ok(WriteResult { stored, unknown: Vec::new() })
            }
            Err(failure) => {
                let rolled_back = connection.batch_execute("ROLLBACK").is_ok();
                if !rolled_back {
                    // Some errors roll back on their own; only a new connection is certain to be outside a transaction.
                    self.connection = None;
                }
                Err(failure)
            }
        }
    }

    fn unreadable_column(&mut self, user: i64) -> Option<&'static str> {
        columns::unreadable_column(self.open().ok()?, user)
    }

    fn last_events(&mut self, users: &[i64]) -> Result<LastEvents, GroupFailure> {
        let is_listed = "user_id IN (SELECT value FROM json_each(?1))";
        let query = sql_query(last_events_query("mac", "at", "unixepoch() * 1000", is_listed));
        let rows = query.bind::<Text, _>(serde_json::json!(users).to_string()).load(self.open()?);
        let rows = rows.map_err(|error| GroupFailure::Unreachable(error.to_string()))?;
        Ok(last_events(users, rows))
    }

    fn run_maintenance(&mut self) {
        if self.groups < GROUPS_TO_A_CHECKPOINT {
            return;
        }
        self.groups = 0;
        if let Some(connection) = &mut self.connection {
            // If a reader prevents the checkpoint, the log grows until the next one.
            drop(connection.batch_execute("PRAGMA wal_checkpoint(PASSIVE)"));
        }
    }
}

fn group(
    connection: &mut SqliteConnection,
    users: &[i64],
    decide: Decide<'_>,
) -> Result<Vec<i64>, GroupFailure> {
    let rows = match users {
        [user] => SqliteLoadOne(*user).load(connection),
        users => load_group(connection, users),
    };
    let rows = rows.map_err(|error| {
        // Without rows the same statement succeeds if the fault is in a row.
        match load_group(connection, &[]) {
            Ok(_) => GroupFailure::Unreadable(error),
            Err(_) => GroupFailure::Refused(error),
        }
    })?;
    let writes = decide(rows, false);
    if !writes.is_empty() {
        SqliteStoreGroup::new(&writes).execute(connection).map_err(GroupFailure::Refused)?;
        if let Some(mails) = StoreMails::new(&writes) {
            mails.execute(connection).map_err(GroupFailure::Refused)?;
        }
    }
    connection.batch_execute("COMMIT").map_err(GroupFailure::Refused)?;
    Ok(writes.iter().map(|write| write.row.id).collect())
}

fn load_group(connection: &mut SqliteConnection, users: &[i64]) -> QueryResult<Vec<AccountRow>> {
    SqliteLoadGroup(serde_json::json!(users).to_string()).load(connection)
}

impl Drop for SqliteGroupStore {
    fn drop(&mut self) {
        if let Some(connection) = &mut self.connection {
            drop(connection.batch_execute("PRAGMA wal_checkpoint(TRUNCATE)"));
        }
    }
}
