//! Check of setting names, with a suggestion for unknown ones.

use super::error::SettingsError;
use super::table;

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

/// Returns the error for a name in `.env` that is no setting and differs from one by its case, or by at most two letters,
/// such as `mfa_env`, `MFABIND` and `DATABASE_URI`. The file may also hold settings of other programs, so a name is not reported if the
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
    let resembled = table::all().map(|it| it.name).find(is_near)?;
    let is_set = is_set(resembled) || is_set(&format!("{resembled}_FILE"));
    (!is_set).then(|| SettingsError::Unknown {
        name: name.escape_debug().to_string(),
        place: ".env".to_owned(),
        nearest: resembled.to_owned(),
    })
}

/// Returns the error for an unknown name. `lower` suggests a name in lower case, as in files of `config/`.
pub(super) fn unknown(name: &str, place: &str, lower: bool) -> SettingsError {
    let sought = name.to_uppercase();
    let files = table::all().filter(|setting| setting.may_come_from_a_file());
    let nearest = table::all()
        .map(|setting| setting.name.to_owned())
        .chain(files.map(|setting| format!("{}_FILE", setting.name)))
        .min_by_key(|known| strsim::damerau_levenshtein(&sought, known))
        .unwrap_or_default();
    SettingsError::Unknown {
        name: name.escape_debug().to_string(),
        place: place.to_owned(),
        nearest: if lower { nearest.to_lowercase() } else { nearest },
    }
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
        ] {
            let message = unknown(typo, "the environment", false).to_string();
            assert_eq!(
                message,
                format!("{typo} in the environment is not a setting: did you mean {nearest}?")
            );
        }
    }
}
