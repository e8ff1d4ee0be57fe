//! Opening of [`Mfa`]: one function per area creates its adapters from the settings.

use std::num::NonZeroUsize;
use std::sync::Arc;

use mfa_core::{Clock, EventSink, PasswordKinds};
use mfa_flows::{Flows, Policy, Ports};
use mfa_jwt::TokenService;
use tokio::runtime::{Handle, Runtime};
use tokio_util::task::TaskTracker;

use super::audit_retention::AuditRetentionMonitor;
use super::clock_monitor::ClockMonitor;
use super::demo;
use super::encryption_keys::{Heartbeat, KeyManager};
use super::error::OpenError;
use super::instance::Mfa;
use super::limits::LimiterChoice;
use super::password_kinds::PasswordKindsMonitor;
use super::readiness_queries::ReadinessQueries;
use super::sms::{self, SmsDependencies};
use super::sms_monitor::SmsMonitor;
use super::tokens::token_service;
use crate::audit::Auditor;
use crate::clock::MonitoredClock;
use crate::crypto::{
    AesGcmCipher, AuditKeys, DerivedDigests, HasherLimits, KeyRing, OsEntropy, SlowHasher, SystemClock,
};
use crate::database::{CommitterLimits, Database, DatabaseDependencies, DatabaseLocation, DatabaseOptions};
use crate::metrics::Metrics;
use crate::settings::{DatabaseUrl, Settings};
use crate::telemetry::Telemetry;

impl Mfa {
    /// Opens everything that a server needs, with the system's clock. Blocks; call it before serving.
    ///
    /// # Errors
    ///
    /// [`OpenError`], whose message names the setting and the remedy.
    pub fn open(settings: Settings) -> Result<Self, OpenError> {
        Self::open_server(settings, LimiterChoice::BySystemTime, Arc::new(SystemClock), |ports| ports)
    }

    /// Opens as [`Mfa::open`], with other adapters: `adapt` receives the ports that the settings name and returns those
    /// that the use cases call.
    ///
    /// The database of the settings is still opened, and readiness still checks it. To use no part of it, build
    /// [`Ports`] and call [`Flows::new`] instead.
    ///
    /// # Errors
    ///
    /// As [`Mfa::open`].
    pub fn open_adapted(settings: Settings, adapt: impl FnOnce(Ports) -> Ports) -> Result<Self, OpenError> {
        Self::open_server(settings, LimiterChoice::BySystemTime, Arc::new(SystemClock), adapt)
    }

    /// Opens as [`Mfa::open`], with another clock, for tests that move it.
    ///
    /// # Errors
    ///
    /// As [`Mfa::open`].
    pub fn open_with(settings: Settings, clock: Arc<dyn Clock>) -> Result<Self, OpenError> {
        Self::open_server(settings, LimiterChoice::ByClock(Arc::clone(&clock)), clock, |ports| ports)
    }

    /// Opens what a command needs: without rate limits, demo user and background tasks, and with larger groups of the
    /// committer than a server's, because no caller waits for one row of thousands.
    ///
    /// # Errors
    ///
    /// As [`Mfa::open`].
    pub fn open_admin(settings: Settings) -> Result<Self, OpenError> {
        let (mfa, _) = Self::assemble(settings, LimiterChoice::None, Arc::new(SystemClock), |ports| ports)?;
        Ok(mfa)
    }

    fn open_server(
        settings: Settings,
        limits: LimiterChoice,
        clock: Arc<dyn Clock>,
        adapt: impl FnOnce(Ports) -> Ports,
    ) -> Result<Self, OpenError> {
        let (mut mfa, runtime) = Self::assemble(settings, limits, clock, adapt)?;
        mfa.start(&runtime)?;
        Ok(mfa)
    }

    /// Checks what only a server must check, and starts its background tasks.
    fn start(&mut self, runtime: &Handle) -> Result<(), OpenError> {
        demo::reject_outside_development(&self.settings, &self.flows, self.database.as_ref(), runtime)?;
        self.log_warnings();
        slog::info!(self.telemetry.logger(), "NOVA MFA starts"; "store" => self.database().name());
        self.demo = demo::create(&self.settings, &self.flows, self.database.as_ref(), runtime)?;
        self.start_clock_monitor(runtime)?;
        self.start_heartbeat(runtime)?;
        runtime.spawn(Arc::clone(&self.sms_monitor).run());
        runtime.spawn(Arc::clone(&self.audit_retention).run());
        runtime.block_on(self.password_kinds.refresh());
        runtime.spawn(Arc::clone(&self.password_kinds).run());
        Ok(())
    }

