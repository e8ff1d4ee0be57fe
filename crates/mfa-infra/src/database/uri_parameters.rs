//! Parameters in a connection URI: names and values that libpq knows (PostgreSQL documentation, section "Parameter Key
//! Words").

use super::uri_text::{UriError, decoded};
use crate::quote;

/// Names of the parameters, of all supported versions of libpq.
const NAMES: &[&str] = &[
    "application_name",
    "channel_binding",
    "client_encoding",
    "connect_timeout",
    "dbname",
    "fallback_application_name",
    "gssdelegation",
    "gssencmode",
    "gsslib",
    "host",
    "hostaddr",
    "keepalives",
    "keepalives_count",
    "keepalives_idle",
    "keepalives_interval",
    "krbsrvname",
    "load_balance_hosts",
    "max_protocol_version",
    "min_protocol_version",
    "oauth_client_id",
    "oauth_client_secret",
    "oauth_issuer",
    "oauth_scope",
    "options",
    "passfile",
    "password",
    "port",
    "replication",
    "require_auth",
    "requirepeer",
    "requiressl",
    "scram_client_key",
    "scram_server_key",
    "service",
    "servicefile",
    "ssl",
    "ssl_max_protocol_version",
    "ssl_min_protocol_version",
    "sslcert",
    "sslcertmode",
    "sslcompression",
    "sslcrl",
    "sslcrldir",
    "sslkey",
    "sslkeylogfile",
    "sslmode",
    "sslnegotiation",
    "sslpassword",
    "sslrootcert",
    "sslsni",
    "target_session_attrs",
    "tcp_user_timeout",
    "user",
];

/// Maximum number of letters in which a misspelled name differs from a known one.
const MAX_TYPOS: usize = 2;
/// Parameters with a secret.
const SECRETS: [&str; 5] =
    ["password", "sslpassword", "oauth_client_secret", "scram_client_key", "scram_server_key"];
/// Parameters that are whole numbers.
const NUMBERS: [&str; 6] = [
    "connect_timeout",
    "keepalives",
    "keepalives_count",
    "keepalives_idle",
    "keepalives_interval",
    "tcp_user_timeout",
];
const SSL_MODES: [&str; 6] = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"];
/// Values of `target_session_attrs` that accept a server without writes only.
const STANDBYS: [&str; 3] = ["read-only", "standby", "prefer-standby"];

/// Checks the parameters. `may_quote`: they are certainly no part of a password.
///
/// # Errors
///
/// [`UriError`] for the first one that libpq rejects, or that cannot work.
pub(super) fn check(parameters: &[(&str, &str)], may_quote: bool) -> Result<(), UriError> {
    let mut may_quote = may_quote;
    for (name, value) in parameters {
        if value.contains('=') {
            let remedy = "separate parameters with & (in a value, = is %3D)";
            return Err(UriError::new("has a parameter with a second =", remedy));
        }
        check_one(&decoded(name), &decoded(value), may_quote)?;
        // What follows may be the rest of a password with an unencoded `&`.
        may_quote &= !SECRETS.contains(name);
    }
    Ok(())
}

fn check_one(name: &str, value: &str, may_quote: bool) -> Result<(), UriError> {
    if !NAMES.contains(&name) {
        let distance = |known: &&&str| strsim::damerau_levenshtein(&name.to_lowercase(), known);
        let nearest =
            NAMES.iter().min_by_key(distance).filter(|it| distance(it) <= MAX_TYPOS.min(name.len() / 3));
        let listed = "the PostgreSQL documentation of libpq lists all parameters";
        let is_word = |name: &str| name.bytes().all(|it| it.is_ascii_lowercase() || it == b'_');
        let shown = quote::value(name);
        return Err(if let (Some(nearest), Some(shown)) = (nearest, &shown) {
            UriError::new(format!("has the unknown parameter {shown}"), format!("did you mean {nearest}?"))
        } else if let Some(shown) = shown.filter(|it| may_quote && is_word(it)) {
            UriError::new(format!("has the unknown parameter {shown}"), listed)
        } else if may_quote {
            UriError::new("has an unknown parameter", listed)
        } else {
            let remedy = "use the parameters of libpq, and percent-encode special characters in the password";
            UriError::new("has an unknown parameter", remedy)
        });
    }
    let invalid = |remedy: &str| {
        let is_one = !value.contains([';', '?', '&', ' ', ':', '@']);
        let shown = quote::value(value).filter(|_| may_quote && is_one).unwrap_or_else(|| "…".to_owned());
        Err(UriError::new(format!("has {name}={shown}"), remedy))
    };
    match name {
        "sslmode" if !SSL_MODES.contains(&value) => {
            invalid("use disable, allow, prefer, require, verify-ca or verify-full")
        }
        "port" => value.split(',').try_for_each(check_port),
        "target_session_attrs" if STANDBYS.contains(&value) => Err(UriError::new(
            format!("has {name}={value}, which asks for a server that rejects writes"),
            "use read-write, or remove the parameter",
        )),
        "target_session_attrs" if !["any", "primary", "read-write"].contains(&value) => {
            invalid("use any, primary or read-write")
        }
        _ if NUMBERS.contains(&name) && value.trim().parse::<i32>().is_err() => invalid("use a whole number"),
        _ => Ok(()),
    }
}

/// Checks a port; an empty one means the default.
///
/// # Errors
///
/// [`UriError`], without the port, which may be part of a password.
pub(super) fn check_port(port: &str) -> Result<(), UriError> {
    if port.is_empty() || port.parse::<u16>().is_ok_and(|it| it > 0) {
        return Ok(());
    }
    Err(UriError::new(
        "has a port that is no number from 1 to 65535",
        "write HOST:PORT, such as db.example.com:5432",
    ))
}
