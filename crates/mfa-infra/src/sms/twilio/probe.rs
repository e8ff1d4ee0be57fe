//! Whether Twilio knows our account: `GET /2010-04-01/Accounts/{account}.json`.

use serde::Deserialize;

use super::authorization;
use crate::settings::TwilioSettings;
use crate::sms::http::{ProviderEndpoint, ProviderResponse, SmsHttp};
use crate::sms::provider_status::ProviderStatus;

#[derive(Deserialize)]
struct Account {
    status: Option<String>,
    r#type: Option<String>,
}

/// Asks. Blocks.
pub(crate) fn probe(settings: &TwilioSettings, http: &SmsHttp) -> ProviderStatus {
    let path = format!("/2010-04-01/Accounts/{}.json", settings.account_sid);
    let address = ProviderEndpoint::new(&settings.endpoint).at(&path);
    let authorization = authorization(&settings.account_sid, &settings.auth_token);
    let headers = [("Authorization", authorization.expose()), ("Accept", "application/json")];
    match http.caller().get(&address, &headers) {
        Ok(answer) => understood(&answer),
        Err(_) => ProviderStatus::silent(),
    }
}

fn understood(answer: &ProviderResponse) -> ProviderStatus {
    match answer.status {
        200 => {
            let account = answer.json::<Account>();
            let is = |value: Option<&String>, wanted: &str| value.is_some_and(|it| it == wanted);
            match account {
                Some(it) if !is(it.status.as_ref(), "active") => ProviderStatus::Rejected {
                    note: "the account is suspended or closed".to_owned(),
                    cure: "open it again in Twilio's console",
                },
                Some(it) if is(it.r#type.as_ref(), "Trial") => ProviderStatus::Degraded {
                    note: "it is a trial account, which sends to verified numbers only".to_owned(),
                    cure: "upgrade the account",
                },
                Some(_) => ProviderStatus::Ok { note: None },
                None => ProviderStatus::unclear(200),
            }
        }
        401 | 403 | 404 => ProviderStatus::Rejected {
            note: "the account or its token is refused".to_owned(),
            cure: "set TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN as Twilio's console shows them",
        },
        status => ProviderStatus::unclear(status),
    }
}

#[cfg(test)]
mod tests;
