//! Opening the product: adapters of what the settings say, wired to the flows.

use std::num::NonZeroUsize;
use std::sync::Arc;

use mfa_core::{Clock, KeyId, StoreError};
use mfa_flows::{Flows, Policy, Ports};
use tokio::runtime::Runtime;
use tokio_util::task::TaskTracker;

use super::Mfa;
use super::audit_retention::AuditRetentionMonitor;
use super::clock_monitor::ClockMonitor;
use super::encryption_keys::{Heartbeat, KeyManager, KeyNames};
use super::sms::{self, SmsDependencies, SmsMonitor};
use super::wiring::{LimiterChoice, token_service};
use crate::audit::Auditor;
use crate::clock::MonitoredClock;
use crate::crypto::{
    AesGcmCipher, AuditKeys, DerivedDigests, HasherLimits, KeyRing, OsEntropy, SlowHasher, SystemClock,
};
use crate::database::{DatabaseDependencies, DatabaseOptions, OpenDatabaseError};
use crate::metrics::Metrics;
use crate::settings::{DatabaseUrl, Settings, SettingsError};
use crate::telemetry::{Telemetry, TelemetryError};

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
    KeysMissing(KeyNames),
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
        Self::serving(settings, LimiterChoice::BySystemTime, Arc::new(SystemClock), |ports| ports)
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
        Self::serving(settings, LimiterChoice::BySystemTime, Arc::new(SystemClock), adapt)
    }

    /// The same with another clock, for tests that move it.
    ///
    /// # Errors
    ///
    /// As [`Mfa::open`].
    pub fn open_with(settings: Settings, clock: Arc<dyn Clock>) -> Result<Self, OpenError> {
        Self::serving(settings, LimiterChoice::ByClock(Arc::clone(&clock)), clock, |ports| ports)
    }

    fn serving(
        settings: Settings,
        limits: LimiterChoice,
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

    /// Opens what an administrator's command needs: no limits, no demo user, and groups of the committer that are
    /// larger than a server's, since nobody waits for one row of thousands.
    ///
    /// # Errors
    ///
    /// As [`Mfa::open`].
    pub fn open_admin(settings: Settings) -> Result<Self, OpenError> {
        Self::assemble(settings, LimiterChoice::None, Arc::new(SystemClock), |ports| ports)
    }

    fn assemble(
        settings: Settings,
        limits: LimiterChoice,
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
        let committer = limits.committer();
        let limiters = limits.open(&settings, runtime.handle(), telemetry.logger())?;
        let location = Self::location(&settings);
        let clock = Arc::new(MonitoredClock::new(clock, telemetry.logger()));
        let options = DatabaseOptions {
            failover: Some(clock.clone()),
            pool: settings.database.pool,
            committers: usize::try_from(settings.database.committers).unwrap_or(1),
            limits: committer,
        };
        let around = DatabaseDependencies {
            audit: Arc::new(AuditKeys::new(&ring)),
            entropy: entropy.clone(),
            log: Arc::clone(&events),
            metrics: metrics.store().clone(),
            runtime: runtime.handle().clone(),
        };
        let database = location.open(&options, around)?;
        let cipher = Arc::new(AesGcmCipher::new(&ring, entropy.clone()));
        let derived = (AuditKeys::new(&ring), DerivedDigests::new(&ring));
        let custody = KeyManager::open(ring, Arc::clone(&cipher), database.as_ref(), &runtime)?;
        let audit = Arc::new(derived.0.with_retained(custody.retained()));
        let digests = derived.1.with_retained(custody.retained());
        let hasher = SlowHasher::new(runtime.handle().clone(), entropy.clone(), HasherLimits::default())
            .map_err(|error| machine(&error))?;
        // One at a time: a burst of recovery codes leaves the other cores to the apps.
        let few = HasherLimits { at_once: NonZeroUsize::MIN, waiting: 64 };
        let recovery_hasher = SlowHasher::new(runtime.handle().clone(), entropy.clone(), few)
            .map_err(|error| machine(&error))?;
        let mut policy = Policy::default();
        policy.issuer.clone_from(&settings.brand.issuer);
        policy.lockout = settings.limits.lockout;
        policy.step_up_max_age = settings.limits.step_up_max_age;
        policy.rehash_passwords = settings.login.password_rehash || database.made_users()?;
        policy.sms = sms::policy(&settings)?;
        let sms = sms::ports(SmsDependencies {
            settings: &settings,
            database: &database,
            clock: clock.clone(),
            entropy: entropy.clone(),
            runtime: runtime.handle().clone(),
            log: telemetry.logger(),
            metrics: &metrics,
        });
        let audit_watch = Arc::new(AuditRetentionMonitor {
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
        let sms_watch = Arc::new(SmsMonitor::new(sends, rule, clock.clone(), telemetry.logger()));
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

    fn watch_clock(&self) -> Result<(), OpenError> {
        let (Some(most), Some(runtime)) = (self.settings.database.max_clock_skew, &self.runtime) else {
            return Ok(());
        };
        let watch = ClockMonitor {
            database: Arc::clone(&self.database),
            clock: Arc::clone(&self.clock),
            telemetry: Arc::clone(&self.telemetry),
            most,
        };
        if runtime.block_on(watch.check())? {
            runtime.spawn(watch.run());
        }
        Ok(())
    }

    /// Says, now and again and again, that this server runs and with which keys.
    fn show_presence(&mut self) -> Result<(), OpenError> {
        let Some(runtime) = &self.runtime else { return Ok(()) };
        let presence =
            Heartbeat::new(&self.custody.ids(), Arc::clone(&self.database), self.clock.clone(), &OsEntropy)
                .map_err(|error| OpenError::Machine(error.to_string()))?;
        let presence = Arc::new(presence);
        runtime.block_on(presence.record())?;
        runtime.spawn(Arc::clone(&presence).run());
        self.presence = Some(presence);
        Ok(())
    }

    fn watch_sms(&self) {
        if self.settings.sms.providers.is_empty() && !self.settings.sms.countries.is_empty() {
            slog::warn!(self.telemetry.logger(), "no SMS provider is configured: SMS is off");
        }
        if let Some(runtime) = &self.runtime {
            runtime.spawn(Arc::clone(&self.sms_watch).run());
        }
    }

    fn watch_audit(&self) {
        if let Some(runtime) = &self.runtime {
            runtime.spawn(Arc::clone(&self.audit_watch).run());
        }
    }
}

fn flow_runtime() -> std::io::Result<Runtime> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(2).thread_name("mfa-flow").enable_all().build()
}
