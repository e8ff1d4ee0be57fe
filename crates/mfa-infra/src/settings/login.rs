//! The first factor, for a server that runs on its own.

use url::{Host, Url};

use super::SettingsError;
use super::reader::SettingsReader;

/// Login by password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoginSettings {
    /// `LOGIN_ENABLED`.
    pub enabled: bool,
    /// `MFA_LOGIN_URL`: where people log in elsewhere, and who hands them over to the interface.
    pub url: Option<Url>,
    /// `MFA_PASSWORD_REHASH`: replace bcrypt by Argon2id in a table that we did not make, too.
    pub password_rehash: bool,
    /// Whether there is a demo user: in development, while `DATABASE_URL` is unset.
    pub demo_user: bool,
}

impl LoginSettings {
    pub(super) fn read(reader: &SettingsReader<'_>) -> Result<Self, SettingsError> {
        Ok(Self {
            enabled: reader.flag("LOGIN_ENABLED")?,
            url: url(reader)?,
            password_rehash: reader.flag("MFA_PASSWORD_REHASH")?,
            demo_user: reader.environment().is_development() && reader.text("DATABASE_URL").is_none(),
        })
    }
}

/// A page that a browser opens, whose origin is told apart from every other: so over TLS, or on this very machine.
fn url(reader: &SettingsReader<'_>) -> Result<Option<Url>, SettingsError> {
    let Some(text) = reader.text("MFA_LOGIN_URL") else { return Ok(None) };
    let is_here = |url: &Url| match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    };
    let url = Url::parse(text).ok().filter(|url| {
        let fits = url.scheme() == "https" || (url.scheme() == "http" && is_here(url));
        fits && url.has_host() && url.username().is_empty() && url.password().is_none()
    });
    let cure = "give an https:// address, such as https://nova.example.com/login";
    url.map(Some).ok_or_else(|| reader.wrong("MFA_LOGIN_URL", cure))
}
