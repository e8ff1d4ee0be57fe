//! Reads one value at a time into a type, with one wording for what is wrong.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use mfa_core::SecretText;
use url::{Host, Url};

use super::layers::ResolvedSettings;
use super::table::{self, Sensitivity};
use super::{Environment, SettingsError};

/// The values that the sources gave, to be parsed.
pub(super) struct SettingsReader<'a> {
    resolved: &'a ResolvedSettings,
    /// Relative paths start here.
    dir: &'a Path,
}

impl<'a> SettingsReader<'a> {
    pub(super) fn new(resolved: &'a ResolvedSettings, dir: &'a Path) -> Self {
        Self { resolved, dir }
    }

    pub(super) fn environment(&self) -> &'a Environment {
        &self.resolved.environment
    }

    /// A secret, or any value as it stands.
    pub(super) fn secret(&self, name: &str) -> Option<&'a SecretText> {
        debug_assert!(table::find(name).is_some(), "{name} is not in the table");
        self.resolved.given.get(name).map(|given| &given.text)
    }

    /// A value that is no secret, without the blanks around it.
    pub(super) fn text(&self, name: &str) -> Option<&'a str> {
        self.secret(name).map(|text| text.expose().trim()).filter(|text| !text.is_empty())
    }

    /// A value that has a default; the table and `config/default.toml` give one.
    pub(super) fn defaulted(&self, name: &str) -> Result<&'a str, SettingsError> {
        self.text(name)
            .ok_or_else(|| SettingsError::refused(name, "is not set", "give it a value or take it out"))
    }

    /// Words that are no secret, by comma.
    pub(super) fn list(&self, name: &str) -> Vec<&'a str> {
        self.text(name).map_or_else(Vec::new, |text| {
            text.split(',').map(str::trim).filter(|item| !item.is_empty()).collect()
        })
    }

    pub(super) fn flag(&self, name: &str) -> Result<bool, SettingsError> {
        match self.defaulted(name)?.to_ascii_lowercase().as_str() {
            "true" | "1" => Ok(true),
            "false" | "0" => Ok(false),
            _ => Err(self.wrong(name, "give true or false")),
        }
    }

    pub(super) fn number(&self, name: &str, min: u32, max: u32) -> Result<u32, SettingsError> {
        let number = self.defaulted(name)?.parse().ok().filter(|number| (min..=max).contains(number));
        number.ok_or_else(|| self.wrong(name, &format!("give a number from {min} to {max}")))
    }

    pub(super) fn seconds(&self, name: &str, min: u32, max: u32) -> Result<Duration, SettingsError> {
        self.number(name, min, max).map(|seconds| Duration::from_secs(seconds.into()))
    }

    /// A share: more than 0, at most 1.
    pub(super) fn share(&self, name: &str) -> Result<f64, SettingsError> {
        let share = self.defaulted(name)?.parse().ok().filter(|share| *share > 0.0 && *share <= 1.0);
        share.ok_or_else(|| self.wrong(name, "give a share above 0 and up to 1, such as 0.2"))
    }

    pub(super) fn path(&self, name: &str) -> Option<PathBuf> {
        self.text(name).map(|path| self.dir.join(path))
    }

    /// A path that someone else wrote, from the working folder on.
    pub(super) fn resolve(&self, path: &str) -> PathBuf {
        self.dir.join(path)
    }

    pub(super) fn socket(&self, name: &str) -> Result<Option<SocketAddr>, SettingsError> {
        let parse = |text: &str| {
            text.parse().map_err(|_| self.wrong(name, "give an address and a port, such as 127.0.0.1:8200"))
        };
        self.text(name).map(parse).transpose()
    }

    /// An address that we call: `https://`, or `http://` to this very machine in development.
    pub(super) fn endpoint(&self, name: &str) -> Result<Url, SettingsError> {
        let cure = "give an https:// address (http:// only to this machine, in development)";
        let url = Url::parse(self.defaulted(name)?).map_err(|_| Self::wrong_url(name, cure))?;
        let is_ours = match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(ip)) => ip.is_loopback(),
            Some(Host::Ipv6(ip)) => ip.is_loopback(),
            None => return Err(Self::wrong_url(name, cure)),
        };
        let scheme_fits = match url.scheme() {
            "https" => true,
            "http" => is_ours && self.environment().is_development(),
            _ => false,
        };
        let is_plain = url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none();
        if scheme_fits && is_plain { Ok(url) } else { Err(Self::wrong_url(name, cure)) }
    }

    /// The error for a value that may be shown.
    pub(super) fn wrong(&self, name: &str, cure: &str) -> SettingsError {
        let is_public = table::find(name).is_some_and(|setting| setting.secrecy == Sensitivity::Public);
        let value =
            self.text(name).filter(|_| is_public).map(|text| text.chars().take(80).collect::<String>());
        let problem =
            value.map_or("cannot be used".to_owned(), |value| format!("is {}", value.escape_debug()));
        SettingsError::refused(name, problem, cure)
    }

    /// The error for an address: it is not shown, for someone may have put a password into it.
    fn wrong_url(name: &str, cure: &str) -> SettingsError {
        SettingsError::refused(name, "is no address that can be used", cure)
    }
}
