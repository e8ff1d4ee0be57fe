//! What all pages have in common: where they are, what they are called, what they offer.

use std::io;

use mfa_infra::Mfa;
use mfa_infra::sms::OutboxReader;
use url::Url;

use super::assets::Assets;

/// One installation, as its pages need to know it.
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
    outbox: Option<OutboxReader>,
    assets: Assets,
}

/// Where people show their first factor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum LoginPage {
    /// On our own page.
    BuiltIn,
    /// On this one.
    External(Url),
    /// Somewhere that the settings do not name.
    Unknown,
}

impl SiteConfig {
    /// By the settings that this was opened with.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::InvalidData`] where a file of the pages is not what it should be.
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
            countries,
            outbox: mfa.outbox().filter(|_| settings.server.is_loopback()),
            assets: Assets::load()?,
        })
    }

    /// The path of the first page; all others lie below it.
    pub(super) fn base(&self) -> &str {
        &self.base
    }

    /// The name of the service.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Whether browsers come over TLS, to us or to a proxy.
    pub(super) const fn over_tls(&self) -> bool {
        self.over_tls
    }

    /// Where people show their first factor.
    pub(super) const fn login(&self) -> &LoginPage {
        &self.login
    }

    /// The origin whose login may hand a user over.
    pub(super) fn handover_from(&self) -> Option<&str> {
        self.handover_from.as_deref()
    }

    /// Our own origin, where the settings tell it.
    pub(super) fn public_origin(&self) -> Option<&str> {
        self.public_origin.as_deref()
    }

    /// Whose numbers may get SMS.
    pub(super) fn countries(&self) -> &[String] {
        &self.countries
    }

    /// Whether there are SMS at all.
    pub(super) const fn offers_sms(&self) -> bool {
        self.offers_sms
    }

    /// The outbox, in development on a loopback bind.
    pub(super) const fn outbox(&self) -> Option<&OutboxReader> {
        self.outbox.as_ref()
    }

    /// The files of the pages.
    pub(super) const fn assets(&self) -> &Assets {
        &self.assets
    }
}

/// As browsers write it in `Origin` (RFC 6454 §6.1).
fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}
