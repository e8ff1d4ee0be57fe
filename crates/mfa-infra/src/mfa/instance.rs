//! [`Mfa`]: all adapters and use cases of an installation, with their runtime.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use mfa_flows::Flows;
use tokio::runtime::Runtime;
use tokio_util::task::TaskTracker;

use super::audit_retention::{AuditOperations, AuditRetentionMonitor};
use super::database_handle::DatabaseHandle;
use super::demo::{Demo, DemoUser};
use super::encryption_keys::{EncryptionKeys, Heartbeat, KeyManager};
use super::error::TaskCancelled;
use super::metrics_exporter::MetricsExporter;
use super::page_cipher::PageCipher;
use super::password_kinds::PasswordKindsMonitor;
use super::readiness_queries::ReadinessQueries;
use super::sms_monitor::SmsMonitor;
use super::uninterrupted_flow::UninterruptedFlow;
use crate::clock::MonitoredClock;
use crate::crypto::AesGcmCipher;
use crate::database::{Database, DatabaseLocation};
use crate::mail::{MailOutboxReader, MailWorker};
use crate::metrics::Metrics;
use crate::redis::RedisRateLimiter;
use crate::settings::{DatabaseUrl, MailDelivery, Settings, SmsProvider};
use crate::sms::{DeliveryReports, OutboxReader};
use crate::telemetry::Telemetry;

/// The product without HTTP: settings, adapters and use cases, and the runtime that flows run on.
#[derive(Debug)]
pub struct Mfa {
    pub(super) settings: Settings,
    pub(super) flows: Arc<Flows>,
    pub(super) database: Arc<dyn Database>,
    pub(super) location: DatabaseLocation,
    pub(super) cipher: Arc<AesGcmCipher>,
    pub(super) key_manager: KeyManager,
    /// Only while this process serves; a command sends none.
    pub(super) heartbeat: Option<Arc<Heartbeat>>,
    pub(super) clock: Arc<MonitoredClock>,
    pub(super) redis: Option<Arc<RedisRateLimiter>>,
    pub(super) reports: DeliveryReports,
    pub(super) sms_monitor: Arc<SmsMonitor>,
    pub(super) mail: Arc<MailWorker>,
    pub(super) audit_retention: Arc<AuditRetentionMonitor>,
    pub(super) password_kinds: Arc<PasswordKindsMonitor>,
    pub(super) readiness_queries: Arc<ReadinessQueries>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) telemetry: Arc<Telemetry>,
    pub(super) demo: Demo,
    pub(super) tasks: TaskTracker,
    /// `None` only while dropped.
    pub(super) runtime: Option<Runtime>,
}

impl Mfa {
    /// Returns the database that the settings name.
    pub fn location(settings: &Settings) -> DatabaseLocation {
        match &settings.database.url {
            DatabaseUrl::Sqlite(path) => DatabaseLocation::Sqlite(path.clone()),
            DatabaseUrl::Postgres(url) => DatabaseLocation::Postgres(url.clone()),
        }
    }

    /// Returns the use cases.
    pub const fn flows(&self) -> &Arc<Flows> {
        &self.flows
    }

    /// Returns the settings that it was opened with.
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Returns the log.
    pub fn telemetry(&self) -> &Telemetry {
        &self.telemetry
    }

