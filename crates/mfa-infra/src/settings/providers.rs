//! Settings of the SMS providers, and of the outbox file that replaces them in development.

use std::fmt;
use std::path::{Path, PathBuf};

use mfa_core::SecretText;
use url::Url;

use super::error::SettingsError;
use super::reader::SettingsReader;

/// SMS provider with its settings.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SmsProvider {
    /// OVH SMS API.
    Ovh(OvhSettings),
    /// Twilio Messaging API.
    Twilio(TwilioSettings),
    /// File (`MFA_SMS_OUTBOX`) instead of a provider; only in development on a loopback address.
    Outbox(PathBuf),
}

/// OVH account and credentials (`OVH_…`).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OvhSettings {
    /// Application key (`OVH_APP_KEY`).
    pub app_key: SecretText,
    /// Application secret (`OVH_APP_SECRET`).
    pub app_secret: SecretText,
    /// Consumer key (`OVH_CONSUMER_KEY`).
    pub consumer_key: SecretText,
    /// SMS account (`OVH_SMS_ACCOUNT`).
    pub account: String,
    /// Sender name (`OVH_SMS_SENDER`).
    pub sender: String,
    /// Base URL of the API (`OVH_ENDPOINT`).
    pub endpoint: Url,
}

/// Twilio account and credentials (`TWILIO_…`).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TwilioSettings {
    /// Account SID (`TWILIO_ACCOUNT_SID`).
    pub account_sid: String,
    /// Auth token (`TWILIO_AUTH_TOKEN`).
    pub auth_token: SecretText,
    /// Sender number or sender name (`TWILIO_FROM`).
    pub from: String,
    /// Base URL of the API (`TWILIO_ENDPOINT`).
    pub endpoint: Url,
}

impl fmt::Display for SmsProvider {
    /// Writes the provider's name in `MFA_SMS_PROVIDERS`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ovh(_) => "ovh",
            Self::Twilio(_) => "twilio",
            Self::Outbox(_) => "outbox",
        })
    }
}

const OVH: [&str; 5] =
    ["OVH_APP_KEY", "OVH_APP_SECRET", "OVH_CONSUMER_KEY", "OVH_SMS_ACCOUNT", "OVH_SMS_SENDER"];
const TWILIO: [&str; 3] = ["TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_FROM"];

/// Returns the default `MFA_SMS_OUTBOX`, as `config show` displays it.
pub(super) fn default_outbox(data_dir: &str) -> String {
    format!("{}/sms-outbox.jsonl", data_dir.trim_end_matches('/'))
}

/// Reads the providers in failover order. `loopback`: the server listens on a loopback address only.
pub(super) fn read(
    reader: &SettingsReader<'_>,
    data_dir: &Path,
    loopback: bool,
) -> Result<Vec<SmsProvider>, SettingsError> {
    let ovh = ovh(reader)?;
    let twilio = twilio(reader)?;
    let outbox_allowed = reader.environment().is_development() && loopback;
    let outbox = || {
        let path = reader.path("MFA_SMS_OUTBOX");
        SmsProvider::Outbox(path.unwrap_or_else(|| data_dir.join("sms-outbox.jsonl")))
    };
    let names = reader.list("MFA_SMS_PROVIDERS");
    if names.is_empty() {
        let configured: Vec<_> =
            [ovh.map(SmsProvider::Ovh), twilio.map(SmsProvider::Twilio)].into_iter().flatten().collect();
        return Ok(if configured.is_empty() && outbox_allowed { vec![outbox()] } else { configured });
    }
    let mut selected = Vec::new();
    for (at, name) in names.iter().enumerate() {
        if names.iter().take(at).any(|earlier| earlier == name) {
            return Err(reader.invalid("MFA_SMS_PROVIDERS", "list each provider once"));
        }
        selected.push(match *name {
            "ovh" => SmsProvider::Ovh(ovh.clone().ok_or_else(|| unconfigured("ovh", &OVH))?),
            "twilio" => SmsProvider::Twilio(twilio.clone().ok_or_else(|| unconfigured("twilio", &TWILIO))?),
            "outbox" if outbox_allowed => outbox(),
            "outbox" => return Err(outbox_not_allowed(reader)),
            _ => {
                return Err(reader
                    .invalid("MFA_SMS_PROVIDERS", "use a comma-separated list of ovh, twilio and outbox"));
            }
        });
    }
    Ok(selected)
}

fn unconfigured(provider: &str, names: &[&str]) -> SettingsError {
    let remedy = format!("set {}, or remove {provider}", names.join(", "));
    SettingsError::invalid(
        "MFA_SMS_PROVIDERS",
        format!("contains {provider}, which is not configured"),
        remedy,
    )
}

