//! Settings of where users get help: shown on the pages, and in messages to users.

use url::{Host, Url};

use super::error::SettingsError;
use super::reader::SettingsReader;

/// The most characters of `MFA_HELP_TEXT`: one line on a wide screen, three on a phone.
const MAX_TEXT: usize = 120;

/// Where users get help.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HelpSettings {
    /// Page, email address or phone number of the helpdesk (`MFA_HELP_URL`).
    pub url: Option<Url>,
    /// Text of one line beside the link, such as a phone number and opening hours (`MFA_HELP_TEXT`).
    pub text: Option<String>,
    /// Privacy notice (`MFA_PRIVACY_URL`).
    pub privacy_url: Option<Url>,
}

impl HelpSettings {
    pub(super) fn read(reader: &SettingsReader<'_>) -> Result<Self, SettingsError> {
        let url = reader.text("MFA_HELP_URL").map(|text| {
            let url = Url::parse(text).ok().filter(|url| is_page(url, reader) || is_contact(url));
            let remedy = "use an https:// URL, mailto:helpdesk@example.com or tel:+33123456789";
            url.ok_or_else(|| reader.invalid("MFA_HELP_URL", remedy))
        });
        let text = reader.text("MFA_HELP_TEXT").map(|text| {
            let is_line = text.chars().count() <= MAX_TEXT && !text.chars().any(char::is_control);
            let remedy = "use one line of at most 120 characters";
            if is_line { Ok(text.to_owned()) } else { Err(reader.invalid("MFA_HELP_TEXT", remedy)) }
        });
        let privacy_url = reader.text("MFA_PRIVACY_URL").map(|text| {
            let url = Url::parse(text).ok().filter(|url| is_page(url, reader));
            let remedy = "use an https:// URL, such as https://www.example.com/privacy";
            url.ok_or_else(|| reader.invalid("MFA_PRIVACY_URL", remedy))
        });
        Ok(Self { url: url.transpose()?, text: text.transpose()?, privacy_url: privacy_url.transpose()? })
    }
}

/// Returns true for a page over TLS, or in development on this machine.
fn is_page(url: &Url, reader: &SettingsReader<'_>) -> bool {
    let is_loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    };
    let is_local = url.scheme() == "http" && is_loopback && reader.environment().is_development();
    let scheme_allowed = url.scheme() == "https" || is_local;
    scheme_allowed && url.has_host() && url.username().is_empty() && url.password().is_none()
}

/// Returns true for an email address or a phone number (RFC 6068, RFC 3966).
fn is_contact(url: &Url) -> bool {
    let target = url.path();
    match url.scheme() {
        "mailto" => target.split_once('@').is_some_and(|(name, host)| !name.is_empty() && !host.is_empty()),
        "tel" => {
            let is_mark = |c: char| matches!(c, '+' | '-' | '.' | '(' | ')');
            target.chars().any(|c| c.is_ascii_digit())
                && target.chars().all(|c| c.is_ascii_digit() || is_mark(c))
        }
        _ => false,
    }
}
