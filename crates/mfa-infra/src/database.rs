//! SQL storage of accounts, users, events, SMS budgets and sent SMS: SQLite (embedded) or PostgreSQL.
//!
//! One committer serves both databases. It gathers the waiting decisions, loads their accounts in one read, runs each
//! decision in turn, stores all of them with one commit, and only then answers. The databases differ in their
//! `GroupStore` and its statements, in their `Dialect` for all other queries, and in how connections are opened.

pub(crate) mod advice;
#[doc(hidden)]
pub mod audit;
pub(crate) mod chain;
mod columns;
mod committer;
pub(crate) mod connection_uri;
mod error;
mod inspect;
mod installation;
mod location;
mod login_columns;
mod migrate;
mod notifications;
mod open;
mod options;
mod pool;
mod port;
mod postgres;
mod required_schema;
mod row;
mod sql;
mod sqlite;
mod uri_parameters;
mod uri_text;
mod user_import;
mod zoneless;

pub use advice::{is_in_use, is_missing_privilege};
pub use chain::Chain;
pub use committer::CommitterLimits;
pub use error::{MigrationError, OpenDatabaseError};
pub use inspect::{
    DatabaseInspection, HotUpdateStats, PlaintextColumn, SharedAddress, UnreadableCodes, UnreadableColumn,
};
pub use installation::{InstallationStore, KeyUsage, KeyedTable, KeyedValue, RowWindow};
pub use location::DatabaseLocation;
pub use migrate::{MigrationStatus, Migrations};
pub use notifications::Notifications;
pub use options::{DatabaseDependencies, DatabaseOptions, FailoverListener};
pub use port::{Database, DatabaseLoad};
pub use postgres::{
    CodesRewrite, EventPartition, EventPartitions, NovaColumn, NovaField, NovaRow, NovaTable, PartitionError,
};
pub use required_schema::MissingObject;
pub use user_import::{UserIdentity, UserImportStore};
pub use zoneless::ZonelessTimes;
