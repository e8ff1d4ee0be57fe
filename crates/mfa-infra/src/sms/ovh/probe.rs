//! Whether OVH knows our keys and our account: `GET /sms/{account}`, signed like a send.

use std::sync::Arc;

use mfa_core::Clock;
use serde::Deserialize;

use super::job::{OvhKeys, OvhSignature};
use super::remote_time::RemoteTime;
use super::response::is_bad_signature;
use crate::settings::OvhSettings;
use crate::sms::http::{ProviderEndpoint, ProviderResponse, SmsHttp};
use crate::sms::provider_status::ProviderStatus;

/// Credits that last for few codes.
const FEW: f64 = 100.0;
const KEYS: &str = "make new ones for this account (deployment guide, OVH) and set OVH_APP_KEY, OVH_APP_SECRET and \
                    OVH_CONSUMER_KEY";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Account {
    credits_left: Option<f64>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FlowError {
    error_code: Option<String>,
}

/// Asks. Blocks.
pub(crate) fn probe(settings: &OvhSettings, http: &SmsHttp, clock: Arc<dyn Clock>) -> ProviderStatus {
    let caller = http.caller();
    let endpoint = ProviderEndpoint::new(&settings.endpoint);
    let time = RemoteTime::new(endpoint.at("/auth/time"), clock);
    let Ok(now) = time.now(&caller) else { return ProviderStatus::silent() };
    let keys = OvhKeys {
        app_key: settings.app_key.clone(),
        app_secret: settings.app_secret.clone(),
        consumer_key: settings.consumer_key.clone(),
    };
    let account = endpoint.at(&format!("/sms/{}", settings.account));
    let signed = OvhSignature::new(&keys, "GET", &account.url, b"", now);
    match caller.get(&account, &signed.headers(&keys)) {
        Ok(answer) => understood(&answer),
        Err(_) => ProviderStatus::silent(),
    }
}

fn understood(answer: &ProviderResponse) -> ProviderStatus {
    let code = answer.json::<FlowError>().and_then(|it| it.error_code);
    match (answer.status, code.as_deref()) {
        (200, _) => match answer.json::<Account>().and_then(|it| it.credits_left) {
            Some(left) if left < 1.0 => ProviderStatus::Rejected {
                note: "there is no credit left".to_owned(),
                cure: "buy credit for this SMS account",
            },
            Some(left) if left < FEW => ProviderStatus::Degraded {
                note: format!("{left:.0} credits are left"),
                cure: "buy credit for this SMS account",
            },
            Some(left) => ProviderStatus::Ok { note: Some(format!("{left:.0} credits are left")) },
            None => ProviderStatus::unclear(200),
        },
        // The signature was right; only this one question was never allowed.
        (403, Some("NOT_GRANTED_CALL")) => ProviderStatus::Ok {
            note: Some("the keys are right, and may not look at the account (GET /sms/ACCOUNT)".to_owned()),
        },
        (404, _) => ProviderStatus::Rejected {
            note: "there is no such SMS account under these keys".to_owned(),
            cure: "set OVH_SMS_ACCOUNT to the name of the account, such as sms-ab12345-1",
        },
        (400, _) if is_bad_signature(answer) => ProviderStatus::Rejected {
            note: "the signature is refused: a key is wrong".to_owned(),
            cure: KEYS,
        },
        (401 | 403, _) => ProviderStatus::Rejected { note: "the keys are refused".to_owned(), cure: KEYS },
        (status, _) => ProviderStatus::unclear(status),
    }
}

#[cfg(test)]
mod tests;
