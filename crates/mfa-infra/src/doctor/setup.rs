//! What can be said of the settings alone, and of the files that they name.

use super::DoctorFinding;
use crate::settings::{KeySource, Settings};

const PART: &str = "settings";

pub(super) fn check(settings: &Settings) -> Vec<DoctorFinding> {
    let environment = settings.environment.name();
    let mut findings =
        vec![DoctorFinding::good(PART, format!("every setting can be used, in {environment}"))];
    let development = settings.environment.is_development();
    let server = &settings.server;
    if development && !server.is_loopback() {
        findings.push(DoctorFinding::odd(
            PART,
            format!("MFA_BIND is {}, which lets others into a server in development", server.bind),
            "set MFA_ENV=production, or bind to 127.0.0.1",
        ));
    }
    if settings.tokens.accept_legacy {
        findings.push(DoctorFinding::odd(
            PART,
            "JWT_ACCEPT_LEGACY_TOKENS is on: tokens that claim less are accepted",
            "set it to false once no backend makes such tokens any more",
        ));
    }
    let by_private_key = settings.tokens.algorithm.of_private_keys().is_some();
    if by_private_key && !settings.tokens.previous_secrets.is_empty() {
        findings.push(DoctorFinding::odd(
            PART,
            "access tokens are still accepted under JWT_PREVIOUS_SECRET_KEYS",
            "take it out an hour after the switch to a private key",
        ));
    }
    let generated = matches!(settings.tokens.secret, KeySource::Generated);
    if generated {
        let says = "keys and demo user are made by the server, for a trial";
        findings.push(DoctorFinding::good(PART, says));
    }
    if let Some(tls) = &server.tls {
        for (name, path) in [("TLS_CERT", &tls.cert), ("TLS_KEY", &tls.key)] {
            if let Err(error) = std::fs::File::open(path) {
                findings.push(DoctorFinding::bad(
                    PART,
                    format!("{name} names {}, which cannot be read ({error})", path.display()),
                    "give the path of a file that this user may read",
                ));
            }
        }
    }
    let proxied = server.behind_tls_proxy && server.trusted_proxies.is_empty();
    if proxied {
        findings.push(DoctorFinding::odd(
            PART,
            "BEHIND_TLS_PROXY is true and TRUSTED_PROXIES is empty: every client has the proxy's address",
            "name the proxy's address in TRUSTED_PROXIES, or one client uses up the limit of all",
        ));
    }
    findings
}
