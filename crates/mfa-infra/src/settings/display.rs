//! Effective settings with their sources, secrets masked, for `mfa-admin config show`.

use super::database;
use super::layers::{DEFAULT, ResolvedSettings};
use super::mail::NotifyMode;
use super::masking::{MASK, mask_url};
use super::providers::{self, SmsProvider};
use super::table::{self, Sensitivity};
use crate::quote;

/// One line of `mfa-admin config show`: a setting, its value and its source.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DisplayedSetting {
    /// Heading of its group.
    pub group: &'static str,
    /// Name, as in the environment.
    pub name: &'static str,
    /// Description of its purpose.
    pub description: &'static str,
    /// Value, masked if it is secret; `None` if it is not set and has no default.
    pub value: Option<String>,
    /// Source: `default`, `config/….toml`, `.env`, `environment`, `file PATH` or `generated`.
    pub source: String,
}

/// Defaults that follow from other settings.
pub(super) struct DerivedDefaults<'a> {
    pub(super) jwt_secret_generated: bool,
    pub(super) encryption_keys_generated: bool,
    pub(super) sms_providers: &'a [SmsProvider],
    pub(super) notify: NotifyMode,
    /// `MFA_DATA_DIR` as it was written.
    pub(super) data_dir: &'a str,
}

/// Returns every setting, in the order of the table.
pub(super) fn rows(resolved: &ResolvedSettings, defaults: &DerivedDefaults<'_>) -> Vec<DisplayedSetting> {
    let row = |group: &'static table::SettingGroup, setting: &'static table::Setting| {
        let (value, source) = match resolved.values.get(setting.name) {
            Some(configured) => {
                let text = configured.text.expose();
                let value = match setting.sensitivity {
                    Sensitivity::Public => quote::masked(text),
                    Sensitivity::Address => mask_url(text),
                    Sensitivity::Secret => MASK.to_owned(),
                };
                (Some(value), configured.source.clone())
            }
            None => default_value(setting, defaults),
        };
        DisplayedSetting {
            group: group.title,
            name: setting.name,
            description: setting.description,
            value,
            source,
        }
    };
    table::GROUPS
        .iter()
        .flat_map(|group| group.settings.iter().map(move |setting| row(group, setting)))
        .collect()
}

/// Returns the value and the source of a setting that no source contains.
fn default_value(setting: &table::Setting, defaults: &DerivedDefaults<'_>) -> (Option<String>, String) {
    let generated = match setting.name {
        "JWT_SECRET_KEY" => defaults.jwt_secret_generated,
        "MFA_ENCRYPTION_KEYS" => defaults.encryption_keys_generated,
        _ => false,
    };
    if generated {
        return (Some(MASK.to_owned()), "generated".to_owned());
    }
    let value = match setting.name {
        "DATABASE_URL" => Some(database::default_url(defaults.data_dir)),
        "MFA_SMS_OUTBOX" => Some(providers::default_outbox(defaults.data_dir)),
        "MFA_SMS_PROVIDERS" => {
            let names: Vec<_> = defaults.sms_providers.iter().map(ToString::to_string).collect();
            Some(names.join(",")).filter(|names| !names.is_empty())
        }
        "MFA_NOTIFY" => Some(defaults.notify.as_str().to_owned()),
        _ => setting.default.map(str::to_owned),
    };
    (value, DEFAULT.to_owned())
}
