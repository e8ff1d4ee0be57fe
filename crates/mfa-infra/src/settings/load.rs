//! The root settings struct, and how it is loaded.

use std::path::{Path, PathBuf};

use mfa_core::{KeyId, SecretBytes};

use super::brand::BrandSettings;
use super::database::{DatabaseSettings, DatabaseUrl};
use super::display::{self, DerivedDefaults, DisplayedSetting};
use super::encryption;
use super::environment::Environment;
use super::error::SettingsError;
use super::exposed_files::ExposedFile;
use super::help::HelpSettings;
use super::key_source::KeySource;
use super::layers::{self, ResolvedSettings};
use super::limits::LimitSettings;
use super::log::LogSettings;
use super::login::LoginSettings;
use super::mail::MailSettings;
use super::passkeys::PasskeySettings;
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
    /// Mails to users.
    pub mail: MailSettings,
    /// Passkeys.
    pub passkeys: PasskeySettings,
    /// Password login.
    pub login: LoginSettings,
    /// Log file and audit retention.
    pub log: LogSettings,
    /// Product names and language.
    pub brand: BrandSettings,
    /// Where users get help.
    pub help: HelpSettings,
    displayed: Vec<DisplayedSetting>,
    exposed_files: Vec<ExposedFile>,
}

impl Settings {
    /// Reads, merges, parses and validates every setting. Creates nothing.
    ///
    /// # Errors
    ///
    /// [`SettingsError`] with every setting that is unknown, missing, malformed or not allowed in this environment: show it
    /// and do not start.
    pub fn load(sources: &Sources) -> Result<Self, SettingsError> {
        let (resolved, errors) = layers::resolve(sources)?;
        let is_development = resolved.environment.is_development();
        let mut sections = Sections { resolved: &resolved, dir: &sources.dir, errors };
        let data_dir_text = sections.read(|reader| reader.required("MFA_DATA_DIR").map(str::to_owned));
        let data_dir_text = data_dir_text.unwrap_or_default();
        let data_dir = sources.dir.join(&data_dir_text);
        let server = sections.read(ServerSettings::read);
        let database = sections.read(|reader| DatabaseSettings::read(reader, &data_dir));
        // Without a readable address nobody knows whether keys are required.
        let is_file = database.as_ref().is_none_or(|it| matches!(it.url, DatabaseUrl::Sqlite(_)));
        let may_generate = is_development && is_file;
        let tokens = sections.read(|reader| TokenSettings::read(reader, may_generate));
        let encryption = sections.read(|reader| encryption::read(reader, may_generate));
        let is_loopback = server.as_ref().is_none_or(ServerSettings::is_loopback);
        let sms = sections.read(|reader| SmsSettings::read(reader, &data_dir, is_loopback));
        let mail = sections.read(|reader| MailSettings::read(reader, &data_dir));
        let redis = sections.read(RedisSettings::read);
        let limits = sections.read(LimitSettings::read);
        let login = sections.read(LoginSettings::read);
        let log = sections.read(LogSettings::read);
        let brand = sections.read(BrandSettings::read);
        let help = sections.read(HelpSettings::read);
        let passkeys = sections.read(|reader| PasskeySettings::read(reader, server.as_ref()));

        let tls_key = server.as_ref().and_then(|it| it.tls.as_ref()).and_then(TlsFiles::exposed_key);
        let exposed_files: Vec<_> = resolved.exposed.iter().cloned().chain(tls_key).collect();
        let mut errors = sections.errors;
        if !is_development {
            errors.extend(ExposedFile::refuse(&exposed_files, resolved.environment.name()).err());
        }
        if let Some(error) = SettingsError::all(errors) {
            return Err(error);
        }
        let (
            Some(server),
            Some(database),
            Some(tokens),
            Some(encryption),
            Some(sms),
            Some(mail),
            Some(redis),
            Some(limits),
            Some(login),
            Some(log),
            Some(brand),
            Some(help),
            Some(passkeys),
        ) = (
            server, database, tokens, encryption, sms, mail, redis, limits, login, log, brand, help, passkeys,
        )
        else {
            unreachable!("a section that could not be read has an error")
        };
        let defaults = DerivedDefaults {
            jwt_secret_generated: matches!(tokens.secret, KeySource::Generated),
            encryption_keys_generated: matches!(encryption, KeySource::Generated),
            sms_providers: &sms.providers,
            notify: mail.notify,
            data_dir: &data_dir_text,
        };
        let displayed = display::rows(&resolved, &defaults);
        Ok(Self {
            environment: resolved.environment.clone(),
            redis,
            limits,
            login,
            log,
            brand,
            help,
            passkeys,
            data_dir,
            server,
            database,
            tokens,
            encryption,
            sms,
            mail,
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

/// Maximum number of values that are replaced in a section, to find its further errors.
const MAX_REPLACEMENTS: usize = 200;

/// Reader of one section after the other, which collects the errors of all.
struct Sections<'a> {
    resolved: &'a ResolvedSettings,
    dir: &'a Path,
    errors: Vec<SettingsError>,
}

impl Sections<'_> {
    /// Reads a section. After an error it reads again with another value for the setting, to find the next error. Returns
    /// `None` if there was one.
    fn read<T>(&mut self, read: impl Fn(&SettingsReader<'_>) -> Result<T, SettingsError>) -> Option<T> {
        let error = match read(&SettingsReader::new(self.resolved, self.dir)) {
            Ok(section) => return Some(section),
            Err(error) => error,
        };
        let mut attempt = self.resolved.clone();
        let mut next = Some(error);
        // Each setting has at most a default, a placeholder and no value.
        for _ in 0..MAX_REPLACEMENTS {
            let Some(error) = next else { break };
            let name = error.setting().map(str::to_owned);
            if !self.errors.iter().any(|it| it.setting().is_some() && it.setting() == name.as_deref()) {
                self.errors.push(error);
            }
            let is_replaced = name.is_some_and(|name| attempt.replace(&name));
            let reader = SettingsReader::new(&attempt, self.dir);
            next = if is_replaced { read(&reader).err() } else { None };
        }
        None
    }
}
