//! Accounts, users, events, and the budgets and sends of SMS in a database: SQLite, embedded, or PostgreSQL.
//!
//! One committer serves both: it gathers the decisions that wait, loads their accounts in one read, decides each in
//! turn, stores all with one commit, and only then answers. What differs between the databases is a
//! `GroupStore` each, their statements, and how they are connected.

#[doc(hidden)]
pub mod audit;
mod audit_log;
pub(crate) mod chain;
mod committer;
mod inspect;
mod installation;
mod migrate;
mod pool;
mod postgres;
mod row;
mod sms;
mod sqlite;
mod statistics;
mod user_import;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use mfa_core::{
    Accounts, AuditLog, BoxFuture, Entropy, EventSink, SecretText, Statistics, StoreError, Timestamp, Users,
};
use mfa_sms::{SmsBudgets, SmsSendLog};

use crate::crypto::AuditKeys;
use crate::metrics::StoreMetrics;
use audit::AuditRows;

pub use chain::Chain;
pub use committer::CommitterLimits;
pub use inspect::{DatabaseFacts, PlaintextColumn, UpdateStats};
pub use installation::{InstallationStore, KeyUsage, KeyedTable, KeyedValue, RowWindow};
pub use migrate::{MigrationError, MigrationStatus, Migrations};
pub use postgres::{NovaColumn, NovaField, NovaRow, NovaTable, PostgresDatabase};
pub use sqlite::SqliteDatabase;
pub use user_import::{UserIdentity, UserImportStore};

/// Which database, and how to reach it.
#[derive(Clone, Debug)]
pub enum DatabaseLocation {
    /// A file.
    Sqlite(PathBuf),
    /// A server, by its URL.
    Postgres(SecretText),
}

/// How a database is opened.
#[derive(Clone, Debug)]
pub struct DatabaseOptions {
    /// Connections for reads.
    pub pool: u32,
    /// Committers (PostgreSQL; SQLite has exactly one).
    pub committers: usize,
    /// What may wait.
    pub limits: CommitterLimits,
    /// Who is told of a failover (PostgreSQL).
    pub failover: Option<Arc<dyn FailoverListener>>,
}

/// Who is told that the database's history has forked, so that its last commits may be lost.
pub trait FailoverListener: Send + Sync + fmt::Debug {
    /// The time now.
    fn now(&self) -> Timestamp;

    /// It was seen at that time. May be told more than once.
    fn steps_lost(&self, at: Timestamp);
}

impl Default for DatabaseOptions {
    fn default() -> Self {
        Self { pool: 8, committers: 2, limits: CommitterLimits::default(), failover: None }
    }
}

/// What the adapters of a database need beside it.
#[derive(Clone, Debug)]
pub struct DatabaseDependencies {
    /// The keys of the audit chain.
    pub audit: Arc<AuditKeys>,
    /// Chance, for event ids and salts.
    pub entropy: Arc<dyn Entropy>,
    /// Where stored events are told.
    pub log: Arc<dyn EventSink>,
    /// Where commits are counted.
    pub metrics: StoreMetrics,
    /// Where blocking reads run.
    pub runtime: tokio::runtime::Handle,
}

/// How busy a database is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DatabaseLoad {
    /// Decisions that wait for a committer.
    pub waiting: usize,
    /// Connections for reads, at most.
    pub connections: usize,
    /// Those that are in use.
    pub in_use: usize,
}

/// An open database: the ports that it stands behind, and what only the wiring asks.
pub trait Database:
    Accounts
    + Users
    + AuditLog
    + Statistics
    + SmsBudgets
    + SmsSendLog
    + AuditRows
    + InstallationStore
    + UserImportStore
{
    /// Whether decisions are refused because too many wait.
    fn is_full(&self) -> bool;

    /// How busy it is.
    fn load(&self) -> DatabaseLoad;

    /// The time by the database's clock; `None` where it has none of its own.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when it gave no answer: it is not ready.
    fn time(&self) -> BoxFuture<'_, Result<Option<Timestamp>, StoreError>>;

    /// A small fact of the installation, set to `value` where there is none yet.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store gave no answer.
    fn fact(&self, name: &str, value: &str) -> Result<String, StoreError>;

    /// Whether our migrations made the table `users`.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store gave no answer.
    fn made_users(&self) -> Result<bool, StoreError>;

    /// Takes no more decisions, answers those that wait for up to `within`, and refuses the rest.
    fn stop(&self, within: Duration);
}

/// A database that could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenDatabaseError {
    /// It could not be reached.
    #[error("the database cannot be opened: {0}. Check DATABASE_URL and that the server is running")]
    Unreachable(String),
    /// Its schema could not be brought up to date.
    #[error(transparent)]
    Migration(#[from] MigrationError),
}

impl fmt::Display for DatabaseLocation {
    /// Without credentials.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "SQLite in {}", path.display()),
            Self::Postgres(url) => {
                let url = url::Url::parse(url.expose()).ok();
                let host = url.as_ref().and_then(url::Url::host_str).unwrap_or("localhost");
                let name = url.as_ref().map_or("", |url| url.path().trim_start_matches('/'));
                write!(f, "PostgreSQL at {host}, database {name}")
            }
        }
    }
}

impl DatabaseLocation {
    /// Opens the database, with its schema brought up to date.
    ///
    /// # Errors
    ///
    /// [`OpenDatabaseError`] with what to do.
    pub fn open(
        &self,
        options: &DatabaseOptions,
        around: DatabaseDependencies,
    ) -> Result<Arc<dyn Database>, OpenDatabaseError> {
        self.migrations().up()?;
        Ok(match self {
            Self::Sqlite(path) => Arc::new(SqliteDatabase::open(path, options, around)?),
            Self::Postgres(url) => Arc::new(PostgresDatabase::open(url, options, around)?),
        })
    }

    /// Its schema.
    pub fn migrations(&self) -> Migrations {
        Migrations::new(self.clone())
    }
}
