//! The one place that wires the adapters to the flows.

mod audit_retention;
mod clock_monitor;
mod demo;
mod encryption_keys;
mod open;
mod readiness;
mod sms;
mod wiring;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use mfa_core::{CipherError, Clock, SecretBytes, StoreError};
use mfa_flows::Flows;
use tokio::runtime::Runtime;
use tokio_util::task::TaskTracker;

use crate::audit::Auditor;
use crate::clock::MonitoredClock;
use crate::crypto::AesGcmCipher;
use crate::database::{Database, DatabaseLocation, KeyedTable, UserImportStore};
use crate::metrics::{Metrics, ProviderState};
use crate::redis::{RedisRateLimiter, RedisState};
use crate::settings::{DatabaseUrl, Settings, SmsProvider};
use crate::sms::{DeliveryReport, DeliveryReports, OutboxReader};
use crate::telemetry::Telemetry;
use audit_retention::AuditRetentionMonitor;
use encryption_keys::{Heartbeat, KeyDependencies, KeyManager, servers};
use sms::SmsMonitor;
pub(crate) use wiring::quotas;

pub use demo::DemoUser;
pub use encryption_keys::{
    KeyReport, KeyStatus, Progress, RotateError, RotationReport, RunningServer, UnreadableValue,
};
pub use open::OpenError;
pub use readiness::{PartState, Readiness};

/// The whole product, without HTTP: settings, adapters and flows, and the runtime that the flows run on.
#[derive(Debug)]
pub struct Mfa {
    settings: Settings,
    flows: Arc<Flows>,
    database: Arc<dyn Database>,
    cipher: Arc<AesGcmCipher>,
    custody: Arc<KeyManager>,
    presence: Option<Arc<Heartbeat>>,
    clock: Arc<MonitoredClock>,
    redis: Option<Arc<RedisRateLimiter>>,
    reports: DeliveryReports,
    sms_watch: Arc<SmsMonitor>,
    audit_watch: Arc<AuditRetentionMonitor>,
    metrics: Arc<Metrics>,
    telemetry: Arc<Telemetry>,
    demo: Option<DemoUser>,
    location: DatabaseLocation,
    tasks: TaskTracker,
    runtime: Option<Runtime>,
}

/// A flow that did not come to its end: it panicked, or the runtime stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the flow did not come to its end")]
pub struct TaskCancelled;

impl Mfa {
    /// Where the settings say that the database is.
    pub fn location(settings: &Settings) -> DatabaseLocation {
        match &settings.database.url {
            DatabaseUrl::Sqlite(path) => DatabaseLocation::Sqlite(path.clone()),
            DatabaseUrl::Postgres(url) => DatabaseLocation::Postgres(url.clone()),
        }
    }

    /// The use cases.
    pub const fn flows(&self) -> &Arc<Flows> {
        &self.flows
    }

    /// The settings that it was opened with.
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The log.
    pub fn telemetry(&self) -> &Telemetry {
        &self.telemetry
    }

    /// The demo user, in development on the embedded database.
    pub const fn demo(&self) -> Option<&DemoUser> {
        self.demo.as_ref()
    }

    /// Seals what a browser carries from one page to the next, for a place of that name alone. The browser cannot read it,
    /// every server of this installation can.
    ///
    /// # Errors
    ///
    /// [`CipherError::NoEntropy`]: hand nothing out.
    pub fn seal_for_page(&self, secret: &SecretBytes, name: &str) -> Result<String, CipherError> {
        self.cipher.seal_for_page(secret, name)
    }

    /// Unseals what a browser brings to the place of that name.
    ///
    /// # Errors
    ///
    /// [`CipherError`]: it is not what was handed out for this place.
    pub fn unseal_for_page(&self, text: &str, name: &str) -> Result<SecretBytes, CipherError> {
        self.cipher.unseal_for_page(text, name)
    }

    /// What the outbox holds, where SMS go there: in development, on a loopback bind.
    pub fn outbox(&self) -> Option<OutboxReader> {
        let path = self.settings.sms.providers.iter().find_map(|provider| match provider {
            SmsProvider::Outbox(path) => Some(path.clone()),
            SmsProvider::Ovh(_) | SmsProvider::Twilio(_) => None,
        });
        path.filter(|_| self.settings.environment.is_development()).map(OutboxReader::new)
    }

    /// Which database, without credentials.
    pub fn store_name(&self) -> String {
        self.location.to_string()
    }

    /// Whether decisions are refused because too many wait.
    pub fn overloaded(&self) -> bool {
        self.database.is_full()
    }

    /// Runs a flow to its end, also where the caller goes away meanwhile.
    ///
    /// # Errors
    ///
    /// [`TaskCancelled`] when it panicked, or the product is stopping.
    pub async fn run<T: Send + 'static>(
        &self,
        flow: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, TaskCancelled> {
        let runtime = self.runtime.as_ref().filter(|_| !self.tasks.is_closed()).ok_or(TaskCancelled)?;
        self.tasks.spawn_on(flow, runtime.handle()).await.map_err(|_| TaskCancelled)
    }

