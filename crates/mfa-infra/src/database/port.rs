//! Trait of an open database, implemented for SQLite and PostgreSQL.

use std::time::Duration;

use mfa_core::{Accounts, AuditLog, BoxFuture, Statistics, StoreError, Timestamp, Users};
use mfa_mail::MailOutbox;
use mfa_sms::{SmsBudgets, SmsSendLog};

use super::audit::AuditRows;
use super::installation::InstallationStore;
use super::user_import::UserImportStore;

pub use crate::metrics::DatabaseLoad;

/// Open database: the ports that it implements, and the methods that only the wiring calls.
pub trait Database:
    Accounts
    + Users
    + AuditLog
    + Statistics
    + SmsBudgets
    + SmsSendLog
    + MailOutbox
    + AuditRows
    + InstallationStore
    + UserImportStore
{
    /// Whether decisions are rejected because too many wait.
    fn is_full(&self) -> bool;

    /// Returns the current load.
    fn load(&self) -> DatabaseLoad;

    /// Returns the time of the database's own clock; `None` if it has none.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the database did not answer: it is not ready.
    fn time(&self) -> BoxFuture<'_, Result<Option<Timestamp>, StoreError>>;

    /// Returns a value of the installation, after storing `value` if there was none.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the database did not answer.
    fn fact(&self, name: &str, value: &str) -> Result<String, StoreError>;

    /// Whether the table `users` was created by our migrations.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the database did not answer.
    fn owns_users_table(&self) -> Result<bool, StoreError>;

    /// Rejects new decisions, completes the waiting ones for up to `within`, and rejects the rest.
    fn stop(&self, within: Duration);
}