fn outbox_not_allowed(reader: &SettingsReader<'_>) -> SettingsError {
    let environment = reader.environment();
    let problem = if environment.is_development() {
        "contains outbox, which stores codes in plain text, while MFA_BIND accepts remote connections"
            .to_owned()
    } else {
        format!("contains outbox, which sends nothing and is not allowed in {}", environment.name())
    };
    SettingsError::invalid(
        "MFA_SMS_PROVIDERS",
        problem,
        "configure ovh or twilio, or remove outbox (allowed in development on 127.0.0.1)",
    )
}

/// Returns all values of a provider, or `None` if none is set.
///
/// # Errors
///
/// [`SettingsError`] for the first missing value if only some are set.
fn complete<'a, const N: usize>(
    reader: &SettingsReader<'a>,
    names: [&'static str; N],
) -> Result<Option<[&'a SecretText; N]>, SettingsError> {
    let value = |name: &str| reader.secret(name).filter(|value| !value.expose().trim().is_empty());
    let Some(given) = names.into_iter().find(|name| value(name).is_some()) else { return Ok(None) };
    if let Some(missing) = names.into_iter().find(|name| value(name).is_none()) {
        let remedy = format!("set it, or remove {given} and the other settings of this provider");
        return Err(SettingsError::invalid(missing, format!("is not set while {given} is"), remedy));
    }
    let values: Vec<_> = names.into_iter().filter_map(value).collect();
    Ok(values.try_into().ok())
}

/// Names of the endpoints in OVH's own libraries, with their URLs.
const OVH_ENDPOINTS: [(&str, &str); 7] = [
    ("ovh-eu", "https://eu.api.ovh.com/1.0"),
    ("ovh-ca", "https://ca.api.ovh.com/1.0"),
    ("ovh-us", "https://api.us.ovhcloud.com/1.0"),
    ("kimsufi-eu", "https://eu.api.kimsufi.com/1.0"),
    ("kimsufi-ca", "https://ca.api.kimsufi.com/1.0"),
    ("soyoustart-eu", "https://eu.api.soyoustart.com/1.0"),
    ("soyoustart-ca", "https://ca.api.soyoustart.com/1.0"),
];

/// Reads the endpoint: a URL, or the name that OVH's own libraries use.
fn ovh_endpoint(reader: &SettingsReader<'_>) -> Result<Url, SettingsError> {
    let name = reader.required("OVH_ENDPOINT")?;
    if name.contains([':', '/']) {
        return reader.endpoint("OVH_ENDPOINT");
    }
    let known = OVH_ENDPOINTS.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
    known.and_then(|(_, url)| Url::parse(url).ok()).ok_or_else(|| {
        let choices = OVH_ENDPOINTS.map(|(known, _)| known).join(", ");
        reader.invalid("OVH_ENDPOINT", &format!("use an https:// URL or one of {choices}"))
    })
}

fn ovh(reader: &SettingsReader<'_>) -> Result<Option<OvhSettings>, SettingsError> {
    let endpoint = ovh_endpoint(reader)?;
    let Some([app_key, app_secret, consumer_key, account, sender]) = complete(reader, OVH)? else {
        return Ok(None);
    };
    Ok(Some(OvhSettings {
        app_key: trimmed(app_key),
        app_secret: trimmed(app_secret),
        consumer_key: trimmed(consumer_key),
        account: path_segment(reader, "OVH_SMS_ACCOUNT", account.expose())?,
        sender: sender.expose().trim().to_owned(),
        endpoint,
    }))
}

fn twilio(reader: &SettingsReader<'_>) -> Result<Option<TwilioSettings>, SettingsError> {
    let endpoint = reader.endpoint("TWILIO_ENDPOINT")?;
    let Some([account_sid, auth_token, from]) = complete(reader, TWILIO)? else { return Ok(None) };
    Ok(Some(TwilioSettings {
        account_sid: path_segment(reader, "TWILIO_ACCOUNT_SID", account_sid.expose())?,
        auth_token: trimmed(auth_token),
        from: from.expose().trim().to_owned(),
        endpoint,
    }))
}

fn trimmed(secret: &SecretText) -> SecretText {
    SecretText::new(secret.expose().trim().to_owned())
}

/// Checks a value that becomes a path segment of a URL, so that it cannot change the rest of the URL.
fn path_segment(reader: &SettingsReader<'_>, name: &str, text: &str) -> Result<String, SettingsError> {
    let text = text.trim();
    if text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_')) {
        Ok(text.to_owned())
    } else {
        Err(reader.invalid(name, "use the name of the account: letters, digits, - and _"))
    }
}
