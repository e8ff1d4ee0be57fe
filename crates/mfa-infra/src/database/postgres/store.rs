//! Stores of committers in PostgreSQL.

use std::sync::Arc;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::result::Error;
use diesel::sql_types::{Array, BigInt, Binary};
use diesel::{PgConnection, RunQueryDsl, sql_query};
use mfa_core::SecretText;

use super::columns;
use super::connect::connect;
use super::failover::FailoverDetector;
use super::statements::{LockOne, PgLoadGroup, PgLoadOne, PgStoreGroup, StoreColdGroup, StoreOne};
use crate::database::chain::{LastEvents, last_events, last_events_query};
use crate::database::committer::{AccountWrite, Decide, GroupFailure, GroupStore, WriteResult, now};
use crate::database::row::AccountRow;

/// A read that fails within this time was refused because of a value.
const QUICK_REFUSAL: Duration = Duration::from_millis(500);

/// Connection that is opened on first use and after each loss.
pub(super) struct ReconnectingConnection {
    url: SecretText,
    detector: Option<Arc<FailoverDetector>>,
    connection: Option<PgConnection>,
}

impl ReconnectingConnection {
    pub(super) const fn new(url: SecretText, detector: Option<Arc<FailoverDetector>>) -> Self {
        Self { url, detector, connection: None }
    }

    fn open(&mut self) -> Result<&mut PgConnection, GroupFailure> {
        if self.connection.is_none() {
            let mut connection = connect(&self.url).map_err(GroupFailure::Unreachable)?;
            // Before any decision runs on the data of this server.
            if let Some(detector) = &self.detector {
                detector.check(&mut connection);
            }
            self.connection = Some(connection);
        }
        self.connection.as_mut().ok_or_else(|| GroupFailure::Unreachable("not connected".to_owned()))
    }

    /// Maps the error of a read: no write was sent. `began`: start of the read.
    ///
    /// A server that refuses these rows but reads no rows with the same statement has a row with an unexpected value. A
    /// slow read may have been ended by a timeout, which says nothing about the rows.
    fn read_failed(&mut self, error: Error, began: Instant) -> GroupFailure {
        let took = began.elapsed();
        if !self.is_alive() {
            return self.lost(error.to_string());
        }
        let reads_others = took < QUICK_REFUSAL
            && self
                .connection
                .as_mut()
                .is_some_and(|it| PgLoadGroup(Vec::new()).load::<AccountRow>(it).is_ok());
        if reads_others {
            GroupFailure::Unreadable(error)
        } else {
            GroupFailure::Unreachable(error.to_string())
        }
    }

    fn last_events(&mut self, users: &[i64]) -> Result<LastEvents, GroupFailure> {
        let (mac, at, now) = ("encode(mac, 'hex')", columns::millis("at"), columns::millis("now()"));
        let query = sql_query(last_events_query(mac, &at, &now, "user_id = ANY($1)"));
        let rows = query.bind::<Array<BigInt>, _>(users.to_vec()).load(self.open()?);
        let rows = rows.map_err(|error| self.lost(error.to_string()))?;
        Ok(last_events(users, rows))
    }

    fn lost(&mut self, why: String) -> GroupFailure {
        self.connection = None;
        GroupFailure::Unreachable(why)
    }

    /// Maps the error of a write. A rejected write leaves the connection open; if the connection died, the write may be
    /// stored.
    fn write_failed(&mut self, error: Error) -> GroupFailure {
        if self.is_alive() {
            return GroupFailure::Refused(error);
        }
        self.connection = None;
        GroupFailure::Unknown(error)
    }

    fn is_alive(&mut self) -> bool {
        self.connection.as_mut().is_some_and(|it| it.batch_execute("SELECT 1").is_ok())
    }
}

/// Store of a committer: each group in two statements and one commit, without waiting for a row.
pub(super) struct PgGroupStore(pub(super) ReconnectingConnection);

impl GroupStore for PgGroupStore {
    fn run(
        &mut self,
        users: &[i64],
        _: Option<&AccountWrite>,
        decide: Decide<'_>,
    ) -> Result<WriteResult, GroupFailure> {
        // The read detects a connection that died while idle, before any decision ran: retry once.
        let rows = match self.load(users) {
            Err(GroupFailure::Unreachable(_)) => self.load(users)?,
            other => other?,
        };
        let writes = decide(rows, false);
        let (cold, hot): (Vec<_>, Vec<_>) =
            writes.into_iter().partition(|write| write.is_cold || !write.mails.is_empty());
        let mut written = WriteResult { stored: self.store_hot(&hot)?, unknown: Vec::new() };
        match self.store_cold(&cold) {
            Ok(ids) => written.stored.extend(ids),
            // The group fails only if nothing else was stored.
            Err(failure) if hot.is_empty() => return Err(failure),
            Err(GroupFailure::Unknown(_)) => written.unknown.extend(cold.iter().map(|write| write.row.id)),
            // Not stored: the contended queue runs the decisions again, one by one.
            Err(GroupFailure::Refused(_) | GroupFailure::Unreadable(_) | GroupFailure::Unreachable(_)) => {}
        }
        Ok(written)
    }

    fn unreadable_column(&mut self, user: i64) -> Option<&'static str> {
        columns::unreadable_column(self.0.open().ok()?, user)
    }

    fn last_events(&mut self, users: &[i64]) -> Result<LastEvents, GroupFailure> {
        self.0.last_events(users)
    }
}

