//! Check of setting names, with a suggestion for unknown ones.

use super::error::SettingsError;
use super::table;
use crate::quote;

/// Returns whether `name` is a setting or its `NAME_FILE` form.
pub(super) fn is_known(name: &str) -> bool {
    table::find(name).is_some()
        || name.strip_suffix("_FILE").and_then(table::find).is_some_and(table::Setting::may_come_from_a_file)
}

/// Returns whether an unknown name in the environment or `.env` is a typo: it has the prefix `MFA_`, and is neither for
/// the tests nor a variable that Kubernetes sets for every service.
pub(super) fn is_misspelled(name: &str) -> bool {
    name.starts_with("MFA_")
        && !name.starts_with("MFA_TEST_")
        && !is_kubernetes_variable(name)
        && !is_known(name)
}

/// Returns whether Kubernetes sets `name` for a service: one called `mfa-server` adds to every pod of its namespace
/// `MFA_SERVER_SERVICE_HOST`, `MFA_SERVER_SERVICE_PORT`,
/// `MFA_SERVER_SERVICE_PORT_HTTP`, `MFA_SERVER_PORT`, `MFA_SERVER_PORT_8200_TCP` and `…_TCP_ADDR`, `_PORT`, `_PROTO`.
fn is_kubernetes_variable(name: &str) -> bool {
    let numbered_port = || {
        name.split("_PORT_").skip(1).any(|rest| {
            let (port, protocol) = rest.split_once('_').unwrap_or((rest, ""));
            let is_number = !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit());
            is_number && ["TCP", "UDP", "SCTP"].iter().any(|known| protocol.starts_with(known))
        })
    };
    name.ends_with("_SERVICE_HOST")
        || name.contains("_SERVICE_PORT_")
        || name.ends_with("_PORT")
        || numbered_port()
}

/// Names of other programs and of their documentation, with the setting that is meant. In the environment of the process they
/// are refused too.
const ALIASES: &[(&str, &str)] = &[
    ("BEHIND_PROXY", "BEHIND_TLS_PROXY"),
    ("INTROSPECTION_SECRET", "INTROSPECTION_KEY"),
    ("JWT_KEY", "JWT_SECRET_KEY"),
    ("JWT_PRIVATE_KEY", "JWT_PRIVATE_KEYS"),
    ("JWT_SECRET", "JWT_SECRET_KEY"),
    ("MFA_BIND_FILE", "MFA_BIND"),
    ("MFA_DATABASE_URL", "DATABASE_URL"),
    ("MFA_DATABASE_URL_FILE", "DATABASE_URL_FILE"),
    ("MFA_JWT_SECRET_KEY", "JWT_SECRET_KEY"),
    ("MFA_REDIS_URL", "REDIS_URL"),
    ("OVH_APPLICATION_KEY", "OVH_APP_KEY"),
    ("OVH_APPLICATION_SECRET", "OVH_APP_SECRET"),
    ("OVH_SENDER", "OVH_SMS_SENDER"),
    ("OVH_SERVICE_NAME", "OVH_SMS_ACCOUNT"),
    ("OVH_SMS_SERVICE_NAME", "OVH_SMS_ACCOUNT"),
    ("TLS_CERTIFICATE", "TLS_CERT"),
    ("TLS_CERT_FILE", "TLS_CERT"),
    ("TLS_KEY_FILE", "TLS_KEY"),
    ("TLS_PRIVATE_KEY", "TLS_KEY"),
    ("TRUSTED_PROXIES_HEADER", "TRUSTED_PROXY_HEADER"),
    ("TRUSTED_PROXY", "TRUSTED_PROXIES"),
    ("TWILIO_FROM_NUMBER", "TWILIO_FROM"),
    ("TWILIO_PHONE_NUMBER", "TWILIO_FROM"),
    ("TWILIO_SID", "TWILIO_ACCOUNT_SID"),
    ("TWILIO_TOKEN", "TWILIO_AUTH_TOKEN"),
];

