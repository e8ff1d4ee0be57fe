//! Checks of the settings, and of the files that they name.

use mfa_core::Timestamp;

use super::finding::DoctorFinding;
use crate::settings::{KeySource, Settings};
use crate::tls;

const PART: &str = "settings";

/// Checks settings that are valid but risky, and the TLS files.
pub(super) fn check(settings: &Settings, now: Timestamp) -> Vec<DoctorFinding> {
    let environment = settings.environment.name();
    let mut findings =
        vec![DoctorFinding::ok(PART, format!("all settings are valid (MFA_ENV={environment})"))];
    let development = settings.environment.is_development();
    let server = &settings.server;
    if development && !server.is_loopback() {
        findings.push(DoctorFinding::warning(
            PART,
            format!("MFA_BIND is {}, which accepts remote connections in development", server.bind),
            "set MFA_ENV=production, or bind to 127.0.0.1",
        ));
    }
    if settings.tokens.accept_legacy {
        findings.push(DoctorFinding::warning(
            PART,
            "JWT_ACCEPT_LEGACY_TOKENS is true: tokens with fewer claims are accepted",
            "set it to false once no backend issues such tokens",
        ));
    }
    let by_private_key = settings.tokens.algorithm.private_key_algorithm().is_some();
    if by_private_key && !settings.tokens.previous_secrets.is_empty() {
        findings.push(DoctorFinding::warning(
            PART,
            "access tokens signed with JWT_PREVIOUS_SECRET_KEYS are still accepted",
            "remove it one hour after the switch to a private key",
        ));
    }
    let exposed = settings.exposed_files().iter();
    findings.extend(exposed.map(|it| DoctorFinding::warning(PART, it.detail(), it.remedy())));
    let generated = matches!(settings.tokens.secret, KeySource::Generated);
    if generated {
        let detail = "the server generates its keys, for development";
        findings.push(DoctorFinding::ok(PART, detail));
    }
    if let Some(error) = server.tls.as_ref().and_then(|files| tls::read(files).err()) {
        findings.push(DoctorFinding::problem(PART, error.problem(), error.remedy()));
    }
    if let Some(error) = server.tls.as_ref().and_then(|files| tls::check_dates(files, now).err()) {
        findings.push(DoctorFinding::problem(PART, error.problem(), error.remedy()));
    }
    let proxied = server.behind_tls_proxy && server.trusted_proxies.is_empty();
    if proxied {
        findings.push(DoctorFinding::warning(
            PART,
            "BEHIND_TLS_PROXY is true but TRUSTED_PROXIES is empty: every client has the address of the proxy and shares one \
             rate limit",
            "add the address of the proxy to TRUSTED_PROXIES",
        ));
    }
    findings
}
