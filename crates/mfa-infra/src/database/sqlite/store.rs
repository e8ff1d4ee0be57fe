//! The committer's connection to SQLite.

use std::path::PathBuf;

use diesel::connection::SimpleConnection;
use diesel::{RunQueryDsl, SqliteConnection};

use super::connect::connect;
use super::statements::{SqliteLoadGroup, SqliteLoadOne, SqliteStoreGroup};
use crate::database::committer::{AccountWrite, Decide, GroupFailure, GroupStore, WriteResult};
use crate::database::row::AccountRow;

/// Groups after which the write-ahead log is put back into the database.
const GROUPS_TO_A_CHECKPOINT: u32 = 256;

/// The one committer's store: a group is one transaction that has the write lock from its start, so that a row cannot
/// change between its read and its write. The version compare in the statement stands all the same.
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
            // Checkpoints are ours to run, off the path of an answer.
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
        // BUSY past the timeout: another process writes. Nothing was tried.
        connection
            .batch_execute("BEGIN IMMEDIATE")
            .map_err(|error| GroupFailure::Unreachable(error.to_string()))?;
        match group(connection, users, decide) {
            Ok(stored) => {
                self.groups = self.groups.saturating_add(1);
                Ok(WriteResult { stored, unknown: Vec::new() })
            }
            Err(error) => {
                let rolled_back = connection.batch_execute("ROLLBACK").is_ok();
                if !rolled_back {
                    // Some errors roll back by themselves; only a fresh connection is known to be in no transaction.
                    self.connection = None;
                }
                Err(GroupFailure::Refused(error))
            }
        }
    }

    fn run_maintenance(&mut self) {
        if self.groups < GROUPS_TO_A_CHECKPOINT {
            return;
        }
        self.groups = 0;
        if let Some(connection) = &mut self.connection {
            // A reader in the way leaves it for the next time; the log only grows meanwhile.
            drop(connection.batch_execute("PRAGMA wal_checkpoint(PASSIVE)"));
        }
    }
}

fn group(
    connection: &mut SqliteConnection,
    users: &[i64],
    decide: Decide<'_>,
) -> Result<Vec<i64>, diesel::result::Error> {
    let rows: Vec<AccountRow> = match users {
        [user] => SqliteLoadOne(*user).load(connection)?,
        users => SqliteLoadGroup(serde_json::json!(users).to_string()).load(connection)?,
    };
    let writes = decide(rows, false);
    if !writes.is_empty() {
        SqliteStoreGroup::new(&writes).execute(connection)?;
    }
    connection.batch_execute("COMMIT")?;
    Ok(writes.iter().map(|write| write.row.id).collect())
}

impl Drop for SqliteGroupStore {
    fn drop(&mut self) {
        if let Some(connection) = &mut self.connection {
            drop(connection.batch_execute("PRAGMA wal_checkpoint(TRUNCATE)"));
        }
    }
}