    /// Creates every adapter and connects them to the use cases. Returns the runtime's handle as well.
    fn assemble(
        settings: Settings,
        limits: LimiterChoice,
        clock: Arc<dyn Clock>,
        adapt: impl FnOnce(Ports) -> Ports,
    ) -> Result<(Self, Handle), OpenError> {
        let (tokens, ring) = open_keys(&settings)?;
        let process = Process::open(&settings, clock)?;
        let runtime = process.runtime.handle().clone();
        let committer_limits = limits.committer_limits();
        let limiters = limits.open(&settings, &runtime, process.telemetry.logger())?;
        let location = Self::location(&settings);
        let database = open_database(&settings, &location, committer_limits, &ring, &process)?;
        let Encryption { cipher, digests, audit_keys, key_manager } =
            open_encryption(ring, database.as_ref(), &process)?;
        let (hasher, recovery_hasher) = open_hashers(&process)?;
        let hasher = Arc::new(hasher);
        let policy = policy(&settings, database.as_ref())?;
        let sms = sms::ports(SmsDependencies {
            settings: &settings,
            database: &database,
            clock: process.clock.clone(),
            entropy: process.entropy.clone(),
            runtime: runtime.clone(),
            log: process.telemetry.logger(),
            metrics: &process.metrics,
        });
        let ports = adapt(Ports {
            accounts: database.clone(),
            users: database.clone(),
            audit_log: database.clone(),
            statistics: database.clone(),
            clock: process.clock.clone(),
            entropy: process.entropy.clone(),
            cipher: cipher.clone(),
            hasher: hasher.clone(),
            recovery_hasher: Arc::new(recovery_hasher),
            digests: Arc::new(digests),
            limiter: limiters.limiter,
            log: Arc::clone(&process.events),
            tokens: Arc::new(tokens),
            sms,
        });
        let sms_monitor = SmsMonitor::new(
            Arc::clone(&ports.sms.sends),
            policy.sms.conversion,
            process.clock.clone(),
            process.telemetry.logger(),
        );
        let password_kinds =
            PasswordKindsMonitor { users: Arc::clone(&ports.users), hasher, log: process.telemetry.logger() };
        let audit_retention = AuditRetentionMonitor {
            auditor: Auditor::new(database.clone(), audit_keys),
            clock: process.clock.clone(),
            max_age: settings.log.audit_retention(),
            log: process.telemetry.logger(),
            metrics: process.metrics.store().clone(),
        };
        let sms_monitor = Arc::new(sms_monitor);
        let readiness_queries =
            ReadinessQueries::new(database.clone(), limiters.redis.clone(), Arc::clone(&sms_monitor));
        let mfa = Self {
            readiness_queries: Arc::new(readiness_queries),
            reports: sms::reports(&settings),
            settings,
            flows: Arc::new(Flows::new(ports, policy)),
            database,
            location,
            cipher,
            key_manager,
            heartbeat: None,
            clock: process.clock,
            redis: limiters.redis,
            sms_monitor,
            audit_retention: Arc::new(audit_retention),
            password_kinds: Arc::new(password_kinds),
            metrics: process.metrics,
            telemetry: process.telemetry,
            demo: None,
            tasks: TaskTracker::new(),
            runtime: Some(process.runtime),
        };
        Ok((mfa, runtime))
    }

    /// Logs settings that are allowed but should not stay.
    fn log_warnings(&self) {
        let (log, tokens, server) = (self.telemetry.logger(), &self.settings.tokens, &self.settings.server);
        if tokens.accept_legacy {
            slog::warn!(
                log,
                "JWT_ACCEPT_LEGACY_TOKENS is enabled: tokens with fewer claims are accepted; disable it after the migration"
            );
        }
        if tokens.algorithm.private_key_algorithm().is_some() && !tokens.previous_secrets.is_empty() {
            slog::warn!(
                log,
                "access tokens are still accepted under JWT_PREVIOUS_SECRET_KEYS: remove them one hour after the switch"
            );
        }
        if !server.is_loopback() && !server.behind_tls_proxy && server.tls.is_none() {
            slog::warn!(
                log,
                "MFA_BIND is open to other machines without TLS: set BEHIND_TLS_PROXY=true behind a proxy"
            );
        }
        if self.settings.sms.providers.is_empty() && !self.settings.sms.countries.is_empty() {
            slog::warn!(log, "no SMS provider is configured: SMS is off");
        }
    }

    /// Compares the clock once, and then periodically if the database has a clock of its own.
    fn start_clock_monitor(&self, runtime: &Handle) -> Result<(), OpenError> {
        let Some(max_skew) = self.settings.database.max_clock_skew else { return Ok(()) };
        let monitor = ClockMonitor {
            database: Arc::clone(&self.database),
            clock: Arc::clone(&self.clock),
            telemetry: Arc::clone(&self.telemetry),
            max_skew,
        };
        if runtime.block_on(monitor.check())? {
            runtime.spawn(monitor.run());
        }
        Ok(())
    }

