//! Writes of a group of accounts, and the store that executes them.

use std::sync::Arc;

use mfa_mail::QueuedNotice;

use crate::database::chain::{ChainedEvent, LastEvents};
use crate::database::row::AccountRow;

/// Changed account to be stored, with its events.
#[derive(Clone, Debug)]
pub(crate) struct AccountWrite {
    /// New row, with the version that was read.
    pub(crate) row: AccountRow,
    /// Whether a column changed that no verification writes.
    pub(crate) is_cold: bool,
    pub(crate) events: Vec<ChainedEvent>,
    /// Mails about the events.
    pub(crate) mails: Vec<QueuedNotice>,
}

/// Failure of a group.
#[derive(Debug, thiserror::Error)]
pub(crate) enum GroupFailure {
    /// The database rejected the write: nothing was stored.
    #[error("the database rejected the write, nothing was stored: {0}")]
    Refused(diesel::result::Error),
    /// The database refused to read a row of the group, although it reads others: nothing was stored.
    #[error("the database refused to read a row, nothing was stored: {0}")]
    Unreadable(diesel::result::Error),
    /// The database could not be reached: nothing was stored.
    #[error("the database could not be reached, nothing was stored: {0}")]
    Unreachable(String),
    /// The connection was lost after the write was sent: it may be stored.
    #[error("the connection was lost after the write was sent, it may be stored: {0}")]
    Unknown(diesel::result::Error),
}

/// Outcomes of the writes of a group.
#[derive(Debug, Default)]
pub(crate) struct WriteResult {
    /// Ids of the users whose account was stored.
    pub(crate) stored: Vec<i64>,
    /// Ids of the users whose write has an unknown outcome: the connection was lost after it was sent.
    pub(crate) unknown: Vec<i64>,
}

/// Function from rows to writes. The flag is true if the searched write is stored.
pub(crate) type Decide<'a> = &'a mut dyn FnMut(Vec<AccountRow>, bool) -> Vec<Arc<AccountWrite>>;

/// Storage of a group commit: reads accounts, calls a decision, and stores the writes in one transaction.
pub(crate) trait GroupStore: Send {
    /// Reads accounts, calls `decide`, and stores the writes with one commit. A write whose row another session changed
    /// or locked is neither stored nor unknown.
    ///
    /// `sought` is an earlier write of the only account, with an unknown outcome. Only stores that lock the row before
    /// they search for it receive one.
    fn run(
        &mut self,
        users: &[i64],
        sought: Option<&AccountWrite>,
        decide: Decide<'_>,
    ) -> Result<WriteResult, GroupFailure>;

    /// Returns the name of the column of a user that the database refuses to read, if it can be found.
    fn unreadable_column(&mut self, user: i64) -> Option<&'static str>;

    /// Returns the last event of each user, stored or removed for its age; the default if there is none.
    fn last_events(&mut self, users: &[i64]) -> Result<LastEvents, GroupFailure>;

    /// Performs maintenance between groups, so that no caller waits for it.
    fn run_maintenance(&mut self) {}
}

/// Creates the store of one committer thread; called again after a panic.
pub(crate) type StoreFactory = Arc<dyn Fn() -> Box<dyn GroupStore> + Send + Sync>;
