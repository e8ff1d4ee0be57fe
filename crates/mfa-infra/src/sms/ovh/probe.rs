//! Status of the OVH SMS account (`GET /sms/{account}`, signed like a send).

use std::sync::Arc;

use mfa_core::Clock;
use serde::Deserialize;

use super::job::{OvhKeys, OvhSignature};
use super::remote_time::RemoteTime;
use super::response::is_bad_signature;
use crate::settings::OvhSettings;
use crate::sms::http::{ProviderEndpoint, ProviderResponse, SmsHttpClient};
use crate::sms::provider_status::ProviderStatus;

/// Credits below which the status is a warning.
const LOW_CREDIT: f64 = 100.0;
const KEYS_REMEDY: &str = "create new keys for this account (deployment guide, OVH) and set OVH_APP_KEY, \
                           OVH_APP_SECRET and OVH_CONSUMER_KEY";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OvhAccount {
    credits_left: Option<f64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OvhProbeError {
    error_code: Option<String>,
}

/// Returns the status of the account. Blocks.
pub(crate) fn probe(settings: &OvhSettings, http: &SmsHttpClient, clock: Arc<dyn Clock>) -> ProviderStatus {
    let client = http.client();
    let endpoint = ProviderEndpoint::new(&settings.endpoint);
    let time = RemoteTime::new(endpoint.at("/auth/time"), clock);
    let Ok(now) = time.now(&client) else { return ProviderStatus::unreachable() };
    let keys = OvhKeys {
        app_key: settings.app_key.clone(),
        app_secret: settings.app_secret.clone(),
        consumer_key: settings.consumer_key.clone(),
    };
    let account = endpoint.at(&format!("/sms/{}", settings.account));
    let signature = OvhSignature::new(&keys, "GET", &account.url, b"", now);
    match client.get(&account, &signature.headers(&keys)) {
        Ok(response) => status_of(&response),
        Err(_) => ProviderStatus::unreachable(),
    }
}

fn status_of(response: &ProviderResponse) -> ProviderStatus {
    let code = response.json::<OvhProbeError>().and_then(|it| it.error_code);
    match (response.status, code.as_deref()) {
        (200, _) => match response.json::<OvhAccount>().and_then(|it| it.credits_left) {
            Some(left) if left < 1.0 => ProviderStatus::Rejected {
                note: "no credit is left".to_owned(),
                remedy: "buy credit for this SMS account",
            },
            Some(left) if left < LOW_CREDIT => ProviderStatus::Degraded {
                note: format!("{left:.0} credits are left"),
                remedy: "buy credit for this SMS account",
            },
            Some(left) => ProviderStatus::Ok { note: Some(format!("{left:.0} credits are left")) },
            None => ProviderStatus::unexpected(200),
        },
        // The signature is valid; the keys lack the right to this one request.
        (403, Some("NOT_GRANTED_CALL")) => ProviderStatus::Ok {
            note: Some(
                "the keys are valid but lack the right GET /sms/ACCOUNT, so the credit is unknown".to_owned(),
            ),
        },
        (404, _) => ProviderStatus::Rejected {
            note: "these keys have no such SMS account".to_owned(),
            remedy: "set OVH_SMS_ACCOUNT to the name of the account, such as sms-ab12345-1",
        },
        (400, _) if is_bad_signature(response) => ProviderStatus::Rejected {
            note: "the signature is rejected: one of the keys is wrong".to_owned(),
            remedy: KEYS_REMEDY,
        },
        (401 | 403, _) => {
            ProviderStatus::Rejected { note: "the keys are rejected".to_owned(), remedy: KEYS_REMEDY }
        }
        (status, _) => ProviderStatus::unexpected(status),
    }
}

#[cfg(test)]
mod tests;
