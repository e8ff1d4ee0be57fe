//! The root settings struct, and how it is loaded.

use std::path::PathBuf;

use mfa_core::{KeyId, SecretBytes};

use super::brand::BrandSettings;
use super::database::{DatabaseSettings, DatabaseUrl};
use super::display::{self, DerivedDefaults, DisplayedSetting};
use super::encryption;
use super::environment::Environment;
use super::error::SettingsError;
use super::exposed_files::ExposedFile;
use super::key_source::KeySource;
use super::layers;
use super::limits::LimitSettings;
use super::log::LogSettings;
use super::login::LoginSettings;
use super::reader::SettingsReader;
use super::redis::RedisSettings;
use super::server::{ServerSettings, TlsFiles};
use super::sms::SmsSettings;
use super::sources::Sources;
use super::tokens::TokenSettings;

/// All settings, parsed and validated. Relative paths are resolved against the working directory.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Settings {
    /// Environment (`MFA_ENV`).
    pub environment: Environment,
    /// Data directory (`MFA_DATA_DIR`).
    pub data_dir: PathBuf,
    /// Listening addresses, TLS and proxies.
    pub server: ServerSettings,
    /// Database connection.
    pub database: DatabaseSettings,
    /// Redis connection; `None` if `REDIS_URL` is not set.
    pub redis: Option<RedisSettings>,
    /// Token keys and claims.
    pub tokens: TokenSettings,
    /// Encryption keys (`MFA_ENCRYPTION_KEYS`): the first seals, all unseal. [`Settings::keys`] returns generated ones.
    pub encryption: KeySource<Vec<(KeyId, SecretBytes)>>,
    /// Rate limits and account lockout.
    pub limits: LimitSettings,
    /// SMS providers and budgets.
    pub sms: SmsSettings,
    /// Password login.
    pub login: LoginSettings,
    /// Log file and audit retention.
    pub log: LogSettings,
    /// Product names and language.
    pub brand: BrandSettings,
    displayed: Vec<DisplayedSetting>,
    exposed_files: Vec<ExposedFile>,
}

impl Settings {
    /// Reads, merges, parses and validates every setting. Creates nothing.
    ///
    /// # Errors
    ///
    /// [`SettingsError`] for the first setting that is unknown, missing, malformed or not allowed in this environment:
    /// show it and do not start.
    pub fn load(sources: &Sources) -> Result<Self, SettingsError> {
        let resolved = layers::resolve(sources)?;
        let reader = SettingsReader::new(&resolved, &sources.dir);
        let data_dir_text = reader.required("MFA_DATA_DIR")?;
        let data_dir = reader.resolve(data_dir_text);
        let server = ServerSettings::read(&reader)?;
        let database = DatabaseSettings::read(&reader, &data_dir)?;
        let may_generate =
            resolved.environment.is_development() && matches!(database.url, DatabaseUrl::Sqlite(_));
        let tokens = TokenSettings::read(&reader, may_generate)?;
        let encryption = encryption::read(&reader, may_generate)?;
        let sms = SmsSettings::read(&reader, &data_dir, server.is_loopback())?;
        let defaults = DerivedDefaults {
            jwt_secret_generated: matches!(tokens.secret, KeySource::Generated),
            encryption_keys_generated: matches!(encryption, KeySource::Generated),
            sms_providers: &sms.providers,
            data_dir: data_dir_text,
        };
        let displayed = display::rows(&resolved, &defaults);
        let tls_key = server.tls.as_ref().and_then(TlsFiles::exposed_key);
        let exposed_files: Vec<_> = resolved.exposed.iter().cloned().chain(tls_key).collect();
        if !resolved.environment.is_development() {
            ExposedFile::refuse(&exposed_files, resolved.environment.name())?;
        }
        Ok(Self {
            environment: resolved.environment.clone(),
            redis: RedisSettings::read(&reader)?,
            limits: LimitSettings::read(&reader)?,
            login: LoginSettings::read(&reader)?,
            log: LogSettings::read(&reader)?,
            brand: BrandSettings::read(&reader)?,
            data_dir,
            server,
            database,
            tokens,
            encryption,
            sms,
            displayed,
            exposed_files,
        })
    }

    /// Returns every setting with its value (secrets masked) and its source, in a fixed order.
    pub fn displayed(&self) -> &[DisplayedSetting] {
        &self.displayed
    }

    /// Returns the files with secrets that every user of the machine can access. None outside development, where such
    /// files are refused.
    pub fn exposed_files(&self) -> &[ExposedFile] {
        &self.exposed_files
    }
}
