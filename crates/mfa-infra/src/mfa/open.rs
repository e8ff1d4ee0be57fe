//! Opening of [`Mfa`]: creates its adapters from the settings and connects them to the use cases.

use std::sync::Arc;

use mfa_core::Clock;
use mfa_flows::{Flows, PasskeyPolicy, Policy, Ports};
use tokio::runtime::Handle;
use tokio_util::task::TaskTracker;

use super::adapters::{Adapters, Process};
use super::audit_retention::AuditRetentionMonitor;
use super::clock_monitor::ClockMonitor;
use super::demo::{self, Demo};
use super::encryption_keys::Heartbeat;
use super::error::OpenError;
use super::instance::Mfa;
use super::limits::LimiterChoice;
use super::mail::{self, MailDependencies};
use super::password_kinds::PasswordKindsMonitor;
use super::readiness_queries::ReadinessQueries;
use super::sms;
use super::sms_monitor::SmsMonitor;
use crate::audit::Auditor;
use crate::crypto::{OsEntropy, SystemClock};
use crate::database::Database;
use crate::mail::MailWorker;
use crate::settings::Settings;
use crate::{redis, tls};

impl Mfa {
    /// Checks what the settings of a server name, without opening anything: certificate and key, and the address of Redis.
    ///
    /// # Errors
    ///
    /// [`OpenError::Unusable`], whose message names the settings and the remedy.
    pub fn check(settings: &Settings) -> Result<(), OpenError> {
        let tls = settings.server.tls.as_ref().and_then(|files| tls::read(files).err());
        let redis = settings.redis.as_ref().and_then(|settings| redis::check_address(settings).err());
        let problems: Vec<_> =
            [tls.map(|it| it.to_string()), redis.map(|it| it.to_string())].into_iter().flatten().collect();
        if problems.is_empty() { Ok(()) } else { Err(OpenError::unusable(problems.join(". "))) }
    }

    /// Checks that the certificate in `TLS_CERT` is valid now. The start only logs a warning about it.
    ///
    /// # Errors
    ///
    /// [`OpenError::Unusable`], whose message names the file and the remedy.
    pub fn check_certificate(settings: &Settings) -> Result<(), OpenError> {
        settings
            .server
            .tls
            .as_ref()
            .map_or(Ok(()), |files| tls::check_dates(files, SystemClock.now()).map_err(OpenError::unusable))
    }

    /// Opens everything that a server needs, with the system's clock. Blocks; call it before serving. In an async context,
    /// such as an async `main`, it works on a thread of its own and blocks the calling one.
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
    pub fn open_adapted(
        settings: Settings,
        adapt: impl FnOnce(Ports) -> Ports + Send,
    ) -> Result<Self, OpenError> {
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
        outside_async(|| {
            let (mfa, _) =
                Self::assemble(settings, LimiterChoice::None, Arc::new(SystemClock), |ports| ports)?;
            Ok(mfa)
        })
    }

    fn open_server(
        settings: Settings,
        limits: LimiterChoice,
        clock: Arc<dyn Clock>,
        adapt: impl FnOnce(Ports) -> Ports + Send,
    ) -> Result<Self, OpenError> {
        outside_async(|| {
            let (mut mfa, runtime) = Self::assemble(settings, limits, clock, adapt)?;
            mfa.start(&runtime)?;
            Ok(mfa)
        })
    }

    /// Checks what only a server must check, and starts its background tasks.
    fn start(&mut self, runtime: &Handle) -> Result<(), OpenError> {
        demo::reject_outside_development(&self.settings, &self.flows, self.database.as_ref(), runtime)?;
        self.log_warnings();
        let passkeys = self.settings.passkeys.relying_party.as_ref();
        slog::info!(self.telemetry.logger(), "NOVA MFA started"; "store" => self.database().name(),
            "passkeys" => passkeys.map_or("off", |it| it.id()));
        let log = self.telemetry.logger();
        runtime.block_on(self.password_kinds.refresh());
        self.demo = demo::create(&self.settings, &self.flows, self.database.as_ref(), runtime, &log)?;
        self.start_clock_monitor(runtime)?;
        self.start_heartbeat(runtime)?;
        runtime.spawn(Arc::clone(&self.sms_monitor).run());
        runtime.spawn(Arc::clone(&self.audit_retention).run());
        runtime.spawn(Arc::clone(&self.password_kinds).run());
        // Among the tasks that a stop waits for: it ends after the mail that is being sent.
        self.tasks.spawn_on(Arc::clone(&self.mail).run(), runtime);
        Ok(())
    }

