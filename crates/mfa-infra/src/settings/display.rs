//! What is in force and where it came from, with nothing secret in it.

use super::layers::{DEFAULT, ResolvedSettings};
use super::table::{self, Sensitivity};
use super::{KeySource, Settings, database, providers};

/// One line of `mfa-admin config show`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DisplayedSetting {
    /// The heading that it stands under.
    pub group: &'static str,
    /// The flat name.
    pub name: &'static str,
    /// What it is for.
    pub meaning: &'static str,
    /// Its value, masked where it is secret. `None`: there is none.
    pub value: Option<String>,
    /// `default`, `config/….toml`, `.env`, `environment`, `file PATH` or `generated`.
    pub source: String,
}

const MASK: &str = "***";

/// Every setting, in the order of the table. `data_dir` as it was written.
pub(super) fn rows(
    settings: &Settings,
    resolved: &ResolvedSettings,
    data_dir: &str,
) -> Vec<DisplayedSetting> {
    let row = |group: &'static table::SettingGroup, setting: &'static table::Setting| {
        let given = resolved.given.get(setting.name);
        let (value, source) = match given {
            Some(given) => {
                let text = given.text.expose();
                let value = match setting.secrecy {
                    Sensitivity::Public => text.to_owned(),
                    Sensitivity::Address => masked_address(text),
                    Sensitivity::Secret => MASK.to_owned(),
                };
                (Some(value), given.source.clone())
            }
            None => implied(settings, setting, data_dir),
        };
        DisplayedSetting { group: group.title, name: setting.name, meaning: setting.meaning, value, source }
    };
    table::GROUPS
        .iter()
        .flat_map(|group| group.settings.iter().map(move |setting| row(group, setting)))
        .collect()
}

/// What holds for a setting that no source gives.
fn implied(settings: &Settings, setting: &table::Setting, data_dir: &str) -> (Option<String>, String) {
    let generated = match setting.name {
        "JWT_SECRET_KEY" => matches!(settings.tokens.secret, KeySource::Generated),
        "MFA_ENCRYPTION_KEYS" => matches!(settings.encryption, KeySource::Generated),
        _ => false,
    };
    if generated {
        return (Some(MASK.to_owned()), "generated".to_owned());
    }
    let value = match setting.name {
        "DATABASE_URL" => Some(database::default_url(data_dir)),
        "MFA_SMS_OUTBOX" => Some(providers::default_outbox(data_dir)),
        "MFA_SMS_PROVIDERS" => {
            let names: Vec<_> = settings.sms.providers.iter().map(ToString::to_string).collect();
            Some(names.join(",")).filter(|names| !names.is_empty())
        }
        _ => setting.default.map(str::to_owned),
    };
    (value, DEFAULT.to_owned())
}

/// Masks the password of one or more addresses, and what a query may hold of secrets.
///
/// Errs on the side of masking too much: a password that was not percent-encoded may hold any mark.
fn masked_address(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else { return MASK.to_owned() };
    let rest = match rest.rsplit_once('@') {
        Some((user, host)) => {
            let user = user.split_once(':').map_or(user.to_owned(), |(user, _)| format!("{user}:{MASK}"));
            format!("{user}@{}", masked_query(host))
        }
        None => masked_query(rest),
    };
    format!("{scheme}://{rest}")
}

fn masked_query(text: &str) -> String {
    let Some((before, query)) = text.split_once('?') else { return text.to_owned() };
    let parts: Vec<_> = query
        .split('&')
        .map(|part| match part.split_once('=') {
            Some((key, _)) if key.to_ascii_lowercase().contains("pass") => format!("{key}={MASK}"),
            _ => part.to_owned(),
        })
        .collect();
    format!("{before}?{}", parts.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_of_an_address_is_masked_wherever_it_stands() {
        for (address, shown) in [
            ("sqlite://data/a.db", "sqlite://data/a.db"),
            ("postgresql://nova@db/nova", "postgresql://nova@db/nova"),
            ("postgresql://nova:hunter2@db:5432/nova", "postgresql://nova:***@db:5432/nova"),
            ("postgresql://nova:hun/ter2@db/nova", "postgresql://nova:***@db/nova"),
            ("postgresql://nova:hun@ter2?@db/nova", "postgresql://nova:***@db/nova"),
            (
                "postgresql://db/nova?user=a&password=hunter2&sslmode=require",
                "postgresql://db/nova?user=a&password=***&sslmode=require",
            ),
            ("postgresql://a@db/nova?sslpassword=hunter2", "postgresql://a@db/nova?sslpassword=***"),
            ("redis://:hunter2@cache:6379/1", "redis://:***@cache:6379/1"),
            ("redis://:hunter2@a:1,redis://:hunter2@b:2", "redis://:***@b:2"),
            ("hunter2", "***"),
        ] {
            assert_eq!(masked_address(address), shown);
        }
    }
}
