//! The one place that wires the adapters to the flows.

mod audit_watch;
mod clock_watch;
mod custody;
mod demo;
mod sms;
mod wiring;

use std::future::Future;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use mfa_core::{Clock, KeyId, StoreError};
use mfa_flows::{Flows, Policy, Ports};
use tokio::runtime::Runtime;
use tokio_util::task::TaskTracker;

use crate::audit::Auditor;
use crate::clock::WatchedClock;
use crate::crypto::{
    AesGcmCipher, AuditKeys, DerivedDigests, HasherLimits, KeyRing, OsEntropy, SlowHasher, SystemClock,
};
use crate::database::{
    Database, DatabaseOptions, Directory, Location, OpenDatabaseError, Rows, Surroundings,
};
use crate::metrics::{Metrics, ProviderState};
use crate::redis::{RedisRateLimiter, RedisState};
use crate::settings::{DatabaseUrl, Settings, SettingsError, SmsProvider};
use crate::sms::{DeliveryReport, DeliveryReports, OutboxReader};
use crate::telemetry::{Telemetry, TelemetryError};
use audit_watch::AuditWatch;
use clock_watch::ClockWatch;
use custody::{Custody, Ground, Names, Presence};
use sms::{SmsGround, SmsWatch};
pub(crate) use wiring::quotas;
use wiring::{Limits, token_service};

pub use custody::{KeyReport, KeyStatus, Progress, RotateError, Rotation, Server, Unreadable};
pub use demo::DemoUser;

/// How long the database may take to show that it is ready.
const READY_WITHIN: Duration = Duration::from_secs(2);

/// The whole product, without HTTP: settings, adapters and flows, and the runtime that the flows run on.
#[derive(Debug)]
pub struct Mfa {
    settings: Settings,
    flows: Arc<Flows>,
    database: Arc<dyn Database>,
    cipher: Arc<AesGcmCipher>,
    custody: Arc<Custody>,
    presence: Option<Arc<Presence>>,
    clock: Arc<WatchedClock>,
    redis: Option<Arc<RedisRateLimiter>>,
    reports: DeliveryReports,
    sms_watch: Arc<SmsWatch>,
    audit_watch: Arc<AuditWatch>,
    metrics: Arc<Metrics>,
    telemetry: Arc<Telemetry>,
    demo: Option<DemoUser>,
    location: Location,
    tasks: TaskTracker,
    runtime: Option<Runtime>,
}

/// Whether the parts are there that calls need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Readiness {
    /// The database answers.
    pub database: PartState,
    /// The keys are those that the data was sealed with.
    pub keys: PartState,
    /// The clock agrees with the database's.
    pub clock: PartState,
    /// Limits are shared between servers, where they are to be.
    pub redis: PartState,
    /// SMS have somebody to carry them.
    pub providers: PartState,
    /// Codes by SMS come back.
    pub sms: PartState,
}

/// Whether one part is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartState {
    /// It is.
    Ready,
    /// It is not, and calls do without it.
    Degraded(&'static str),
    /// It is not, and nothing goes without it.
    Failed(&'static str),
}

/// A flow that did not come to its end: it panicked, or the runtime stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the flow did not come to its end")]
pub struct FlowLost;

/// Why the product cannot start. Each says what to do.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A setting, or a file that keeps a generated key.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The database.
    #[error(transparent)]
    Database(#[from] OpenDatabaseError),
    /// The database answered at first and then no more.
    #[error("the database gave no answer: {0}. Check DATABASE_URL and that the server is running")]
    Store(#[from] StoreError),
    /// The log.
    #[error(transparent)]
    Telemetry(#[from] TelemetryError),
    /// Keys are missing that the data was sealed with.
    #[error(
        "MFA_ENCRYPTION_KEYS lacks a key that values in this database are still sealed with: {0}. Put it back behind \
         the others; it may go once `mfa-admin keys rotate` has said so"
    )]
    KeysMissing(Names),
    /// A key has the name of one that the data was sealed with, and is another.
    #[error(
        "the key {0} in MFA_ENCRYPTION_KEYS is not the key of that name that this database was sealed with: put the \
         right one in its place, or give the new one another name"
    )]
    WrongKey(KeyId),
    /// A setting that only shows its fault when it is used.
    #[error("{0}")]
    Unusable(String),
    /// Nothing to start threads or hashing with.
    #[error("this machine has no threads, memory or randomness to start with: {0}")]
    Machine(String),
}

