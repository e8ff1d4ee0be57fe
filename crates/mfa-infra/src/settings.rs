//! Settings of the server and the command line, parsed once into types.
//!
//! [`Settings::load`] merges the sources, each overriding the one before: `config/default.toml`,
//! `config/<MFA_ENV>.toml`, `.env`, the environment. It rejects unknown names and values that would not protect, and
//! returns one struct per concern. The two files are also compiled into the binary, so that it runs without a `config/`
//! folder. A `config/` folder in the working directory overrides them.
//!
//! There is no global configuration: the caller loads the settings once and passes them on. Only
//! [`Sources::from_process`] reads the environment of the process.
//!
//! To add a setting, add a row in `table.rs`, its default in `config/default.toml`, its lines in `.env.example`, and a
//! field in the struct of its concern. Tests fail if the first three disagree.

mod authorities;
mod brand;
mod database;
mod display;
mod dotenv;
mod encryption;
mod environment;
mod error;
mod exposed_files;
mod generated_keys;
mod help;
mod key_source;
mod layers;
mod limits;
mod load;
mod log;
mod login;
mod mail;
mod masking;
mod names;
mod passkeys;
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
pub use exposed_files::ExposedFile;
pub use generated_keys::ProvisionedKeys;
pub use help::HelpSettings;
pub use key_source::KeySource;
pub use limits::{LimitSettings, RateSetting};
pub use load::Settings;
pub use log::LogSettings;
pub use login::LoginSettings;
pub use mail::{MailDelivery, MailSender, MailSettings, NotifyMode, SmtpEncryption, SmtpSettings};
pub use passkeys::PasskeySettings;
pub use providers::{OvhSettings, SmsProvider, TwilioSettings};
pub use redis::{RedisMode, RedisSettings};
pub use server::{ServerSettings, TlsFiles};
pub use sms::{CountryCode, SmsBudget, SmsSettings};
pub use sources::Sources;
pub use tokens::{JwtAlgorithm, TokenSettings};