    /// Records that this server runs, with its key ids, now and periodically.
    fn start_heartbeat(&mut self, runtime: &Handle) -> Result<(), OpenError> {
        let (keys, database) = (self.key_manager.ids(), Arc::clone(&self.database));
        let heartbeat = Heartbeat::new(&keys, database, self.clock.clone(), &OsEntropy);
        let heartbeat = Arc::new(heartbeat.map_err(OpenError::machine)?);
        runtime.block_on(heartbeat.record())?;
        runtime.spawn(Arc::clone(&heartbeat).run());
        self.heartbeat = Some(heartbeat);
        Ok(())
    }
}

/// Parts that every other one needs: runtime, randomness, clock, log and metrics.
struct Process {
    runtime: Runtime,
    entropy: Arc<OsEntropy>,
    clock: Arc<MonitoredClock>,
    telemetry: Arc<Telemetry>,
    metrics: Arc<Metrics>,
    /// Sink of events: metrics first, then the log.
    events: Arc<dyn EventSink>,
}

impl Process {
    fn open(settings: &Settings, clock: Arc<dyn Clock>) -> Result<Self, OpenError> {
        let telemetry = Arc::new(Telemetry::open(settings.log.level, settings.log.target.clone())?);
        let metrics = Arc::new(Metrics::new(clock.now()));
        let mut runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = runtime.worker_threads(2).thread_name("mfa-flow").enable_all().build();
        Ok(Self {
            runtime: runtime.map_err(OpenError::machine)?,
            entropy: Arc::new(OsEntropy),
            clock: Arc::new(MonitoredClock::new(clock, telemetry.logger())),
            events: metrics.meter_events(telemetry.events()),
            telemetry,
            metrics,
        })
    }
}

/// Reads or generates the keys of tokens and of encryption.
fn open_keys(settings: &Settings) -> Result<(TokenService, KeyRing), OpenError> {
    let keys = settings.keys(&OsEntropy)?;
    let tokens = token_service(settings, &keys)?;
    let ring = KeyRing::new(keys.encryption).map_err(OpenError::unusable)?;
    Ok((tokens, ring))
}

/// Opens the database and brings its schema up to date.
fn open_database(
    settings: &Settings,
    location: &DatabaseLocation,
    limits: CommitterLimits,
    ring: &KeyRing,
    process: &Process,
) -> Result<Arc<dyn Database>, OpenError> {
    if matches!(settings.database.url, DatabaseUrl::Sqlite(_)) {
        settings.create_data_dir()?;
    }
    let options = DatabaseOptions {
        failover: Some(process.clock.clone()),
        pool: settings.database.pool,
        committers: usize::try_from(settings.database.committers).unwrap_or(1),
        limits,
    };
    let dependencies = DatabaseDependencies {
        audit: Arc::new(AuditKeys::new(ring)),
        entropy: process.entropy.clone(),
        log: Arc::clone(&process.events),
        metrics: process.metrics.store().clone(),
        runtime: process.runtime.handle().clone(),
    };
    Ok(location.open(&options, dependencies)?)
}

/// Cipher and derived keys, after the key ring was checked against the data.
struct Encryption {
    cipher: Arc<AesGcmCipher>,
    digests: DerivedDigests,
    audit_keys: Arc<AuditKeys>,
    key_manager: KeyManager,
}

/// Checks the key ring against the data, and adds the stored keys of removed masters to the derived ones.
fn open_encryption(
    ring: KeyRing,
    database: &dyn Database,
    process: &Process,
) -> Result<Encryption, OpenError> {
    let cipher = Arc::new(AesGcmCipher::new(&ring, process.entropy.clone()));
    let (audit_keys, digests) = (AuditKeys::new(&ring), DerivedDigests::new(&ring));
    let key_manager = KeyManager::open(ring, Arc::clone(&cipher), database, &process.runtime)?;
    Ok(Encryption {
        digests: digests.with_retained(key_manager.retained()),
        audit_keys: Arc::new(audit_keys.with_retained(key_manager.retained())),
        cipher,
        key_manager,
    })
}

/// Starts the hasher of passwords and that of recovery codes. The latter hashes one at a time: a burst of recovery codes
/// leaves the other cores to other factors.
fn open_hashers(process: &Process) -> Result<(SlowHasher, SlowHasher), OpenError> {
    let open = |limits| {
        SlowHasher::new(process.runtime.handle().clone(), process.entropy.clone(), limits)
            .map_err(OpenError::machine)
    };
    let recovery_limits = HasherLimits { at_once: NonZeroUsize::MIN, waiting: 64 };
    let passwords = open(HasherLimits::default())?;
    passwords.set_kinds(PasswordKinds::UNKNOWN);
    Ok((passwords, open(recovery_limits)?))
}

/// Returns the policy of the settings.
fn policy(settings: &Settings, database: &dyn Database) -> Result<Policy, OpenError> {
    let mut policy = Policy::default();
    policy.issuer.clone_from(&settings.brand.issuer);
    policy.lockout = settings.limits.lockout;
    policy.step_up_max_age = settings.limits.step_up_max_age;
    policy.rehash_passwords = settings.login.password_rehash || database.made_users()?;
    policy.sms = sms::policy(settings)?;
    Ok(policy)
}
