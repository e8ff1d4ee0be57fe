//! Session of one command: the opened database, the actor and the reason.

use std::future::Future;
use std::time::{Duration, Instant};

use futures::future::join_all;
use futures::stream::{self, StreamExt as _};
use mfa_core::{EventKind, Origin, Outcome, UserId};
use mfa_flows::{AdminCall, FlowError, Flows, UserSelector};
use mfa_infra::Mfa;
use mfa_infra::audit::Auditor;
use mfa_infra::database::{DatabaseLocation, Migrations};
use mfa_infra::settings::{DatabaseUrl, Settings};
use mfa_infra::telemetry::LogTarget;

use crate::actor;
use crate::error::CliError;

/// Time limit for pending database work at the end.
const STOP_TIMEOUT: Duration = Duration::from_secs(10);
/// Flows that run concurrently: a few groups for each committer.
const CONCURRENCY: usize = 1_024;
/// Flows that run concurrently if a server uses the same SQLite file: one group.
const SHARED_FILE_CONCURRENCY: usize = 256;

/// Returns the migrations of a database. An SQLite file must exist, because to open it would create it.
///
/// # Errors
///
/// [`CliError::NoDatabase`]; [`CliError::Migration`] if this user may not look for it.
pub(crate) fn existing_migrations(location: &DatabaseLocation) -> Result<Migrations, CliError> {
    if location.may_exist()? {
        Ok(location.migrations())
    } else {
        Err(CliError::NoDatabase(location.to_string()))
    }
}

/// NOVA MFA, opened for one command of one administrator; stopped when dropped.
pub(crate) struct AdminSession {
    mfa: Mfa,
    call: AdminCall,
}

/// Sends the log to standard error instead of standard output, which contains only the output of the command.
pub(crate) fn keep_log_off_stdout(settings: &mut Settings) {
    if settings.log.target == LogTarget::Stdout {
        settings.log.target = LogTarget::Stderr;
    }
}

impl AdminSession {
    /// Opens an existing database. Creates neither database nor key nor log if there is none.
    ///
    /// # Errors
    ///
    /// [`CliError::NoDatabase`], [`CliError::SchemaOutdated`]; [`CliError::Open`] with what to do.
    pub(crate) fn open(settings: Settings, reason: Option<String>) -> Result<Self, CliError> {
        let status = existing_migrations(&Mfa::location(&settings))?.status()?;
        if status.applied.is_empty() {
            return Err(CliError::NoDatabase(Mfa::location(&settings).to_string()));
        }
        if !status.pending.is_empty() {
            return Err(CliError::SchemaOutdated(Mfa::location(&settings).to_string()));
        }
        Self::open_or_create(settings, reason)
    }

    /// Opens the database and the log, and creates them first if necessary. The actor is the user that runs this
    /// process.
    ///
    /// # Errors
    ///
    /// [`CliError::Open`] with what to do.
    pub(crate) fn open_or_create(mut settings: Settings, reason: Option<String>) -> Result<Self, CliError> {
        keep_log_off_stdout(&mut settings);
        let call = AdminCall { actor: actor::current(), reason, origin: Origin::default() };
        Ok(Self { mfa: Mfa::open_admin(settings)?, call })
    }

    /// Returns the opened instance.
    pub(crate) const fn mfa(&self) -> &Mfa {
        &self.mfa
    }

    /// Runs many flows that write, and returns their results in the same order.
    ///
    /// Enough of them run concurrently to fill the groups of the committers. If a server uses the same SQLite file,
    /// they run in groups with pauses.
    ///
    /// # Errors
    ///
    /// [`CliError::TaskCancelled`] if the runtime has stopped.
    pub(crate) fn run_all<T, F>(&self, flows: impl IntoIterator<Item = F>) -> Result<Vec<T>, CliError>
    where
        F: Future<Output = T>,
    {
        if !self.shares_sqlite_file() {
            let results = stream::iter(flows).buffered(CONCURRENCY).collect();
            return Ok(self.mfa.block_on(results)?);
        }
        let (mut flows, mut results) = (flows.into_iter(), Vec::new());
        loop {
            let group: Vec<_> = flows.by_ref().take(SHARED_FILE_CONCURRENCY).collect();
            if group.is_empty() {
                return Ok(results);
            }
            results.extend(self.run_and_pause(join_all(group))?);
        }
    }

    /// Runs one large write, with a pause after it if a server uses the same SQLite file.
    ///
    /// # Errors
    ///
    /// [`CliError::TaskCancelled`] if the runtime has stopped.
    pub(crate) fn run_large_write<T>(&self, work: impl Future<Output = T>) -> Result<T, CliError> {
        if self.shares_sqlite_file() { self.run_and_pause(work) } else { Ok(self.mfa.block_on(work)?) }
    }

    /// Runs the work, then pauses for the same time.
    ///
    /// SQLite has one writer and no queue: others retry at intervals, and find the file free half of the time.
    #[expect(clippy::disallowed_methods, reason = "a pause is measured; no rule is decided by it")]
    fn run_and_pause<T>(&self, work: impl Future<Output = T>) -> Result<T, CliError> {
        let start = Instant::now();
        let result = self.mfa.block_on(work)?;
        std::thread::sleep(start.elapsed());
        Ok(result)
    }

    /// Returns whether a server uses the same SQLite file. Assumes so if that cannot be read.
    fn shares_sqlite_file(&self) -> bool {
        matches!(self.mfa.settings().database.url, DatabaseUrl::Sqlite(_))
            && !matches!(self.mfa.block_on(self.mfa.keys().running_servers()), Ok(Ok(servers)) if servers.is_empty())
    }

    /// Logs an event that belongs to no single user.
    pub(crate) fn record(&self, kind: EventKind, outcome: Outcome) {
        self.flows().record_admin_event(&self.call, None, kind, outcome);
    }

    /// Returns the flows.
    pub(crate) fn flows(&self) -> &Flows {
        self.mfa.flows()
    }

    /// Returns the reader of the audit log.
    pub(crate) fn auditor(&self) -> &Auditor {
        self.mfa.audit().auditor()
    }

    /// Returns the actor and the reason of this command.
    pub(crate) const fn call(&self) -> &AdminCall {
        &self.call
    }

    /// Runs a flow.
    ///
    /// # Errors
    ///
    /// [`CliError::Flow`] from the flow; [`CliError::TaskCancelled`].
    pub(crate) fn run<T>(&self, flow: impl Future<Output = Result<T, FlowError>>) -> Result<T, CliError> {
        Ok(self.mfa.block_on(flow)??)
    }

    /// Returns the id of the selected user.
    ///
    /// An email address can also be the *user name* of another user, which a login looks up first. That user is not
    /// meant here: removing the factors of the wrong account cannot be undone.
    ///
    /// # Errors
    ///
    /// [`FlowError::NoSuchUser`], [`FlowError::AmbiguousUser`].
    pub(crate) fn find_user(&self, selector: &UserSelector) -> Result<UserId, CliError> {
        self.run(self.flows().select(selector))
    }
}

impl Drop for AdminSession {
    fn drop(&mut self) {
        self.mfa.stop(STOP_TIMEOUT);
    }
}
