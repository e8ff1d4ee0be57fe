//! Options and dependencies of an open database.

use std::fmt;
use std::sync::Arc;

use mfa_core::{Entropy, EventSink, Timestamp};

use super::committer::CommitterLimits;
use super::notifications::Notifications;
use crate::crypto::AuditKeys;
use crate::metrics::StoreMetrics;

/// Options with which a database is opened.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct DatabaseOptions {
    /// Number of connections for reads.
    pub pool: u32,
    /// Number of committers (PostgreSQL; SQLite has exactly one).
    pub committers: usize,
    /// Limits of each committer.
    pub limits: CommitterLimits,
    /// Listener for failovers (PostgreSQL).
    pub failover: Option<Arc<dyn FailoverListener>>,
    /// Queuing of mails to users; `None` queues none.
    pub notifications: Option<Notifications>,
}

impl Default for DatabaseOptions {
    /// Eight connections for reads, two committers, no listener, no mails.
    fn default() -> Self {
        Self {
            pool: 8,
            committers: 2,
            limits: CommitterLimits::default(),
            failover: None,
            notifications: None,
        }
    }
}

impl DatabaseOptions {
    /// Sets the number of connections for reads.
    #[must_use]
    pub fn with_pool(self, pool: u32) -> Self {
        Self { pool, ..self }
    }

    /// Sets the number of committers.
    #[must_use]
    pub fn with_committers(self, committers: usize) -> Self {
        Self { committers, ..self }
    }

    /// Sets the limits of each committer.
    #[must_use]
    pub fn with_limits(self, limits: CommitterLimits) -> Self {
        Self { limits, ..self }
    }

    /// Sets the queuing of mails.
    #[must_use]
    pub fn with_notifications(self, notifications: Notifications) -> Self {
        Self { notifications: Some(notifications), ..self }
    }

    /// Sets the listener for failovers.
    #[must_use]
    pub fn with_failover_listener(self, listener: Arc<dyn FailoverListener>) -> Self {
        Self { failover: Some(listener), ..self }
    }
}

/// Listener for failovers: after one, the history of the database has forked and its last commits may be lost.
pub trait FailoverListener: Send + Sync + fmt::Debug {
    /// Returns the current time.
    fn now(&self) -> Timestamp;

    /// Receives the time at which a failover was detected. May be called more than once.
    fn steps_lost(&self, at: Timestamp);
}

/// Services that a database uses.
#[derive(Clone, Debug)]
pub struct DatabaseDependencies {
    /// Keys of the audit chain.
    pub audit: Arc<AuditKeys>,
    /// Randomness for event ids and salts.
    pub entropy: Arc<dyn Entropy>,
    /// Log that receives stored events.
    pub log: Arc<dyn EventSink>,
    /// Metrics of commits.
    pub metrics: StoreMetrics,
    /// Runtime whose blocking threads execute queries.
    pub runtime: tokio::runtime::Handle,
}
