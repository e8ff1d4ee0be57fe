//! Settings of the mails that tell users of changes of their account.

use std::path::{Path, PathBuf};

use mfa_core::SecretText;
use mfa_mail::Recipient;
use url::{Host, Url};

use super::authorities;
use super::error::SettingsError;
use super::reader::SettingsReader;

/// Mails to users: what they are told of, and how the mails are sent.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MailSettings {
    /// Events that notify users (`MFA_NOTIFY`).
    pub notify: NotifyMode,
    /// How mails are sent; `None` if `SMTP_URL` is not set outside development.
    pub delivery: Option<MailDelivery>,
    /// Sender (`MFA_MAIL_FROM`).
    pub from: MailSender,
}

/// Events that notify users by email.
///
/// Exhaustive, so that each mode is handled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotifyMode {
    /// Nothing.
    Off,
    /// Changes of what protects the account, logins by recovery code, locks, and acts of administrators.
    Changes,
}

/// How mails are sent.
///
/// Exhaustive, so that each way has an adapter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MailDelivery {
    /// By this server (`SMTP_URL`).
    Smtp(SmtpSettings),
    /// Not at all, in development: they are written to this file.
    Outbox(PathBuf),
}

/// Server that sends mails.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SmtpSettings {
    /// Host name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Encryption.
    pub encryption: SmtpEncryption,
    /// User name and password.
    pub login: Option<(String, SecretText)>,
    /// File with the certificate authorities (`SSL_CERT_FILE`); `None` for those of the system and of the environment.
    pub authorities: Option<PathBuf>,
}

/// Encryption of the connection to the mail server.
///
/// Exhaustive, so that each kind is handled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SmtpEncryption {
    /// TLS from the start (`smtps://`).
    Tls,
    /// STARTTLS; without it, nothing is sent (`smtp://`).
    StartTls,
    /// STARTTLS if the server offers it (`smtp://` to this machine, in development).
    StartTlsIfOffered,
}

/// Sender of mails.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MailSender {
    /// Name that mail programs show.
    pub name: Option<String>,
    /// Address.
    pub address: Recipient,
}

const SMTP_URL: &str = "SMTP_URL";
const MAIL_FROM: &str = "MFA_MAIL_FROM";
const NOTIFY: &str = "MFA_NOTIFY";

/// Name of the file in the data folder.
const OUTBOX: &str = "mail-outbox.jsonl";

/// Port of submission with STARTTLS (RFC 6409).
const SUBMISSION_PORT: u16 = 587;
/// Port of submission over TLS (RFC 8314).
const SUBMISSIONS_PORT: u16 = 465;

impl MailSettings {
    pub(super) fn read(reader: &SettingsReader<'_>, data_dir: &Path) -> Result<Self, SettingsError> {
        let is_development = reader.environment().is_development();
        let smtp = SmtpSettings::read(reader, is_development)?;
        let from = MailSender::read(reader, smtp.is_some())?;
        let delivery = match smtp {
            Some(smtp) => Some(MailDelivery::Smtp(smtp)),
            None => is_development.then(|| MailDelivery::Outbox(data_dir.join(OUTBOX))),
        };
        let notify = match reader.text(NOTIFY).map(str::to_ascii_lowercase).as_deref() {
            None if delivery.is_some() => NotifyMode::Changes,
            None | Some("off") => NotifyMode::Off,
            Some("changes") => NotifyMode::Changes,
            Some(_) => return Err(reader.invalid(NOTIFY, "use off or changes")),
        };
        if notify == NotifyMode::Changes && delivery.is_none() {
            return Err(SettingsError::invalid(
                NOTIFY,
                "is changes, but SMTP_URL is not set",
                "set SMTP_URL=smtps://USER:PASSWORD@HOST and MFA_MAIL_FROM, or MFA_NOTIFY=off",
            ));
        }
        Ok(Self { notify, delivery, from })
    }

    /// Returns how mails are sent; `None` if notifications are off.
    pub fn active_delivery(&self) -> Option<&MailDelivery> {
        self.delivery.as_ref().filter(|_| self.notify == NotifyMode::Changes)
    }
}

impl NotifyMode {
    /// Returns the value of the setting.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Changes => "changes",
        }
    }
}