/// The same for names that many programs use: a file for this service should not have them, but the environment of a process
/// may.
const SHARED_ALIASES: &[(&str, &str)] = &[
    ("DATABASE_DSN", "DATABASE_URL"),
    ("DB_URL", "DATABASE_URL"),
    ("ENCRYPTION_KEY", "MFA_ENCRYPTION_KEYS"),
    ("ENCRYPTION_KEYS", "MFA_ENCRYPTION_KEYS"),
    ("LOG_FILE", "MFA_LOG_FILE"),
    ("LOG_LEVEL", "MFA_LOG_LEVEL"),
    ("POSTGRES_URL", "DATABASE_URL"),
    ("REDIS_HOST", "REDIS_URL"),
    ("REDIS_PASSWORD", "REDIS_URL"),
    ("SECRET_KEY", "JWT_SECRET_KEY"),
    ("SQLALCHEMY_DATABASE_URI", "DATABASE_URL"),
    ("SSL_CERT", "TLS_CERT"),
    ("SSL_KEY", "TLS_KEY"),
    ("WEBHOOK_SECRET", "HOOK_SECRET"),
];

/// Beginnings of names that belong to this service alone in its `.env`, unless the value is for the service beside it.
const FAMILIES: [&str; 5] = ["BEHIND_", "HOOK_", "OVH_", "TLS_", "TRUSTED_"];
/// The same for beginnings that other programs use too: their names are reported only if they are similar to a setting.
const SHARED_FAMILIES: [&str; 4] = ["JWT_", "LOGIN_", "REDIS_", "TWILIO_"];
/// Minimum similarity for [`SHARED_FAMILIES`], from 0 to 1.
const MIN_SIMILARITY: f64 = 0.6;

