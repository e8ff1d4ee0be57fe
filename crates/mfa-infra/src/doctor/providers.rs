//! The SMS providers: whether they know us, and where SMS may go. No SMS is sent.

use std::sync::Arc;

use mfa_core::Clock;

use super::DoctorFinding;
use crate::settings::{CountryCode, Settings, SmsProvider};
use crate::sms::{ProviderStatus, SmsHttp, probe_ovh, probe_twilio};

const PART: &str = "sms";

pub(super) fn check(settings: &Settings, http: &SmsHttp, clock: &Arc<dyn Clock>) -> Vec<DoctorFinding> {
    let sms = &settings.sms;
    let mut findings = vec![countries(settings)];
    for provider in &sms.providers {
        findings.push(match provider {
            SmsProvider::Ovh(ovh) => told("OVH", &ovh.account, probe_ovh(ovh, http, Arc::clone(clock))),
            SmsProvider::Twilio(twilio) => told("Twilio", &twilio.account_sid, probe_twilio(twilio, http)),
            SmsProvider::Outbox(path) => DoctorFinding::good(
                PART,
                format!("the outbox stands in for a provider, in {}", path.display()),
            ),
        });
    }
    let asks_for_reports = sms.providers.iter().any(|it| !matches!(it, SmsProvider::Outbox(_)));
    if asks_for_reports && settings.server.public_url.is_none() && sms.hook_secret.is_none() {
        findings.push(DoctorFinding::odd(
            PART,
            "no delivery reports come in: PUBLIC_URL and HOOK_SECRET are not set",
            "set PUBLIC_URL for Twilio, HOOK_SECRET for OVH",
        ));
    }
    findings
}

fn countries(settings: &Settings) -> DoctorFinding {
    let countries: Vec<_> = settings.sms.countries.iter().map(CountryCode::as_str).collect();
    if countries.is_empty() {
        return DoctorFinding::good(PART, "MFA_SMS_COUNTRIES is empty: SMS is off");
    }
    let list = countries.join(", ");
    if settings.sms.providers.is_empty() {
        let says = format!("SMS may go to {list}, and no provider is configured: SMS is off");
        return DoctorFinding::odd(PART, says, "set OVH_… or TWILIO_…, or MFA_SMS_COUNTRIES to nothing");
    }
    DoctorFinding::good(PART, format!("SMS may go to {list}; see that the provider serves all of them"))
}

fn told(name: &str, account: &str, answer: ProviderStatus) -> DoctorFinding {
    match answer {
        ProviderStatus::Ok { note: None } => DoctorFinding::good(PART, format!("{name} knows {account}")),
        ProviderStatus::Ok { note: Some(note) } => {
            DoctorFinding::good(PART, format!("{name} knows {account}: {note}"))
        }
        ProviderStatus::Degraded { note, cure } => {
            DoctorFinding::odd(PART, format!("{name}, {account}: {note}"), cure)
        }
        ProviderStatus::Rejected { note, cure } => {
            DoctorFinding::bad(PART, format!("{name}, {account}: {note}"), cure)
        }
    }
}
