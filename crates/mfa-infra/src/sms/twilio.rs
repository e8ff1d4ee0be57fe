//! SMS gateway of Twilio (`POST /2010-04-01/Accounts/{account}/Messages.json`), and its callback signature.

mod authorization;
mod callback;
mod probe;
mod response;

#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use mfa_core::{BoxFuture, SecretText};
use mfa_sms::{SendOutcome, SmsGateway, SmsMessage};
use url::form_urlencoded;
use zeroize::Zeroizing;

use super::http::{Bulkhead, ProviderClient, ProviderEndpoint, RequestUrl, SmsHttpClient};
use crate::settings::TwilioSettings;

use authorization::basic_authorization;
pub use callback::{CallbackCheck, check_twilio_callback, twilio_signature};
pub(crate) use probe::probe as probe_twilio;

/// Maximum validity period that Twilio accepts, in seconds.
const MAX_VALIDITY: u64 = 36_000;

/// SMS gateway of Twilio.
///
/// Whether Twilio stores the text and the full number is a setting of the account ("Message Redaction" in its console).
/// A message does not request it: an account without that feature rejects such a message (errors 30029 and 30030).
pub struct TwilioGateway {
    bulkhead: Bulkhead,
    api: Arc<TwilioApi>,
}

/// Request data of every send, shared with the thread that sends.
struct TwilioApi {
    messages: RequestUrl,
    authorization: SecretText,
    from: String,
    callback: Option<String>,
}

impl TwilioGateway {
    /// Creates a gateway. Twilio sends delivery reports to the URL `callback`, if there is one. Makes no request.
    pub fn new(settings: TwilioSettings, callback: Option<String>, http: &SmsHttpClient) -> Self {
        let TwilioSettings { account_sid, auth_token, from, endpoint } = settings;
        let path = format!("/2010-04-01/Accounts/{account_sid}/Messages.json");
        let messages = ProviderEndpoint::new(&endpoint).at(&path);
        let authorization = basic_authorization(&account_sid, &auth_token);
        Self {
            bulkhead: http.bulkhead(),
            api: Arc::new(TwilioApi { messages, authorization, from, callback }),
        }
    }
}

impl SmsGateway for TwilioGateway {
    fn name(&self) -> &'static str {
        "twilio"
    }

    fn send<'a>(&'a self, message: &'a SmsMessage) -> BoxFuture<'a, SendOutcome> {
        let (api, message) = (Arc::clone(&self.api), message.clone());
        Box::pin(self.bulkhead.run(move |client| api.send(client, &message)))
    }
}

impl TwilioApi {
    fn send(&self, client: &ProviderClient, message: &SmsMessage) -> SendOutcome {
        let headers = [
            ("Authorization", self.authorization.expose()),
            ("Content-Type", "application/x-www-form-urlencoded"),
            ("Accept", "application/json"),
        ];
        match client.post(
            &self.messages,
            &headers,
            form(message, &self.from, self.callback.as_deref()).as_bytes(),
        ) {
            Ok(response) => response::outcome(&response),
            Err(error) => error.into(),
        }
    }
}

/// Returns the form of a message.
fn form(message: &SmsMessage, from: &str, callback: Option<&str>) -> Zeroizing<String> {
    let text = message.text.expose();
    let validity = message.validity.as_secs().clamp(1, MAX_VALIDITY).to_string();
    // Allocated once at its maximum size: a string that grows leaves copies of the code in memory.
    let callback_length = callback.map_or(0, str::len);
    let written = text.len().saturating_add(from.len()).saturating_add(callback_length);
    let longest = written.saturating_mul(3).saturating_add(256);
    let mut form = form_urlencoded::Serializer::new(String::with_capacity(longest));
    form.append_pair("To", message.to.e164())
        .append_pair("From", from)
        .append_pair("Body", text)
        .append_pair("ValidityPeriod", &validity);
    if let Some(callback) = callback {
        form.append_pair("StatusCallback", callback);
    }
    Zeroizing::new(form.finish())
}

impl fmt::Debug for TwilioGateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TwilioGateway").field("messages", &self.api.messages.url).finish_non_exhaustive()
    }
}