impl SmtpSettings {
    fn read(reader: &SettingsReader<'_>, is_development: bool) -> Result<Option<Self>, SettingsError> {
        let Some(text) = reader.text(SMTP_URL) else { return Ok(None) };
        let invalid = |problem: &str, remedy: &str| Err(SettingsError::invalid(SMTP_URL, problem, remedy));
        let form = "use smtps://USER:PASSWORD@HOST:465, or smtp://USER:PASSWORD@HOST:587 with STARTTLS; \
                    percent-encode special characters in the password (@ is %40, / is %2F, # is %23)";
        let Ok(url) = Url::parse(text) else { return invalid("is not a valid URL", form) };
        let (is_tls, default_port) = match url.scheme() {
            "smtps" => (true, SUBMISSIONS_PORT),
            "smtp" => (false, SUBMISSION_PORT),
            _ => return invalid("is not the URL of a mail server", form),
        };
        let host = match url.host_str() {
            // A special scheme is none of these, so that the host is not parsed as an address.
            Some(host) if !host.is_empty() => host.trim_matches(['[', ']']).to_owned(),
            _ => return invalid("names no host", form),
        };
        let has_more = !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some();
        if has_more {
            return invalid("has a part after the host and the port", form);
        }
        let (Some(user), Some(password)) =
            (decoded(url.username()), decoded(url.password().unwrap_or_default()))
        else {
            return invalid("has a user name or a password that is not UTF-8", form);
        };
        let login = match (user.is_empty(), password.is_empty()) {
            (true, true) => None,
            (false, false) => Some((user, SecretText::new(password))),
            (false, true) => return invalid("has a user name and no password", form),
            (true, false) => return invalid("has a password and no user name", form),
        };
        let encryption = if is_tls {
            SmtpEncryption::Tls
        } else if is_development && is_loopback(&host) {
            SmtpEncryption::StartTlsIfOffered
        } else {
            SmtpEncryption::StartTls
        };
        let authorities = authorities::read(reader)?;
        // The TLS library reads the variable of the process itself, with SSL_CERT_DIR beside it.
        let authorities = authorities.filter(|_| !reader.is_in_environment(authorities::NAME));
        let port = url.port().unwrap_or(default_port);
        Ok(Some(Self { host, port, encryption, login, authorities }))
    }
}

impl MailSender {
    fn read(reader: &SettingsReader<'_>, is_required: bool) -> Result<Self, SettingsError> {
        let remedy = "use one address, such as no-reply@example.com or NOVA <no-reply@example.com>";
        let text = match reader.text(MAIL_FROM) {
            Some(text) => text,
            None if is_required => {
                return Err(SettingsError::invalid(MAIL_FROM, "is not set, but SMTP_URL is", remedy));
            }
            // Of mails that are written to a file.
            None => "no-reply@localhost",
        };
        let (name, address) = match text.strip_suffix('>').and_then(|rest| rest.split_once('<')) {
            Some((name, address)) => (name.trim().trim_matches('"'), address),
            None => ("", text),
        };
        let is_name =
            !name.chars().any(|c| c.is_control() || "<>\"".contains(c)) && name.chars().count() <= 64;
        match Recipient::parse(address) {
            Ok(address) if is_name => {
                Ok(Self { name: Some(name.to_owned()).filter(|it| !it.is_empty()), address })
            }
            _ => Err(reader.invalid(MAIL_FROM, remedy)),
        }
    }
}

fn is_loopback(host: &str) -> bool {
    match Host::parse(host) {
        Ok(Host::Domain(name)) => name == "localhost",
        Ok(Host::Ipv4(ip)) => ip.is_loopback(),
        Ok(Host::Ipv6(_)) => false,
        Err(_) => host.parse::<std::net::Ipv6Addr>().is_ok_and(|ip| ip.is_loopback()),
    }
}

/// Returns the text without percent-encoding; `None` if it is not UTF-8.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let mut ahead = rest.clone();
        let digits = (ahead.next().and_then(hex_digit), ahead.next().and_then(hex_digit));
        if let (Some(high), Some(low)) = digits {
            bytes.push(high << 4 | low);
            rest = ahead;
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}
