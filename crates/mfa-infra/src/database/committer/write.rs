//! Writes of a group of accounts, and the store that executes them.

use std::sync::Arc;

use crate::database::chain::ChainedEvent;
use crate::database::row::AccountRow;

/// A changed account, with its events, on its way into the store.
#[derive(Clone, Debug)]
pub(crate) struct AccountWrite {
    /// As it is to be, but with the version that was read.
    pub(crate) row: AccountRow,
    /// Whether a column changed that a verification does not write.
    pub(crate) is_cold: bool,
    pub(crate) events: Vec<ChainedEvent>,
}

/// What is known of a group that was not stored.
#[derive(Debug, thiserror::Error)]
pub(crate) enum GroupFailure {
    /// The store answered no: nothing was stored.
    #[error("refused: {0}")]
    Refused(diesel::result::Error),
    /// The store was not reached: nothing was stored.
    #[error("unreachable: {0}")]
    Unreachable(String),
    /// The connection was lost after the write was sent.
    #[error("unknown: {0}")]
    Unknown(diesel::result::Error),
}

/// What became of the writes of a group.
#[derive(Debug, Default)]
pub(crate) struct WriteResult {
    /// The users whose account was stored.
    pub(crate) stored: Vec<i64>,
    /// Those of whom it is not known: the connection was lost after their write was sent.
    pub(crate) unknown: Vec<i64>,
}

/// What decides: rows as they are in, changed accounts out. The flag says that the write that was looked for is stored.
pub(crate) type Decide<'a> = &'a mut dyn FnMut(Vec<AccountRow>, bool) -> Vec<AccountWrite>;

/// One connection to a store of accounts.
pub(crate) trait GroupStore: Send {
    /// Reads these accounts, has them decided, and stores what changed, all with one commit. An account whose row
    /// changed meanwhile, or is held by somebody else, is neither stored nor unknown.
    ///
    /// `sought` is a write of the one account whose outcome was not known; only a store that holds the row while it
    /// looks is asked for one.
    fn run(
        &mut self,
        users: &[i64],
        sought: Option<&AccountWrite>,
        decide: Decide<'_>,
    ) -> Result<WriteResult, GroupFailure>;

    /// What can be done between groups, off the path of an answer.
    fn run_maintenance(&mut self) {}
}

/// Creates the store of one committer thread; called again after a panic.
pub(crate) type StoreFactory = Arc<dyn Fn() -> Box<dyn GroupStore> + Send + Sync>;