    /// Runs a flow to its end on this thread's time, for commands.
    ///
    /// # Errors
    ///
    /// [`TaskCancelled`] when the product has stopped.
    pub fn block_on<T>(&self, flow: impl Future<Output = T>) -> Result<T, TaskCancelled> {
        self.runtime.as_ref().map(|runtime| runtime.block_on(flow)).ok_or(TaskCancelled)
    }

    /// What is counted.
    pub const fn metrics(&self) -> &Arc<Metrics> {
        &self.metrics
    }

    /// What is counted and what is so now, in the text of OpenMetrics ([`Metrics::MEDIA_TYPE`]). Asks nobody: it is as
    /// the last calls have left it.
    pub fn render_metrics(&self) -> String {
        let (state, sender) = (self.metrics.state(), &self.flows.ports().sms.sender);
        state.database(self.database.load());
        state.redis(self.redis.as_ref().map(|redis| redis.state() == RedisState::Ready));
        let open_circuits: Vec<_> = sender.open_circuits().collect();
        state.providers(
            sender
                .gateways()
                .map(|provider| ProviderState { provider, is_up: !open_circuits.contains(&provider) }),
        );
        state.low_conversions(self.sms_watch.low());
        state.clock(self.clock.is_trusted(), self.clock.ahead_seconds());
        state.log_lines(self.telemetry.dropped(), self.telemetry.unwritten());
        self.metrics.render(self.clock.now())
    }

    /// What reads the audit trail.
    pub fn auditor(&self) -> &Auditor {
        &self.audit_watch.auditor
    }

    /// Removes the events that are older than `MFA_AUDIT_DAYS` now, as the server does by itself every hour. Answers
    /// how many there were.
    ///
    /// # Errors
    ///
    /// [`StoreError`]: the next time does the rest.
    pub async fn trim_audit(&self) -> Result<u64, StoreError> {
        self.audit_watch.trim().await
    }

    /// What providers report to.
    pub const fn reports(&self) -> &DeliveryReports {
        &self.reports
    }

    /// Records what a provider reports of a message; answers whether it is one of ours.
    ///
    /// # Errors
    ///
    /// [`StoreError`]: nothing was recorded.
    pub async fn record_report(&self, report: &DeliveryReport) -> Result<bool, StoreError> {
        let ports = self.flows.ports();
        let at = ports.clock.now();
        ports.sms.sends.report(report.gateway, &report.message, report.arrival, at).await
    }

    /// Lets the flows that run end for up to `within`, and what waits for the database be answered; then stops.
    ///
    /// Blocks, and may be called from any thread.
    pub fn stop(&self, within: Duration) {
        self.tasks.close();
        if let Some(runtime) = &self.runtime {
            // On a thread of its own, because the caller may be on a runtime, where blocking is not allowed.
            std::thread::scope(|scope| {
                let all = async {
                    let ended = async {
                        self.tasks.wait().await;
                        if let Some(presence) = &self.presence {
                            presence.deregister().await;
                        }
                    };
                    tokio::time::timeout(within, ended).await
                };
                let wait = || drop(runtime.block_on(all));
                drop(scope.spawn(wait).join());
            });
        }
        self.database.stop(within);
    }

    /// Counts what each key is needed for.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store gave no answer: count again.
    pub async fn key_status(&self, progress: Progress<'_>) -> Result<KeyStatus, StoreError> {
        self.custody.status(&self.ground(), progress).await
    }

    /// Seals every value anew with the key in use, and releases the keys that nothing is sealed with any more. May run
    /// beside servers, and again after an end in the middle.
    ///
    /// # Errors
    ///
    /// [`RotateError`]: what was sealed anew stays so.
    pub async fn rotate_keys(&self, progress: Progress<'_>) -> Result<RotationReport, RotateError> {
        self.custody.rotate(&self.ground(), progress).await
    }

    /// The servers that run on this database, as they say themselves every half a minute.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store gave no answer.
    pub async fn servers(&self) -> Result<Vec<RunningServer>, StoreError> {
        let facts = self.database.facts().await?;
        servers(self.database.as_ref(), facts, self.clock.now()).await
    }

    /// About how many rows a table has.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store gave no answer.
    pub async fn rows(&self, table: KeyedTable) -> Result<u64, StoreError> {
        self.database.rows(table).await
    }

    /// Users by the thousand.
    pub fn directory(&self) -> &dyn UserImportStore {
        self.database.as_ref()
    }

    fn ground(&self) -> KeyDependencies {
        KeyDependencies {
            database: Arc::clone(&self.database),
            flows: Arc::clone(&self.flows),
            clock: self.clock.clone(),
        }
    }
}

impl Drop for Mfa {
    /// A runtime must not be dropped where blocking is not allowed; this one is left to end by itself.
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
