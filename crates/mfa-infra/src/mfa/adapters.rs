//! Adapters of the settings, one function per area.

use std::num::NonZeroUsize;
use std::sync::Arc;

use mfa_core::{Clock, EventSink, PasswordKinds, RateLimiter};
use mfa_flows::Ports;
use mfa_jwt::TokenService;
use tokio::runtime::Runtime;

use super::encryption_keys::KeyManager;
use super::error::OpenError;
use super::instance::Mfa;
use super::limits::LimiterChoice;
use super::mail;
use super::sms::{self, SmsDependencies};
use super::tokens::token_service;
use crate::clock::MonitoredClock;
use crate::crypto::{AesGcmCipher, AuditKeys, DerivedDigests, HasherLimits, KeyRing, OsEntropy, SlowHasher};
use crate::database::{CommitterLimits, Database, DatabaseDependencies, DatabaseLocation, DatabaseOptions};
use crate::metrics::Metrics;
use crate::redis::RedisRateLimiter;
use crate::settings::{DatabaseUrl, KeySource, Settings};
use crate::telemetry::Telemetry;

/// Parts that every other one needs: runtime, randomness, clock, log and metrics.
pub(super) struct Process {
    pub(super) runtime: Runtime,
    pub(super) entropy: Arc<OsEntropy>,
    pub(super) clock: Arc<MonitoredClock>,
    pub(super) telemetry: Arc<Telemetry>,
    pub(super) metrics: Arc<Metrics>,
    /// Sink of events: metrics first, then the log.
    pub(super) events: Arc<dyn EventSink>,
}

impl Process {
    pub(super) fn open(settings: &Settings, clock: Arc<dyn Clock>) -> Result<Self, OpenError> {
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

/// Adapters of the settings, one area each.
pub(super) struct Adapters {
    pub(super) tokens: Arc<TokenService>,
    pub(super) location: DatabaseLocation,
    pub(super) database: Arc<dyn Database>,
    pub(super) encryption: Encryption,
    pub(super) passwords: Arc<SlowHasher>,
    pub(super) recovery_codes: Arc<SlowHasher>,
    pub(super) limiter: Arc<dyn RateLimiter>,
    pub(super) redis: Option<Arc<RedisRateLimiter>>,
}

impl Adapters {
    pub(super) fn open(
        settings: &Settings,
        limits: LimiterChoice,
        process: &Process,
    ) -> Result<Self, OpenError> {
        let had_generated_keys = settings.generated_keys_exist();
        let (tokens, ring) = open_keys(settings)?;
        let committer_limits = limits.committer_limits();
        let limiters = limits.open(settings, process.runtime.handle(), process.telemetry.logger())?;
        let location = Mfa::location(settings);
        let database = open_database(settings, &location, committer_limits, &ring, process)?;
        let (passwords, recovery_codes) = open_hashers(process)?;
        Ok(Self {
            encryption: open_encryption(ring, database.as_ref(), process)
                .map_err(|error| generated_keys_error(settings, error, had_generated_keys))?,
            tokens: Arc::new(tokens),
            passwords: Arc::new(passwords),
            recovery_codes: Arc::new(recovery_codes),
            limiter: limiters.limiter,
            redis: limiters.redis,
            location,
            database,
        })
    }

    /// Returns the ports of the use cases.
    pub(super) fn ports(&self, settings: &Settings, process: &Process) -> Ports {
        Ports {
            accounts: self.database.clone(),
            users: self.database.clone(),
            audit_log: self.database.clone(),
            statistics: self.database.clone(),
            clock: process.clock.clone(),
            entropy: process.entropy.clone(),
            cipher: self.encryption.cipher.clone(),
            hasher: self.passwords.clone(),
            recovery_hasher: self.recovery_codes.clone(),
            digests: self.encryption.digests.clone(),
            limiter: Arc::clone(&self.limiter),
            log: Arc::clone(&process.events),
            tokens: Arc::clone(&self.tokens),
            sms: sms::ports(SmsDependencies {
                settings,
                database: &self.database,
                clock: process.clock.clone(),
                entropy: process.entropy.clone(),
                runtime: process.runtime.handle().clone(),
                log: process.telemetry.logger(),
                metrics: &process.metrics,
            }),
        }
    }
}

/// Replaces the error of a key that does not match the data by one that names the file of generated keys. If the key was only
/// now generated, the file of the former key is missing: removes the new file, which nothing is encrypted with.
fn generated_keys_error(settings: &Settings, error: OpenError, had_generated_keys: bool) -> OpenError {
    let is_generated = matches!(settings.encryption, KeySource::Generated);
    if !is_generated || !matches!(error, OpenError::KeysMissing(_) | OpenError::WrongKey(_)) {
        return error;
    }
    let path = settings.generated_keys_path();
    if had_generated_keys {
        return OpenError::GeneratedKeysDiffer(path);
    }
    match std::fs::remove_file(&path) {
        Ok(()) => OpenError::GeneratedKeysLost(path),
        Err(_) => error,
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
        notifications: mail::notifications(settings),
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
pub(super) struct Encryption {
    pub(super) cipher: Arc<AesGcmCipher>,
    pub(super) digests: Arc<DerivedDigests>,
    pub(super) audit_keys: Arc<AuditKeys>,
    pub(super) key_manager: KeyManager,
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
        digests: Arc::new(digests.with_retained(key_manager.retained())),
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
