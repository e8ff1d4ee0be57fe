//! The networks that carry SMS, and the outbox that stands in for them in development.

use std::fmt;
use std::path::{Path, PathBuf};

use mfa_core::SecretText;
use url::Url;

use super::SettingsError;
use super::reader::SettingsReader;

/// A way to send an SMS, with all that it needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SmsProvider {
    /// OVH.
    Ovh(OvhSettings),
    /// Twilio.
    Twilio(TwilioSettings),
    /// A file (`MFA_SMS_OUTBOX`) instead of a network; in development, on a loopback bind.
    Outbox(PathBuf),
}

/// `OVH_…`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OvhSettings {
    /// `OVH_APP_KEY`.
    pub app_key: SecretText,
    /// `OVH_APP_SECRET`.
    pub app_secret: SecretText,
    /// `OVH_CONSUMER_KEY`.
    pub consumer_key: SecretText,
    /// `OVH_SMS_ACCOUNT`.
    pub account: String,
    /// `OVH_SMS_SENDER`.
    pub sender: String,
    /// `OVH_ENDPOINT`.
    pub endpoint: Url,
}

/// `TWILIO_…`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TwilioSettings {
    /// `TWILIO_ACCOUNT_SID`.
    pub account_sid: String,
    /// `TWILIO_AUTH_TOKEN`.
    pub auth_token: SecretText,
    /// `TWILIO_FROM`.
    pub from: String,
    /// `TWILIO_ENDPOINT`.
    pub endpoint: Url,
}

impl fmt::Display for SmsProvider {
    /// Its name in `MFA_SMS_PROVIDERS`.
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

/// What the outbox is called where nobody names one, as `config show` tells it.
pub(super) fn default_outbox(data_dir: &str) -> String {
    format!("{}/sms-outbox.jsonl", data_dir.trim_end_matches('/'))
}

pub(super) fn read(
    reader: &SettingsReader<'_>,
    data_dir: &Path,
    loopback: bool,
) -> Result<Vec<SmsProvider>, SettingsError> {
    let ovh = ovh(reader)?;
    let twilio = twilio(reader)?;
    let may_outbox = reader.environment().is_development() && loopback;
    let outbox = || {
        let path = reader.path("MFA_SMS_OUTBOX");
        SmsProvider::Outbox(path.unwrap_or_else(|| data_dir.join("sms-outbox.jsonl")))
    };
    let names = reader.list("MFA_SMS_PROVIDERS");
    if names.is_empty() {
        let configured: Vec<_> =
            [ovh.map(SmsProvider::Ovh), twilio.map(SmsProvider::Twilio)].into_iter().flatten().collect();
        return Ok(if configured.is_empty() && may_outbox { vec![outbox()] } else { configured });
    }
    let mut chosen = Vec::new();
    for (at, name) in names.iter().enumerate() {
        if names.iter().take(at).any(|earlier| earlier == name) {
            return Err(reader.wrong("MFA_SMS_PROVIDERS", "name each provider once"));
        }
        chosen.push(match *name {
            "ovh" => SmsProvider::Ovh(ovh.clone().ok_or_else(|| unconfigured("ovh", &OVH))?),
            "twilio" => SmsProvider::Twilio(twilio.clone().ok_or_else(|| unconfigured("twilio", &TWILIO))?),
            "outbox" if may_outbox => outbox(),
            "outbox" => return Err(outbox_refused(reader)),
            _ => return Err(reader.wrong("MFA_SMS_PROVIDERS", "give a list out of ovh, twilio and outbox")),
        });
    }
    Ok(chosen)
}

fn unconfigured(provider: &str, names: &[&str]) -> SettingsError {
    let cure = format!("set {}, or take {provider} out", names.join(", "));
    SettingsError::refused("MFA_SMS_PROVIDERS", format!("names {provider}, which is not configured"), cure)
}

fn outbox_refused(reader: &SettingsReader<'_>) -> SettingsError {
    let environment = reader.environment();
    let problem = if environment.is_development() {
        "names outbox, which shows codes, while MFA_BIND lets others in".to_owned()
    } else {
        format!("names outbox, which sends nothing and which {} refuses", environment.name())
    };
    SettingsError::refused(
        "MFA_SMS_PROVIDERS",
        problem,
        "configure ovh or twilio, or leave it out (outbox: in development, on 127.0.0.1)",
    )
}

/// All of a provider's values, none of them, or the error that names the first one that is missing.
fn complete<'a, const N: usize>(
    reader: &SettingsReader<'a>,
    names: [&'static str; N],
) -> Result<Option<[&'a SecretText; N]>, SettingsError> {
    let value = |name: &str| reader.secret(name).filter(|value| !value.expose().trim().is_empty());
    let Some(given) = names.into_iter().find(|name| value(name).is_some()) else { return Ok(None) };
    if let Some(missing) = names.into_iter().find(|name| value(name).is_none()) {
        let cure = format!("set it, or take {given} and its like out");
        return Err(SettingsError::refused(missing, format!("is not set while {given} is"), cure));
    }
    let values: Vec<_> = names.into_iter().filter_map(value).collect();
    Ok(values.try_into().ok())
}

fn ovh(reader: &SettingsReader<'_>) -> Result<Option<OvhSettings>, SettingsError> {
    let endpoint = reader.endpoint("OVH_ENDPOINT")?;
    let Some([app_key, app_secret, consumer_key, account, sender]) = complete(reader, OVH)? else {
        return Ok(None);
    };
    Ok(Some(OvhSettings {
        app_key: trimmed(app_key),
        app_secret: trimmed(app_secret),
        consumer_key: trimmed(consumer_key),
        account: path_part(reader, "OVH_SMS_ACCOUNT", account.expose())?,
        sender: sender.expose().trim().to_owned(),
        endpoint,
    }))
}

fn twilio(reader: &SettingsReader<'_>) -> Result<Option<TwilioSettings>, SettingsError> {
    let endpoint = reader.endpoint("TWILIO_ENDPOINT")?;
    let Some([account_sid, auth_token, from]) = complete(reader, TWILIO)? else { return Ok(None) };
    Ok(Some(TwilioSettings {
        account_sid: path_part(reader, "TWILIO_ACCOUNT_SID", account_sid.expose())?,
        auth_token: trimmed(auth_token),
        from: from.expose().trim().to_owned(),
        endpoint,
    }))
}

fn trimmed(secret: &SecretText) -> SecretText {
    SecretText::new(secret.expose().trim().to_owned())
}

/// A name that becomes a part of an address: nothing that could turn it into another address.
fn path_part(reader: &SettingsReader<'_>, name: &str, text: &str) -> Result<String, SettingsError> {
    let text = text.trim();
    if text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_')) {
        Ok(text.to_owned())
    } else {
        Err(reader.wrong(name, "give the account's name: letters, digits, - and _"))
    }
}
