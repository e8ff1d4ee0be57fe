//! Checks of the SMS providers: credentials, account and allowed countries. Sends no SMS.

use std::sync::Arc;

use mfa_core::Clock;

use super::finding::DoctorFinding;
use crate::settings::{CountryCode, Settings, SmsProvider};
use crate::sms::{ProviderStatus, SmsHttpClient, probe_ovh, probe_twilio};

const PART: &str = "sms";

/// Checks the configured providers. Blocks until each has answered.
pub(super) fn check(settings: &Settings, http: &SmsHttpClient, clock: &Arc<dyn Clock>) -> Vec<DoctorFinding> {
    let sms = &settings.sms;
    let mut findings = vec![countries(settings)];
    for provider in &sms.providers {
        findings.push(match provider {
            SmsProvider::Ovh(ovh) => {
                account_status("OVH", &ovh.account, probe_ovh(ovh, http, Arc::clone(clock)))
            }
            SmsProvider::Twilio(twilio) => {
                account_status("Twilio", &twilio.account_sid, probe_twilio(twilio, http))
            }
            SmsProvider::Outbox(path) => DoctorFinding::ok(
                PART,
                format!("SMS are written to the outbox file {} and not sent", path.display()),
            ),
        });
    }
    let has_provider = sms.providers.iter().any(|it| !matches!(it, SmsProvider::Outbox(_)));
    if has_provider && settings.server.public_url.is_none() && sms.hook_secret.is_none() {
        findings.push(DoctorFinding::warning(
            PART,
            "no delivery reports are received: PUBLIC_URL and HOOK_SECRET are not set",
            "set PUBLIC_URL for Twilio, or HOOK_SECRET for OVH",
        ));
    }
    findings
}

fn countries(settings: &Settings) -> DoctorFinding {
    let countries: Vec<_> = settings.sms.countries.iter().map(CountryCode::as_str).collect();
    if countries.is_empty() {
        return DoctorFinding::ok(PART, "SMS is off: MFA_SMS_COUNTRIES is empty");
    }
    let list = countries.join(", ");
    if settings.sms.providers.is_empty() {
        let detail = format!("SMS is off: {list} are allowed, but no provider is configured");
        return DoctorFinding::warning(
            PART,
            detail,
            "configure OVH_… or TWILIO_…, or set MFA_SMS_COUNTRIES to an empty value",
        );
    }
    DoctorFinding::ok(
        PART,
        format!("SMS may be sent to {list}; check that the provider serves all of these countries"),
    )
}

fn account_status(name: &str, account: &str, status: ProviderStatus) -> DoctorFinding {
    match status {
        ProviderStatus::Ok { note: None } => {
            DoctorFinding::ok(PART, format!("{name} accepts the account {account}"))
        }
        ProviderStatus::Ok { note: Some(note) } => {
            DoctorFinding::ok(PART, format!("{name} accepts the account {account}: {note}"))
        }
        ProviderStatus::Degraded { note, remedy } => {
            DoctorFinding::warning(PART, format!("{name}, {account}: {note}"), remedy)
        }
        ProviderStatus::Rejected { note, remedy } => {
            DoctorFinding::problem(PART, format!("{name}, {account}: {note}"), remedy)
        }
    }
}
