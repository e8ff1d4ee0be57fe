//! Settings: every value that the server and the command line take from outside, parsed once into types.
//!
//! [`Settings::load`] lays the sources over one another (`config/default.toml` < `config/<MFA_ENV>.toml` < `.env` <
//! environment), refuses what nobody knows and what would not protect, and answers with one struct per concern.
//! The two files are in the binary too, so that it runs alone; those of a `config/` folder in the working folder
//! go over them.
//!
//! It refuses to be global: it is loaded once and handed on. Only [`Sources::of_process`] looks at the process.
//!
//! To add a setting: a row in `table.rs`, its default in `config/default.toml`, its lines in `.env.example` (tests
//! hold the three together), and a field in the struct of its concern.

mod brand;
mod database;
mod display;
mod dotenv;
mod encryption;
mod environment;
mod error;
mod generated_keys;
mod layers;
mod limits;
mod log;
mod login;
mod names;
mod providers;
mod reader;
mod redis;
mod server;
mod sms;
mod sources;
mod table;
#[cfg(test)]
mod tests;
mod tokens;

pub use brand::{BrandSettings, Locale};
pub use database::{DatabaseSettings, DatabaseUrl};
pub use display::DisplayedSetting;
pub use environment::Environment;
pub use error::SettingsError;
pub use generated_keys::ProvisionedKeys;
pub use limits::{LimitSettings, RateSetting};
pub use log::LogSettings;
pub use login::LoginSettings;
pub use providers::{OvhSettings, SmsProvider, TwilioSettings};
pub use redis::{RedisMode, RedisSettings};
pub use server::{ServerSettings, TlsFiles};
pub use sms::{CountryCode, SmsBudget, SmsSettings};
pub use sources::Sources;
pub use tokens::{JwtAlgorithm, TokenSettings};

use std::path::PathBuf;

use mfa_core::{KeyId, SecretBytes};

use reader::SettingsReader;

/// All settings, parsed and found sane. Paths are absolute where the working folder is.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// `MFA_ENV`.
    pub environment: Environment,
    /// `MFA_DATA_DIR`.
    pub data_dir: PathBuf,
    /// Where the server listens.
    pub server: ServerSettings,
    /// The database.
    pub database: DatabaseSettings,
    /// Redis, where there is one.
    pub redis: Option<RedisSettings>,
    /// Keys and claims of tokens.
    pub tokens: TokenSettings,
    /// `MFA_ENCRYPTION_KEYS`: the first seals, all unseal. [`Settings::keys`] has them when they are generated.
    pub encryption: KeySource<Vec<(KeyId, SecretBytes)>>,
    /// Rates and locks.
    pub limits: LimitSettings,
    /// SMS.
    pub sms: SmsSettings,
    /// Login by password.
    pub login: LoginSettings,
    /// Log and audit.
    pub log: LogSettings,
    /// Names and language.
    pub brand: BrandSettings,
    shown: Vec<DisplayedSetting>,
}

/// Whether a key was given, or is made and kept by this server (in development, on the embedded database).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeySource<T> {
    /// By a setting.
    Given(T),
    /// By this server; in `MFA_DATA_DIR`.
    Generated,
}

impl Settings {
    /// Reads, merges, parses and checks every setting. Makes nothing and opens nothing but the files that it reads.
    ///
    /// # Errors
    ///
    /// [`SettingsError`] at the first setting that is unknown, missing, malformed or refused in this environment:
    /// show it and do not start.
    pub fn load(sources: &Sources) -> Result<Self, SettingsError> {
        let resolved = layers::resolve(sources)?;
        let reader = SettingsReader::new(&resolved, &sources.dir);
        let data_dir_text = reader.defaulted("MFA_DATA_DIR")?;
        let data_dir = reader.resolve(data_dir_text);
        let server = ServerSettings::read(&reader)?;
        let database = DatabaseSettings::read(&reader, &data_dir)?;
        let may_generate =
            resolved.environment.is_development() && matches!(database.url, DatabaseUrl::Sqlite(_));
        let mut settings = Self {
            environment: resolved.environment.clone(),
            redis: RedisSettings::read(&reader)?,
            tokens: TokenSettings::read(&reader, may_generate)?,
            encryption: encryption::read(&reader, may_generate)?,
            limits: LimitSettings::read(&reader)?,
            sms: SmsSettings::read(&reader, &data_dir, server.is_loopback())?,
            login: LoginSettings::read(&reader)?,
            log: LogSettings::read(&reader)?,
            brand: BrandSettings::read(&reader)?,
            data_dir,
            server,
            database,
            shown: Vec::new(),
        };
        settings.shown = display::rows(&settings, &resolved, data_dir_text);
        Ok(settings)
    }

    /// Every setting with its value (secrets masked) and where it came from, in a fixed order.
    pub fn shown(&self) -> &[DisplayedSetting] {
        &self.shown
    }
}

/// A key that only an embedded database in development may go without.
fn missing_key(reader: &SettingsReader<'_>, name: &str) -> SettingsError {
    let where_refused = if reader.environment().is_development() {
        "with a PostgreSQL database".to_owned()
    } else {
        format!("in {}", reader.environment().name())
    };
    SettingsError::refused(
        name,
        format!("is not set, and none is generated {where_refused}"),
        "run `mfa-admin keys generate` and set what it prints",
    )
}