    /// Creates every adapter and connects them to the use cases. Returns the runtime's handle as well.
    fn assemble(
        settings: Settings,
        limits: LimiterChoice,
        clock: Arc<dyn Clock>,
        adapt: impl FnOnce(Ports) -> Ports,
    ) -> Result<(Self, Handle), OpenError> {
        let process = Process::open(&settings, clock)?;
        let runtime = process.runtime.handle().clone();
        let adapters = Adapters::open(&settings, limits, &process)?;
        let policy = policy(&settings, adapters.database.as_ref())?;
        let ports = adapt(adapters.ports(&settings, &process));
        let monitors = Monitors::new(&settings, &policy, &adapters, &ports, &process)?;
        let Adapters { location, database, encryption, redis, .. } = adapters;
        let readiness_queries =
            ReadinessQueries::new(database.clone(), redis.clone(), Arc::clone(&monitors.sms));
        let mfa = Self {
            readiness_queries: Arc::new(readiness_queries),
            reports: sms::reports(&settings),
            settings,
            flows: Arc::new(Flows::new(ports, policy)),
            database,
            location,
            cipher: encryption.cipher,
            key_manager: encryption.key_manager,
            heartbeat: None,
            clock: process.clock,
            redis,
            sms_monitor: monitors.sms,
            mail: monitors.mail,
            audit_retention: monitors.audit_retention,
            password_kinds: monitors.password_kinds,
            metrics: process.metrics,
            telemetry: process.telemetry,
            demo: Demo::default(),
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
        if let Err(error) = Self::check_certificate(&self.settings) {
            slog::warn!(log, "clients reject the TLS certificate"; "reason" => %error);
        }
        for file in self.settings.exposed_files() {
            slog::warn!(log, "a file with a secret is not protected"; "reason" => file.detail(), "remedy" => file.remedy());
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

/// Background tasks of a server.
struct Monitors {
    sms: Arc<SmsMonitor>,
    mail: Arc<MailWorker>,
    password_kinds: Arc<PasswordKindsMonitor>,
    audit_retention: Arc<AuditRetentionMonitor>,
}

impl Monitors {
    fn new(
        settings: &Settings,
        policy: &Policy,
        adapters: &Adapters,
        ports: &Ports,
        process: &Process,
    ) -> Result<Self, OpenError> {
        let log = || process.telemetry.logger();
        Ok(Self {
            mail: Arc::new(mail::worker(MailDependencies {
                settings,
                database: &adapters.database,
                clock: process.clock.clone(),
                entropy: process.entropy.as_ref(),
                log: log(),
                metrics: &process.metrics,
            })?),
            sms: Arc::new(SmsMonitor::new(
                Arc::clone(&ports.sms.sends),
                policy.sms.conversion,
                process.clock.clone(),
                log(),
            )),
            password_kinds: Arc::new(PasswordKindsMonitor {
                users: Arc::clone(&ports.users),
                hasher: Arc::clone(&adapters.passwords),
                log: log(),
            }),
            audit_retention: Arc::new(AuditRetentionMonitor {
                auditor: Auditor::new(adapters.database.clone(), Arc::clone(&adapters.encryption.audit_keys)),
                clock: process.clock.clone(),
                max_age: settings.log.audit_retention(),
                log: log(),
                metrics: process.metrics.store().clone(),
            }),
        })
    }
}

/// Returns the policy of the settings.
fn policy(settings: &Settings, database: &dyn Database) -> Result<Policy, OpenError> {
    let mut policy = Policy::default();
    policy.issuer.clone_from(&settings.brand.issuer);
    policy.lockout = settings.limits.lockout;
    policy.step_up_max_age = settings.limits.step_up_max_age;
    policy.access_pass_lifetime = settings.limits.access_pass_lifetime;
    let owns_users = database.owns_users_table()?;
    policy.rehash_passwords = settings.login.password_rehash || owns_users;
    policy.bcrypt_passwords = !owns_users;
    policy.sms = sms::policy(settings)?;
    let passkeys = &settings.passkeys;
    policy.max_totp_apps = passkeys.max_totp_apps;
    policy.passkeys = passkeys
        .relying_party
        .clone()
        .map(|relying_party| PasskeyPolicy { relying_party, max_per_user: passkeys.max_per_user });
    policy.phishing_resistant = passkeys.required;
    Ok(policy)
}

/// Runs work that waits for futures. In an async context, where that is not allowed, it runs on a thread of its own.
fn outside_async<T: Send>(work: impl FnOnce() -> Result<T, OpenError> + Send) -> Result<T, OpenError> {
    if Handle::try_current().is_err() {
        return work();
    }
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("mfa-open".to_owned()).spawn_scoped(scope, work);
        let thread = thread.map_err(OpenError::machine)?;
        thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}
