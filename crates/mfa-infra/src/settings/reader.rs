//! Typed access to the merged values, with uniform error messages.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use mfa_core::SecretText;
use url::{Host, Url};

use super::environment::Environment;
use super::error::SettingsError;
use super::layers::{ENVIRONMENT, ResolvedSettings};
use super::masking;
use super::table::{self, Sensitivity};
use crate::quote;

/// Parser of the merged values.
pub(super) struct SettingsReader<'a> {
    resolved: &'a ResolvedSettings,
    /// Base of relative paths.
    dir: &'a Path,
}

impl<'a> SettingsReader<'a> {
    pub(super) fn new(resolved: &'a ResolvedSettings, dir: &'a Path) -> Self {
        Self { resolved, dir }
    }

    pub(super) fn environment(&self) -> &'a Environment {
        &self.resolved.environment
    }

    /// Returns a value unchanged, such as a secret.
    pub(super) fn secret(&self, name: &str) -> Option<&'a SecretText> {
        debug_assert!(table::find(name).is_some(), "{name} is not in the table");
        self.resolved.values.get(name).map(|value| &value.text)
    }

    /// Returns whether the value in force comes from the environment of the process.
    pub(super) fn is_in_environment(&self, name: &str) -> bool {
        self.resolved.values.get(name).is_some_and(|value| value.source == ENVIRONMENT)
    }

    /// Returns whether the absence of this required value has been reported.
    pub(super) fn is_reported(&self, name: &str) -> bool {
        self.resolved.is_reported(name)
    }

    /// Returns a value trimmed; `None` if it is empty. Not for secrets.
    pub(super) fn text(&self, name: &str) -> Option<&'a str> {
        self.secret(name).map(|text| text.expose().trim()).filter(|text| !text.is_empty())
    }

    /// Returns a value that is always set, because `config/default.toml` contains a default.
    pub(super) fn required(&self, name: &str) -> Result<&'a str, SettingsError> {
        self.text(name).ok_or_else(|| {
            SettingsError::invalid(name, "is empty", "set a value, or remove the setting to use the default")
        })
    }

    /// Returns the items of a comma-separated list. Not for secrets.
    pub(super) fn list(&self, name: &str) -> Vec<&'a str> {
        self.text(name).map_or_else(Vec::new, |text| {
            text.split(',').map(str::trim).filter(|item| !item.is_empty()).collect()
        })
    }

    /// Parses a boolean.
    pub(super) fn flag(&self, name: &str) -> Result<bool, SettingsError> {
        match self.required(name)?.to_ascii_lowercase().as_str() {
            "true" | "1" => Ok(true),
            "false" | "0" => Ok(false),
            _ => Err(self.invalid(name, "use true or false")),
        }
    }

    /// Parses an integer in `min..=max`.
    pub(super) fn number(&self, name: &str, min: u32, max: u32) -> Result<u32, SettingsError> {
        let number = self.required(name)?.parse().ok().filter(|number| (min..=max).contains(number));
        number.ok_or_else(|| self.invalid(name, &format!("use a number from {min} to {max}")))
    }

    /// Parses a duration in seconds, in `min..=max`.
    pub(super) fn seconds(&self, name: &str, min: u32, max: u32) -> Result<Duration, SettingsError> {
        self.number(name, min, max).map(|seconds| Duration::from_secs(seconds.into()))
    }

    /// Parses a ratio: more than 0, at most 1.
    pub(super) fn ratio(&self, name: &str) -> Result<f64, SettingsError> {
        let ratio = self.required(name)?.parse().ok().filter(|ratio| *ratio > 0.0 && *ratio <= 1.0);
        ratio.ok_or_else(|| self.invalid(name, "use a ratio above 0 and up to 1, such as 0.2"))
    }

    /// Returns a path, resolved against the working directory.
    pub(super) fn path(&self, name: &str) -> Option<PathBuf> {
        self.text(name).map(|path| self.dir.join(path))
    }

    /// Returns a value as a message may quote it; `None` if it may contain a secret. `part`: the value, or one item of it.
    pub(super) fn quoted(&self, name: &str, part: &str) -> Option<String> {
        let is_public = table::find(name).is_some_and(|setting| setting.sensitivity == Sensitivity::Public);
        let whole = self.text(name)?;
        // The item of a list may be a part of the password in an address with commas.
        let is_masked = part != whole && quote::masked(whole) != whole;
        if !is_public || is_masked || quote::value(whole).is_none() || self.contains_secret(whole) {
            return None;
        }
        quote::value(part)
    }

    /// Returns whether the text contains the value of another setting that is a secret.
    fn contains_secret(&self, text: &str) -> bool {
        /// A shorter value occurs in others by chance.
        const MIN_LENGTH: usize = 6;
        self.resolved.values.iter().any(|(name, value)| {
            let secret = value.text.expose().trim();
            secret.len() >= MIN_LENGTH && masking::is_secret(name, secret) && text.contains(secret)
        })
    }

    /// Resolves a path against the working directory.
    pub(super) fn resolve(&self, path: &str) -> PathBuf {
        self.dir.join(path)
    }

    /// Parses a socket address.
    pub(super) fn socket(&self, name: &str) -> Result<Option<SocketAddr>, SettingsError> {
        let parse = |text: &str| {
            text.parse()
                .map_err(|_| self.invalid(name, "use an IP address and a port, such as 127.0.0.1:8200"))
        };
        self.text(name).map(parse).transpose()
    }

    /// Parses the base URL of a provider: `https://`, or `http://` to this machine in development.
    pub(super) fn endpoint(&self, name: &str) -> Result<Url, SettingsError> {
        let remedy = "use an https:// URL (http:// only to this machine, in development)";
        let url = Url::parse(self.required(name)?).map_err(|_| Self::invalid_url(name, remedy))?;
        let is_loopback = match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(ip)) => ip.is_loopback(),
            Some(Host::Ipv6(ip)) => ip.is_loopback(),
            None => return Err(Self::invalid_url(name, remedy)),
        };
        let scheme_allowed = match url.scheme() {
            "https" => true,
            "http" => is_loopback && self.environment().is_development(),
            _ => false,
        };
        let is_plain = url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none();
        if scheme_allowed && is_plain { Ok(url) } else { Err(Self::invalid_url(name, remedy)) }
    }

    /// Returns the error for an invalid value. Quotes the value if it is not secret.
    pub(super) fn invalid(&self, name: &str, remedy: &str) -> SettingsError {
        let value = self.text(name).and_then(|text| self.quoted(name, text));
        let problem = value.map_or("is not valid".to_owned(), |value| format!("is {value}"));
        SettingsError::invalid(name, problem, remedy)
    }

    /// Returns the error for an invalid URL. Does not quote it: it may contain a password.
    fn invalid_url(name: &str, remedy: &str) -> SettingsError {
        SettingsError::invalid(name, "is not an allowed URL", remedy)
    }
}
