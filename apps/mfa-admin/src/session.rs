//! The product, opened for one command.

use std::future::Future;
use std::time::{Duration, Instant};

use futures::future::join_all;
use futures::stream::{self, StreamExt as _};
use mfa_core::{EventKind, Origin, Outcome, UserId};
use mfa_flows::{AdminCall, FlowError, Flows, UserSelector};
use mfa_infra::Mfa;
use mfa_infra::audit::Auditor;
use mfa_infra::settings::{DatabaseUrl, Settings};
use mfa_infra::telemetry::LogTarget;

use crate::actor;
use crate::cli::UserArgs;
use crate::error::CliError;

/// How long what still waits for the database at the end may take.
const STOP_WITHIN: Duration = Duration::from_secs(10);
/// Flows that wait for the database at once: a few groups for each committer.
const AT_ONCE: usize = 1_024;
/// The same beside a server on the same file: one group.
const AT_ONCE_BESIDE: usize = 256;

/// The product, opened for one command of one administrator; stopped when dropped.
pub(crate) struct AdminSession {
    mfa: Mfa,
    call: AdminCall,
}

/// Standard output is for the answer alone: a log that would go there goes to standard error.
pub(crate) fn spare_standard_output(settings: &mut Settings) {
    if settings.log.target == LogTarget::Stdout {
        settings.log.target = LogTarget::Stderr;
    }
}

impl AdminSession {
    /// Opens the database and the log, in the name of the user that runs this process.
    ///
    /// # Errors
    ///
    /// [`CliError::Open`], a sentence that says what to do.
    pub(crate) fn open(mut settings: Settings, reason: Option<String>) -> Result<Self, CliError> {
        spare_standard_output(&mut settings);
        let call = AdminCall { actor: actor::of_process(), reason, origin: Origin::default() };
        Ok(Self { mfa: Mfa::open_admin(settings)?, call })
    }

    /// The product.
    pub(crate) const fn mfa(&self) -> &Mfa {
        &self.mfa
    }

    /// Waits for many flows that write, and gives what they answered in their order. So many wait at once that the
    /// committers always find a whole group; beside a server on the same file they come in groups with pauses.
    ///
    /// # Errors
    ///
    /// [`CliError::Lost`] when the product has stopped.
    pub(crate) fn wait_for_many<T, F>(&self, flows: impl IntoIterator<Item = F>) -> Result<Vec<T>, CliError>
    where
        F: Future<Output = T>,
    {
        if !self.shares_a_file() {
            let answers = stream::iter(flows).buffered(AT_ONCE).collect();
            return Ok(self.mfa.block_on(answers)?);
        }
        let (mut flows, mut answers) = (flows.into_iter(), Vec::new());
        loop {
            let some: Vec<_> = flows.by_ref().take(AT_ONCE_BESIDE).collect();
            if some.is_empty() {
                return Ok(answers);
            }
            answers.extend(self.give_way(join_all(some))?);
        }
    }

    /// Waits for one piece of work that writes much; a server on the same file comes to its turn after it.
    ///
    /// # Errors
    ///
    /// [`CliError::Lost`] when the product has stopped.
    pub(crate) fn wait_for_much<T>(&self, work: impl Future<Output = T>) -> Result<T, CliError> {
        if self.shares_a_file() { self.give_way(work) } else { Ok(self.mfa.block_on(work)?) }
    }

    /// Works, and then rests for as long: SQLite has one writer and no queue for those who wait, so that whoever looks
    /// again now and then finds the file free every other time.
    #[expect(clippy::disallowed_methods, reason = "a pause is measured; no rule is decided by it")]
    fn give_way<T>(&self, work: impl Future<Output = T>) -> Result<T, CliError> {
        let began = Instant::now();
        let done = self.mfa.block_on(work)?;
        std::thread::sleep(began.elapsed());
        Ok(done)
    }

    /// Whether a server runs on the same SQLite file. Where that cannot be read, somebody is in the way.
    fn shares_a_file(&self) -> bool {
        matches!(self.mfa.settings().database.url, DatabaseUrl::Sqlite(_))
            && !matches!(self.mfa.block_on(self.mfa.keys().running_servers()), Ok(Ok(servers)) if servers.is_empty())
    }

    /// Logs an action that concerns no single user.
    pub(crate) fn record(&self, kind: EventKind, outcome: Outcome) {
        self.flows().record_admin_event(&self.call, None, kind, outcome);
    }

    /// The use cases.
    pub(crate) fn flows(&self) -> &Flows {
        self.mfa.flows()
    }

    /// What reads the audit trail.
    pub(crate) fn auditor(&self) -> &Auditor {
        self.mfa.audit().auditor()
    }

    /// Who asks, and why.
    pub(crate) const fn call(&self) -> &AdminCall {
        &self.call
    }

    /// Waits for a flow.
    ///
    /// # Errors
    ///
    /// [`CliError::Refused`] by the flow.
    pub(crate) fn wait<T>(&self, flow: impl Future<Output = Result<T, FlowError>>) -> Result<T, CliError> {
        Ok(self.mfa.block_on(flow)??)
    }

    /// The user that the command line names.
    ///
    /// An address may also be the *user name* of somebody else, which a login looks for first; here that user is not
    /// meant, and taking the factors off the wrong account would be beyond repair.
    ///
    /// # Errors
    ///
    /// [`FlowError::NoSuchUser`] where an address is nobody's, [`CliError::NameOfAnother`].
    pub(crate) fn find(&self, user: UserArgs) -> Result<UserId, CliError> {
        let selector = user.selector();
        let found = self.wait(self.flows().select(&selector))?;
        if let UserSelector::Login(address) = selector {
            let account = self.wait(self.flows().find_account(found))?.ok_or(FlowError::NoSuchUser)?;
            if account.email.to_lowercase() != address.to_lowercase() {
                return Err(CliError::NameOfAnother);
            }
        }
        Ok(found)
    }
}

impl Drop for AdminSession {
    fn drop(&mut self) {
        self.mfa.stop(STOP_WITHIN);
    }
}