    /// Returns the encryption keys: status, rotation and the servers that use them.
    pub fn keys(&self) -> EncryptionKeys<'_> {
        EncryptionKeys {
            manager: &self.key_manager,
            database: self.database.as_ref(),
            flows: &self.flows,
            clock: self.clock.as_ref(),
        }
    }

    /// Returns the audit log as a whole: verification, export and retention.
    pub fn audit(&self) -> AuditOperations<'_> {
        AuditOperations { retention: &self.audit_retention }
    }

    /// Returns the metrics of this process.
    pub fn metrics(&self) -> MetricsExporter<'_> {
        MetricsExporter {
            metrics: &self.metrics,
            flows: &self.flows,
            database: self.database.as_ref(),
            redis: self.redis.as_deref(),
            sms_monitor: &self.sms_monitor,
            mail: &self.mail,
            clock: &self.clock,
            telemetry: &self.telemetry,
        }
    }

    /// Returns the database, for what is outside of the use cases.
    pub fn database(&self) -> DatabaseHandle<'_> {
        DatabaseHandle { database: self.database.as_ref(), location: &self.location }
    }

    /// Returns the cipher of state that a browser keeps between pages.
    pub fn page_cipher(&self) -> PageCipher<'_> {
        PageCipher { cipher: &self.cipher }
    }

    /// Returns the demo user, which exists in development on the embedded database. `None` also if its password is not the
    /// one in its file: see [`Mfa::demo_problem`].
    pub const fn demo(&self) -> Option<&DemoUser> {
        self.demo.user.as_ref()
    }

    /// Returns why the password of the demo user is not known, and what to do.
    pub fn demo_problem(&self) -> Option<&str> {
        self.demo.problem.as_deref()
    }

    /// Returns the SMS outbox, if the settings send SMS to it in development.
    pub fn outbox(&self) -> Option<OutboxReader> {
        let path = self.settings.sms.providers.iter().find_map(|provider| match provider {
            SmsProvider::Outbox(path) => Some(path.clone()),
            SmsProvider::Ovh(_) | SmsProvider::Twilio(_) => None,
        });
        path.filter(|_| self.settings.environment.is_development()).map(OutboxReader::new)
    }

    /// Returns the outbox file of mails, if the settings write mails to it in development.
    pub fn mail_outbox(&self) -> Option<MailOutboxReader> {
        match self.settings.mail.active_delivery()? {
            MailDelivery::Outbox(path) => Some(MailOutboxReader::new(path.clone())),
            MailDelivery::Smtp(_) => None,
        }
    }

    /// Returns the parser of delivery reports. Record them with [`Flows::record_delivery_report`].
    pub const fn reports(&self) -> &DeliveryReports {
        &self.reports
    }

    /// Runs a flow to completion, even if the caller is dropped meanwhile: then it goes on in the runtime of the product.
    ///
    /// # Errors
    ///
    /// [`TaskCancelled`] if it panicked or the product is stopping.
    pub async fn run<T: Send + 'static>(
        &self,
        flow: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, TaskCancelled> {
        let runtime = self.runtime.as_ref().filter(|_| !self.tasks.is_closed()).ok_or(TaskCancelled)?;
        let flow = AssertUnwindSafe(self.tasks.track_future(flow)).catch_unwind();
        UninterruptedFlow::new(flow, runtime.handle()).await.map_err(|_| TaskCancelled)
    }

    /// Runs a flow to completion and blocks this thread, for commands. In an async context use [`Mfa::run`].
    ///
    /// # Errors
    ///
    /// [`TaskCancelled`] if the product has stopped.
    ///
    /// # Panics
    ///
    /// In an async context, where a thread must not be blocked.
    pub fn block_on<T>(&self, flow: impl Future<Output = T>) -> Result<T, TaskCancelled> {
        self.runtime.as_ref().map(|runtime| runtime.block_on(flow)).ok_or(TaskCancelled)
    }

    /// Waits up to `within` for running flows and for queued database writes, then stops.
    ///
    /// Blocks, and may be called from any thread.
    pub fn stop(&self, within: Duration) {
        self.tasks.close();
        self.mail.stop();
        if let Some(runtime) = &self.runtime {
            // On a thread of its own, because the caller may be on a runtime, where blocking is not allowed.
            std::thread::scope(|scope| {
                let all = async {
                    let ended = async {
                        self.tasks.wait().await;
                        if let Some(heartbeat) = &self.heartbeat {
                            heartbeat.deregister().await;
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
}

impl Drop for Mfa {
    /// Stops the runtime in the background, because dropping one is not allowed where blocking is not.
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
