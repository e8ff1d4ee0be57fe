//! Cookies of the pages: sent to these pages only, and not readable by scripts.

use actix_web::http::header::{COOKIE, HeaderMap};
use mfa_core::SecretText;

use super::SiteConfig;

/// Seconds in a year.
pub(super) const YEAR: u64 = 365 * 24 * 3600;

/// A cookie of the pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cookie {
    /// The token of the session.
    Session,
    /// A random id of this browser, from which the keys of its forms are derived.
    Browser,
    /// The language that the reader chose.
    Language,
    /// The name of the message that the next page shows.
    Flash,
    /// The state that the next pages need, encrypted.
    SealedState,
    /// What a refused form leaves for its page, encrypted.
    RefusedForm,
    /// What was typed into a form that a step-up interrupts, encrypted. Apart, because its code may be refused.
    InterruptedForm,
    /// The page that a reader wanted before the session ended.
    ReturnTo,
}

impl Cookie {
    const fn name(self) -> &'static str {
        match self {
            Self::Session => "nova-mfa-session",
            Self::Browser => "nova-mfa-browser",
            Self::Language => "nova-mfa-language",
            Self::Flash => "nova-mfa-flash",
            Self::SealedState => "nova-mfa-carried",
            Self::RefusedForm => "nova-mfa-refused",
            Self::InterruptedForm => "nova-mfa-interrupted",
            Self::ReturnTo => "nova-mfa-return-to",
        }
    }

    /// Returns the cookie name: over TLS with the prefix that prevents plain HTTP from setting it (RFC 6265bis
    /// §4.1.3.1). `__Host-` requires the path `/` and would send the cookie to the API.
    fn full_name(self, site: &SiteConfig) -> String {
        format!("{}{}", if site.over_tls() { "__Secure-" } else { "" }, self.name())
    }

    /// Returns the value in a request; `None` if the cookie occurs twice.
    pub(super) fn read(self, headers: &HeaderMap, site: &SiteConfig) -> Option<SecretText> {
        let name = self.full_name(site);
        let lines = headers.get_all(COOKIE).filter_map(|line| line.to_str().ok());
        let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        let mut values = pairs.filter(|(it, _)| *it == name).map(|(_, value)| value);
        match (values.next(), values.next()) {
            (Some(value), None) if !value.is_empty() => Some(SecretText::new(value.to_owned())),
            _ => None,
        }
    }

    /// Returns the `Set-Cookie` value, for a number of seconds or until the browser is closed.
    pub(super) fn set(self, value: &str, seconds: Option<u64>, site: &SiteConfig) -> String {
        let (name, path) = (self.full_name(site), site.base());
        let age = seconds.map(|it| format!("; Max-Age={it}")).unwrap_or_default();
        let secure = if site.over_tls() { "; Secure" } else { "" };
        format!("{name}={value}; Path={path}; HttpOnly; SameSite=Strict{secure}{age}")
    }

    /// Returns the `Set-Cookie` value that deletes the cookie.
    pub(super) fn clear(self, site: &SiteConfig) -> String {
        self.set("", Some(0), site)
    }
}