impl Mfa {
    /// Opens everything that a server needs, with the system's clock. Blocks; call it before serving.
    ///
    /// # Errors
    ///
    /// [`OpenError`], a sentence that says what to do.
    pub fn open(settings: Settings) -> Result<Self, OpenError> {
        Self::serving(settings, Limits::BySystemTime, Arc::new(SystemClock), |ports| ports)
    }

    /// The same with adapters of one's own: `adapt` is given the ports as the settings have them, and hands back those
    /// that the flows are to stand on.
    ///
    /// The database of the settings is opened and asked for readiness all the same. Who has none of that goes past this
    /// type: [`Flows::new`] takes ports of any making.
    ///
    /// # Errors
    ///
    /// As [`Mfa::open`].
    pub fn open_adapted(settings: Settings, adapt: impl FnOnce(Ports) -> Ports) -> Result<Self, OpenError> {
        Self::serving(settings, Limits::BySystemTime, Arc::new(SystemClock), adapt)
    }

    /// The same with another clock, for tests that move it.
    ///
    /// # Errors
    ///
    /// As [`Mfa::open`].
    pub fn open_with(settings: Settings, clock: Arc<dyn Clock>) -> Result<Self, OpenError> {
        Self::serving(settings, Limits::ByClock(Arc::clone(&clock)), clock, |ports| ports)
    }

    fn serving(
        settings: Settings,
        limits: Limits,
        clock: Arc<dyn Clock>,
        adapt: impl FnOnce(Ports) -> Ports,
    ) -> Result<Self, OpenError> {
        let mut mfa = Self::assemble(settings, limits, clock, adapt)?;
        mfa.refuse_demo_user()?;
        if mfa.settings.tokens.accept_legacy {
            slog::warn!(
                mfa.telemetry.logger(),
                "JWT_ACCEPT_LEGACY_TOKENS is on: tokens that claim less are accepted, switch it off after the move"
            );
        }
        let tokens = &mfa.settings.tokens;
        if tokens.algorithm.of_private_keys().is_some() && !tokens.previous_secrets.is_empty() {
            slog::warn!(
                mfa.telemetry.logger(),
                "access tokens are still accepted under JWT_PREVIOUS_SECRET_KEYS: take them out an hour after the switch"
            );
        }
        let server = &mfa.settings.server;
        if !server.is_loopback() && !server.behind_tls_proxy && server.tls.is_none() {
            slog::warn!(
                mfa.telemetry.logger(),
                "MFA_BIND is open to other machines without TLS: set BEHIND_TLS_PROXY=true behind a proxy"
            );
        }
        slog::info!(mfa.telemetry.logger(), "NOVA MFA starts"; "store" => mfa.store_name());
        mfa.demo = mfa.make_demo_user()?;
        mfa.watch_clock()?;
        mfa.show_presence()?;
        mfa.watch_sms();
        mfa.watch_audit();
        Ok(mfa)
    }

    /// Opens what an administrator's command needs: no limits, no demo user.
    ///
    /// # Errors
    ///
    /// As [`Mfa::open`].
    pub fn open_admin(settings: Settings) -> Result<Self, OpenError> {
        Self::assemble(settings, Limits::None, Arc::new(SystemClock), |ports| ports)
    }