impl PgGroupStore {
    fn load(&mut self, users: &[i64]) -> Result<Vec<AccountRow>, GroupFailure> {
        let connection = self.0.open()?;
        let began = now();
        let rows = match users {
            [user] => PgLoadOne(*user).load(connection),
            users => PgLoadGroup(users.to_vec()).load(connection),
        };
        rows.map_err(|error| self.0.read_failed(error, began))
    }

    fn store_hot(&mut self, writes: &[Arc<AccountWrite>]) -> Result<Vec<i64>, GroupFailure> {
        match writes {
            [] => Ok(Vec::new()),
            [write] => self.store_one(write),
            writes => {
                let mut group = PgStoreGroup::default();
                for write in writes {
                    group.push(write);
                }
                let connection = self.0.open()?;
                group.load(connection).map_err(|error| self.0.write_failed(error))
            }
        }
    }

    /// Stores accounts with changes that no verification makes, such as enrolments and key rotations, or with mails.
    fn store_cold(&mut self, writes: &[Arc<AccountWrite>]) -> Result<Vec<i64>, GroupFailure> {
        match writes {
            [] => Ok(Vec::new()),
            [write] => self.store_one(write),
            writes => {
                let mut group = StoreColdGroup::default();
                for write in writes {
                    group.push(write);
                }
                let connection = self.0.open()?;
                group.load(connection).map_err(|error| self.0.write_failed(error))
            }
        }
    }

    fn store_one(&mut self, write: &AccountWrite) -> Result<Vec<i64>, GroupFailure> {
        let connection = self.0.open()?;
        StoreOne::new(write).load(connection).map_err(|error| self.0.write_failed(error))
    }
}

/// Store for the contended queue: one account in a transaction that waits for its row, for one second at most.
pub(super) struct PgContendedStore(pub(super) ReconnectingConnection);

impl GroupStore for PgContendedStore {
    fn run(
        &mut self,
        users: &[i64],
        sought: Option<&AccountWrite>,
        decide: Decide<'_>,
    ) -> Result<WriteResult, GroupFailure> {
        let [user] = users else { return Ok(WriteResult::default()) };
        self.begin()?;
        let connection = self.0.open()?;
        let began = now();
        // The lock waits for a session that may still be storing the earlier write, so that the search result is final.
        let locked = LockOne(*user).load::<AccountRow>(connection).and_then(|rows| {
            let is_stored = match sought {
                Some(write) => is_stored(connection, &rows, write)?,
                None => false,
            };
            Ok((rows, is_stored))
        });
        let (rows, is_stored) = match locked {
            Ok(read) => read,
            Err(error) => {
                self.roll_back();
                return Err(self.0.read_failed(error, began));
            }
        };
        let writes = decide(rows, is_stored);
        let mut stored = Vec::new();
        for write in &writes {
            let connection = self.0.open()?;
            match StoreOne::new(write).load::<i64>(connection) {
                Ok(ids) => stored.extend(ids),
                Err(error) => {
                    self.roll_back();
                    // Not committed, even if the connection died.
                    return Err(GroupFailure::Refused(error));
                }
            }
        }
        let connection = self.0.open()?;
        match connection.batch_execute("COMMIT") {
            Ok(()) => Ok(WriteResult { stored, unknown: Vec::new() }),
            Err(error) => Err(self.0.write_failed(error)),
        }
    }

    fn unreadable_column(&mut self, user: i64) -> Option<&'static str> {
        columns::unreadable_column(self.0.open().ok()?, user)
    }

    fn last_events(&mut self, users: &[i64]) -> Result<LastEvents, GroupFailure> {
        self.0.last_events(users)
    }
}

impl PgContendedStore {
    fn begin(&mut self) -> Result<(), GroupFailure> {
        let first = self.0.open()?.batch_execute("BEGIN");
        let Err(error) = first else { return Ok(()) };
        // It died while idle: retry once.
        drop(self.0.lost(error.to_string()));
        self.0.open()?.batch_execute("BEGIN").map_err(|error| self.0.lost(error.to_string()))
    }

    fn roll_back(&mut self) {
        let rolled_back = self.0.connection.as_mut().is_some_and(|it| it.batch_execute("ROLLBACK").is_ok());
        if !rolled_back {
            self.0.connection = None;
        }
    }
}

/// Whether a write is stored: its last event exists, or, for a write without events, its row does.
fn is_stored(
    connection: &mut PgConnection,
    rows: &[AccountRow],
    write: &AccountWrite,
) -> Result<bool, Error> {
    let Some(last) = write.events.last() else {
        let document = |row: &AccountRow| serde_json::from_str::<serde_json::Value>(&row.mfa_internal).ok();
        return Ok(rows.first().is_some_and(|row| {
            row.mfa_version == write.row.mfa_version.saturating_add(1)
                && document(row) == document(&write.row)
        }));
    };
    let found = sql_query("SELECT id FROM mfa_events WHERE user_id = $1 AND seq = $2 AND event_id = $3")
        .bind::<BigInt, _>(write.row.id)
        .bind::<BigInt, _>(i64::try_from(last.seq).unwrap_or(i64::MAX))
        .bind::<Binary, _>(last.event_id.to_vec());
    Ok(found.execute(connection)? == 1)
}
