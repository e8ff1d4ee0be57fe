//! Configuration that all pages share: URLs, name, login page, offered methods.

use std::io;

use mfa_infra::Mfa;
use mfa_infra::mail::MailOutboxReader;
use mfa_infra::settings::HelpSettings;
use mfa_infra::sms::OutboxReader;
use url::Url;

use super::assets::Assets;

/// Configuration of the pages of one installation.
#[derive(Debug)]
pub(crate) struct SiteConfig {
    base: String,
    name: String,
    over_tls: bool,
    login: LoginPage,
    handover_from: Option<String>,
    public_origin: Option<String>,
    countries: Vec<String>,
    offers_sms: bool,
    offers_passkeys: bool,
    outbox: Option<OutboxReader>,
    mail_outbox: Option<MailOutboxReader>,
    help: HelpSettings,
    assets: Assets,
}

/// The login page where users enter their password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum LoginPage {
    /// The page of this crate.
    BuiltIn,
    /// A page of another application (`MFA_LOGIN_URL`).
    External(Url),
    /// Not configured.
    Unknown,
}

impl SiteConfig {
    /// Derives the configuration from the settings of `mfa`.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::InvalidData`] if an asset is damaged.
    pub(crate) fn from_settings(mfa: &Mfa) -> io::Result<Self> {
        let settings = mfa.settings();
        let login = match (&settings.login.url, settings.login.enabled) {
            (_, true) => LoginPage::BuiltIn,
            (Some(url), false) => LoginPage::External(url.clone()),
            (None, false) => LoginPage::Unknown,
        };
        let countries: Vec<_> = settings.sms.countries.iter().map(|it| it.as_str().to_owned()).collect();
        Ok(Self {
            base: format!("/interface/{}", settings.brand.path),
            name: settings.brand.issuer.clone(),
            over_tls: settings.server.behind_tls_proxy || settings.server.tls.is_some(),
            login,
            handover_from: settings.login.url.as_ref().map(origin),
            public_origin: settings.server.public_url.as_ref().map(origin),
            offers_sms: !countries.is_empty() && !settings.sms.providers.is_empty(),
            offers_passkeys: settings.passkeys.relying_party.is_some(),
            countries,
            outbox: mfa.outbox().filter(|_| settings.server.is_loopback()),
            mail_outbox: mfa.mail_outbox().filter(|_| settings.server.is_loopback()),
            help: settings.help.clone(),
            assets: Assets::load()?,
        })
    }

    /// Returns the path of the first page; all others are below it.
    pub(super) fn base(&self) -> &str {
        &self.base
    }

    /// Returns the name of the service.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Returns true if browsers use TLS, to this process or to a proxy.
    pub(super) const fn over_tls(&self) -> bool {
        self.over_tls
    }

    /// Returns the login page.
    pub(super) const fn login(&self) -> &LoginPage {
        &self.login
    }

    /// Returns the origin of the login page that may hand over users.
    pub(super) fn handover_from(&self) -> Option<&str> {
        self.handover_from.as_deref()
    }

    /// Returns the origin of this service, if `PUBLIC_URL` is set.
    pub(super) fn public_origin(&self) -> Option<&str> {
        self.public_origin.as_deref()
    }

    /// Returns the countries to whose numbers SMS are sent.
    pub(super) fn countries(&self) -> &[String] {
        &self.countries
    }

    /// Returns true if SMS are available.
    pub(super) const fn offers_sms(&self) -> bool {
        self.offers_sms
    }

    /// Returns true if passkeys can be registered.
    pub(super) const fn offers_passkeys(&self) -> bool {
        self.offers_passkeys
    }

    /// Returns the SMS outbox, in development on a loopback address.
    pub(super) const fn outbox(&self) -> Option<&OutboxReader> {
        self.outbox.as_ref()
    }

    /// Returns the outbox file of mails, in development on a loopback address.
    pub(super) const fn mail_outbox(&self) -> Option<&MailOutboxReader> {
        self.mail_outbox.as_ref()
    }

    /// Returns where users get help.
    pub(super) const fn help(&self) -> &HelpSettings {
        &self.help
    }

    /// Returns the assets.
    pub(super) const fn assets(&self) -> &Assets {
        &self.assets
    }
}

/// Returns the origin as browsers write it in `Origin` (RFC 6454 §6.1).
fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}
