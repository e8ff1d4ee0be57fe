//! Settings of the password login, the first factor of a standalone server.

use url::{Host, Url};

use super::error::SettingsError;
use super::reader::SettingsReader;

/// Password login.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LoginSettings {
    /// Whether the server offers password login (`LOGIN_ENABLED`).
    pub enabled: bool,
    /// External login page, which may pass its user to the web interface (`MFA_LOGIN_URL`).
    pub url: Option<Url>,
    /// Whether bcrypt hashes are replaced by Argon2id in an existing table of another service (`MFA_PASSWORD_REHASH`).
    pub password_rehash: bool,
    /// Whether a demo user is created: in development if `DATABASE_URL` is not set.
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

/// Reads `MFA_LOGIN_URL`. The interface checks the origin of that page, so it must use TLS or a loopback address.
fn url(reader: &SettingsReader<'_>) -> Result<Option<Url>, SettingsError> {
    let Some(text) = reader.text("MFA_LOGIN_URL") else { return Ok(None) };
    let is_loopback = |url: &Url| match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    };
    let url = Url::parse(text).ok().filter(|url| {
        let scheme_allowed = url.scheme() == "https" || (url.scheme() == "http" && is_loopback(url));
        scheme_allowed && url.has_host() && url.username().is_empty() && url.password().is_none()
    });
    let remedy = "use an https:// URL, such as https://nova.example.com/login";
    url.map(Some).ok_or_else(|| reader.invalid("MFA_LOGIN_URL", remedy))
}
