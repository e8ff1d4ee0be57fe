//! Status of the Twilio account (`GET /2010-04-01/Accounts/{account}.json`).

use serde::Deserialize;

use super::authorization::basic_authorization;
use crate::settings::TwilioSettings;
use crate::sms::http::{ProviderEndpoint, ProviderResponse, SmsHttpClient};
use crate::sms::provider_status::ProviderStatus;

#[derive(Deserialize)]
struct TwilioAccount {
    status: Option<String>,
    r#type: Option<String>,
}

/// Returns the status of the account. Blocks.
pub(crate) fn probe(settings: &TwilioSettings, http: &SmsHttpClient) -> ProviderStatus {
    let path = format!("/2010-04-01/Accounts/{}.json", settings.account_sid);
    let address = ProviderEndpoint::new(&settings.endpoint).at(&path);
    let authorization = basic_authorization(&settings.account_sid, &settings.auth_token);
    let headers = [("Authorization", authorization.expose()), ("Accept", "application/json")];
    match http.client().get(&address, &headers) {
        Ok(response) => status_of(&response),
        Err(_) => ProviderStatus::unreachable(),
    }
}

fn status_of(response: &ProviderResponse) -> ProviderStatus {
    match response.status {
        200 => {
            let account = response.json::<TwilioAccount>();
            let is = |value: Option<&String>, expected: &str| value.is_some_and(|it| it == expected);
            match account {
                Some(it) if !is(it.status.as_ref(), "active") => ProviderStatus::Rejected {
                    note: "the account is suspended or closed".to_owned(),
                    remedy: "reactivate it in the Twilio console",
                },
                Some(it) if is(it.r#type.as_ref(), "Trial") => ProviderStatus::Degraded {
                    note: "the account is a trial account, which sends to verified numbers only".to_owned(),
                    remedy: "upgrade the account",
                },
                Some(_) => ProviderStatus::Ok { note: None },
                None => ProviderStatus::unexpected(200),
            }
        }
        401 | 403 | 404 => ProviderStatus::Rejected {
            note: "the account SID or the auth token is rejected".to_owned(),
            remedy: "copy TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN from the Twilio console",
        },
        status => ProviderStatus::unexpected(status),
    }
}

#[cfg(test)]
mod tests;