    fn assemble(
        settings: Settings,
        limits: Limits,
        clock: Arc<dyn Clock>,
        adapt: impl FnOnce(Ports) -> Ports,
    ) -> Result<Self, OpenError> {
        let machine = |error: &dyn std::fmt::Display| OpenError::Machine(error.to_string());
        let entropy = Arc::new(OsEntropy);
        let keys = settings.keys(entropy.as_ref())?;
        let tokens = Arc::new(token_service(&settings, &keys)?);
        let ring = KeyRing::new(keys.encryption).map_err(|error| OpenError::Unusable(error.to_string()))?;
        let telemetry = Arc::new(Telemetry::open(settings.log.level, settings.log.target.clone())?);
        let metrics = Arc::new(Metrics::new(clock.now()));
        let events = metrics.before_log(telemetry.events());
        let runtime = flow_runtime().map_err(|error| machine(&error))?;
        if matches!(settings.database.url, DatabaseUrl::Sqlite(_)) {
            settings.create_data_dir()?;
        }
        let limiters = limits.open(&settings, runtime.handle(), telemetry.logger())?;
        let location = Self::location(&settings);
        let clock = Arc::new(WatchedClock::new(clock, telemetry.logger()));
        let options = DatabaseOptions {
            failover: Some(clock.clone()),
            pool: settings.database.pool,
            committers: usize::try_from(settings.database.committers).unwrap_or(1),
            ..DatabaseOptions::default()
        };
        let around = Surroundings {
            audit: Arc::new(AuditKeys::new(&ring)),
            entropy: entropy.clone(),
            log: Arc::clone(&events),
            metrics: metrics.store().clone(),
            runtime: runtime.handle().clone(),
        };
        let database = location.open(&options, around)?;
        let cipher = Arc::new(AesGcmCipher::new(&ring, entropy.clone()));
        let derived = (AuditKeys::new(&ring), DerivedDigests::new(&ring));
        let custody = Custody::open(ring, Arc::clone(&cipher), database.as_ref(), &runtime)?;
        let audit = Arc::new(derived.0.with_retained(custody.retained()));
        let digests = derived.1.with_retained(custody.retained());
        let hasher = SlowHasher::new(runtime.handle().clone(), entropy.clone(), HasherLimits::default())
            .map_err(|error| machine(&error))?;
        // One at a time: a burst of recovery codes leaves the other cores to the apps.
        let few = HasherLimits { at_once: NonZeroUsize::MIN, waiting: 64 };
        let recovery_hasher = SlowHasher::new(runtime.handle().clone(), entropy.clone(), few)
            .map_err(|error| machine(&error))?;
        let policy = Policy {
            issuer: settings.brand.issuer.clone(),
            lockout: settings.limits.lockout,
            step_up_max_age: settings.limits.step_up_max_age,
            rehash_passwords: settings.login.password_rehash || database.made_users()?,
            sms: sms::policy(&settings)?,
        };
        let sms = sms::ports(SmsGround {
            settings: &settings,
            database: &database,
            clock: clock.clone(),
            entropy: entropy.clone(),
            runtime: runtime.handle().clone(),
            log: telemetry.logger(),
            metrics: &metrics,
        });
        let audit_watch = Arc::new(AuditWatch {
            auditor: Auditor::new(database.clone(), audit),
            clock: clock.clone(),
            kept: settings.log.audit_kept(),
            log: telemetry.logger(),
            metrics: metrics.store().clone(),
        });
        let ports = adapt(Ports {
            accounts: database.clone(),
            users: database.clone(),
            trail: database.clone(),
            statistics: database.clone(),
            clock: clock.clone(),
            entropy,
            cipher: cipher.clone(),
            hasher: Arc::new(hasher),
            recovery_hasher: Arc::new(recovery_hasher),
            digests: Arc::new(digests),
            limiter: limiters.limiter,
            log: events,
            tokens,
            sms,
        });
        let (sends, rule) = (Arc::clone(&ports.sms.sends), policy.sms.conversion);
        let sms_watch = Arc::new(SmsWatch::new(sends, rule, clock.clone(), telemetry.logger()));
        Ok(Self {
            reports: sms::reports(&settings),
            sms_watch,
            audit_watch,
            metrics,
            settings,
            flows: Arc::new(Flows::new(ports, policy)),
            database,
            cipher,
            custody: Arc::new(custody),
            presence: None,
            clock,
            redis: limiters.redis,
            telemetry,
            demo: None,
            location,
            tasks: TaskTracker::new(),
            runtime: Some(runtime),
        })
    }