/// Returns the setting that is meant by the name of another program.
fn alias(name: &str, aliases: &[(&str, &'static str)]) -> Option<&'static str> {
    let file = name.strip_suffix("_FILE").unwrap_or(name);
    let exact = aliases.iter().find(|it| it.0 == name);
    exact.or_else(|| aliases.iter().find(|it| it.0 == file)).map(|it| it.1)
}

/// Returns the setting of the same family with the most similar name, if the name is one of a family.
fn relative(name: &str) -> Option<&'static str> {
    let (mut families, mut shared) = (FAMILIES.iter(), SHARED_FAMILIES.iter());
    let of_name = |it: &&&str| name.starts_with(**it);
    let own = families.find(of_name);
    let family = own.or_else(|| shared.find(of_name))?;
    let similarity = |known: &str| strsim::normalized_damerau_levenshtein(name, known);
    let nearest = table::all().map(|it| it.name).filter(|it| it.starts_with(family));
    let nearest = nearest.max_by(|one, other| similarity(one).total_cmp(&similarity(other)))?;
    let is_reported = own.is_some() || similarity(nearest) >= MIN_SIMILARITY;
    (is_reported && !is_kubernetes_variable(name)).then_some(nearest)
}

/// Returns the error for a variable of the process with the name of another program that means a setting. It is not
/// reported if that setting is set too.
pub(super) fn alias_in_environment(name: &str, is_set: impl Fn(&str) -> bool) -> Option<SettingsError> {
    if name.starts_with("MFA_") || is_known(name) {
        return None;
    }
    let nearest = alias(name, ALIASES)?;
    let is_set = is_given(nearest, is_set);
    (!is_set).then(|| not_a_setting(name, "the environment", nearest))
}

/// Returns whether a setting has a value, or a file with it.
fn is_given(name: &str, is_set: impl Fn(&str) -> bool) -> bool {
    let file = format!("{name}_FILE");
    is_set(name) || (is_known(&file) && is_set(&file))
}

fn not_a_setting(name: &str, place: &str, nearest: &str) -> SettingsError {
    SettingsError::Unknown {
        name: quote::value(name).unwrap_or_else(|| "a name".to_owned()),
        place: place.to_owned(),
        nearest: nearest.to_owned(),
    }
}

/// Returns the error for a name in `.env` that is no setting and differs from one by its case, or by at most two letters,
/// such as `mfa_env`, `MFABIND` and `DATABASE_URI`, is the name of another program for one, or begins as those of this service do.
/// The file may also hold settings of other programs, so a name is not reported if the
/// setting that it resembles is set too.
pub(super) fn near_miss(name: &str, is_set: impl Fn(&str) -> bool) -> Option<SettingsError> {
    const MAX_TYPOS: usize = 2;
    /// Names with fewer letters resemble too many others.
    const SHORT: usize = 8;
    if name.starts_with("MFA_") || is_known(name) {
        return None;
    }
    let upper = name.to_uppercase();
    let max_typos = if upper.len() < SHORT { 1 } else { MAX_TYPOS };
    let is_near = |known: &&str| strsim::damerau_levenshtein(&upper, known) <= max_typos;
    let resembled = alias(&upper, ALIASES)
        .or_else(|| alias(&upper, SHARED_ALIASES))
        .or_else(|| table::all().map(|it| it.name).find(is_near))
        .or_else(|| relative(&upper))?;
    let is_set = is_given(resembled, is_set);
    (!is_set).then(|| not_a_setting(name, ".env", resembled))
}

/// Returns the error for an unknown name. `lower` suggests a name in lower case, as in files of `config/`.
pub(super) fn unknown(name: &str, place: &str, lower: bool) -> SettingsError {
    let sought = name.to_uppercase();
    if let Some(meant) = alias(&sought, ALIASES).or_else(|| alias(&sought, SHARED_ALIASES)) {
        return not_a_setting(name, place, &if lower { meant.to_lowercase() } else { meant.to_owned() });
    }
    let files = table::all().filter(|setting| setting.may_come_from_a_file());
    let nearest = table::all()
        .map(|setting| setting.name.to_owned())
        .chain(files.map(|setting| format!("{}_FILE", setting.name)))
        .min_by_key(|known| strsim::damerau_levenshtein(&sought, known))
        .unwrap_or_default();
    not_a_setting(name, place, &if lower { nearest.to_lowercase() } else { nearest })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typo_is_found_and_the_names_of_others_are_not() {
        for typo in ["MFA_BINDD", "MFA_PORTS", "MFA_BIND_FILE", "MFA_X_PORT_ABC", "MFA_RATE_LIMIT", "MFA_"] {
            assert!(is_misspelled(typo), "{typo}");
        }
        for other in [
            "MFA_BIND",
            "MFA_ENCRYPTION_KEYS_FILE",
            "MFA_TEST_DATABASE_URL",
            "MFA_SERVER_SERVICE_HOST",
            "MFA_SERVER_SERVICE_PORT",
            "MFA_SERVER_SERVICE_PORT_HTTP",
            "MFA_SERVER_PORT",
            "MFA_SERVER_PORT_8200_TCP",
            "MFA_SERVER_PORT_8200_TCP_ADDR",
            "MFA_SERVER_PORT_8200_TCP_PROTO",
            "MFA_SERVER_PORT_53_UDP_PORT",
            "PATH",
            "NOVA_BIND",
        ] {
            assert!(!is_misspelled(other), "{other}");
        }
    }

    #[test]
    fn the_nearest_known_name_is_offered() {
        for (typo, nearest) in [
            ("MFA_BINDD", "MFA_BIND"),
            ("MFA_RATE_LIMT_MAX", "MFA_RATE_LIMIT_MAX"),
            ("MFA_ENCRYPTION_KEY", "MFA_ENCRYPTION_KEYS"),
            ("MFA_ENCRYPTION_KEYS_FIEL", "MFA_ENCRYPTION_KEYS_FILE"),
            ("MFA_DATABASE_URL", "DATABASE_URL"),
            ("MFA_DATABASE_URL_FILE", "DATABASE_URL_FILE"),
            ("MFA_BIND_FILE", "MFA_BIND"),
        ] {
            let message = unknown(typo, "the environment", false).to_string();
            assert_eq!(
                message,
                format!("{typo} in the environment is not a setting: did you mean {nearest}?")
            );
        }
    }
}