    /// Where the settings say that the database is.
    pub fn location(settings: &Settings) -> Location {
        match &settings.database.url {
            DatabaseUrl::Sqlite(path) => Location::Sqlite(path.clone()),
            DatabaseUrl::Postgres(url) => Location::Postgres(url.clone()),
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
    /// [`FlowLost`] when it panicked, or the product is stopping.
    pub async fn run<T: Send + 'static>(
        &self,
        flow: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, FlowLost> {
        let runtime = self.runtime.as_ref().filter(|_| !self.tasks.is_closed()).ok_or(FlowLost)?;
        self.tasks.spawn_on(flow, runtime.handle()).await.map_err(|_| FlowLost)
    }

    /// Runs a flow to its end on this thread's time, for commands.
    ///
    /// # Errors
    ///
    /// [`FlowLost`] when the product has stopped.
    pub fn block_on<T>(&self, flow: impl Future<Output = T>) -> Result<T, FlowLost> {
        self.runtime.as_ref().map(|runtime| runtime.block_on(flow)).ok_or(FlowLost)
    }

    /// Whether the parts are there that calls need.
    pub async fn readiness(&self) -> Readiness {
        let ready = |is_ready, why| if is_ready { PartState::Ready } else { PartState::Failed(why) };
        let answers = match self.runtime.as_ref() {
            Some(runtime) => {
                let database = Arc::clone(&self.database);
                let read =
                    runtime.spawn(async move { tokio::time::timeout(READY_WITHIN, database.time()).await });
                matches!(read.await, Ok(Ok(Ok(_))))
            }
            None => false,
        };
        let redis = match &self.redis {
            Some(redis) if redis.check().await == RedisState::Away => {
                PartState::Degraded("Redis gives no answer: this server limits by itself")
            }
            _ => PartState::Ready,
        };
        let looked = match self.runtime.as_ref().filter(|_| answers) {
            Some(runtime) => {
                let watch = Arc::clone(&self.sms_watch);
                runtime.spawn(async move { tokio::time::timeout(READY_WITHIN, watch.look()).await }).await
            }
            None => Ok(Ok(PartState::Ready)),
        };
        Readiness {
            redis,
            providers: sms::providers(&self.settings, &self.flows.ports().sms.sender),
            sms: looked.ok().and_then(Result::ok).unwrap_or(PartState::Ready),
            database: ready(answers, "the database gives no answer"),
            keys: ready(
                self.cipher.check_canary(self.custody.canary()).is_ok(),
                "the keys do not fit the data",
            ),
            clock: ready(self.clock.is_trusted(), "the clock differs from the database's"),
        }
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
        let left_alone: Vec<_> = sender.left_alone().collect();
        state.providers(
            sender
                .gateways()
                .map(|provider| ProviderState { provider, is_up: !left_alone.contains(&provider) }),
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
                            presence.take_back().await;
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

    fn watch_clock(&self) -> Result<(), OpenError> {
        let (Some(most), Some(runtime)) = (self.settings.database.max_clock_skew, &self.runtime) else {
            return Ok(());
        };
        let watch = ClockWatch {
            database: Arc::clone(&self.database),
            clock: Arc::clone(&self.clock),
            telemetry: Arc::clone(&self.telemetry),
            most,
        };
        if runtime.block_on(watch.check())? {
            runtime.spawn(watch.go_on());
        }
        Ok(())
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
    pub async fn rotate_keys(&self, progress: Progress<'_>) -> Result<Rotation, RotateError> {
        self.custody.rotate(&self.ground(), progress).await
    }

    /// About how many rows a table has.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store gave no answer.
    pub async fn rows(&self, table: Rows) -> Result<u64, StoreError> {
        self.database.rows(table).await
    }

    /// Users by the thousand.
    pub fn directory(&self) -> &dyn Directory {
        self.database.as_ref()
    }

    fn ground(&self) -> Ground {
        Ground {
            database: Arc::clone(&self.database),
            flows: Arc::clone(&self.flows),
            clock: self.clock.clone(),
        }
    }

    /// Says, now and again and again, that this server runs and with which keys.
    fn show_presence(&mut self) -> Result<(), OpenError> {
        let Some(runtime) = &self.runtime else { return Ok(()) };
        let presence =
            Presence::new(&self.custody.ids(), Arc::clone(&self.database), self.clock.clone(), &OsEntropy)
                .map_err(|error| OpenError::Machine(error.to_string()))?;
        let presence = Arc::new(presence);
        runtime.block_on(presence.tell())?;
        runtime.spawn(Arc::clone(&presence).go_on());
        self.presence = Some(presence);
        Ok(())
    }

    fn watch_sms(&self) {
        if self.settings.sms.providers.is_empty() && !self.settings.sms.countries.is_empty() {
            slog::warn!(self.telemetry.logger(), "no SMS provider is configured: SMS is off");
        }
        if let Some(runtime) = &self.runtime {
            runtime.spawn(Arc::clone(&self.sms_watch).go_on());
        }
    }

    fn watch_audit(&self) {
        if let Some(runtime) = &self.runtime {
            runtime.spawn(Arc::clone(&self.audit_watch).go_on());
        }
    }
}

fn flow_runtime() -> std::io::Result<Runtime> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(2).thread_name("mfa-flow").enable_all().build()
}

impl Drop for Mfa {
    /// A runtime must not be dropped where blocking is not allowed; this one is left to end by itself.
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
