//! SMS by Twilio: `POST /2010-04-01/Accounts/{account}/Messages.json`, and the signature of what it calls back with.

mod callback;
mod probe;
mod response;

#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mfa_core::{BoxFuture, SecretText};
use mfa_sms::{SendOutcome, SmsGateway, SmsMessage};
use url::form_urlencoded;
use zeroize::Zeroizing;

use super::http::{Bulkhead, ProviderClient, ProviderEndpoint, RequestUrl, SmsHttp};
use crate::settings::TwilioSettings;

pub use callback::{CallbackCheck, check_twilio_callback, twilio_signature};
pub(crate) use probe::probe as probe_twilio;

/// The longest time that Twilio keeps trying, in seconds.
const LONGEST_VALIDITY: u64 = 36_000;

/// Sends by Twilio.
///
/// Whether Twilio keeps the text and the whole number is a matter of the account ("Message Redaction" in its console),
/// and is left to it: an account without that feature refuses a message that asks for it (errors 30029 and 30030).
pub struct TwilioGateway {
    lane: Bulkhead,
    calls: Arc<Calls>,
}

/// What every send needs, on whatever thread it runs.
struct Calls {
    messages: RequestUrl,
    authorization: SecretText,
    from: String,
    callback: Option<String>,
}

impl TwilioGateway {
    /// A gateway with these settings, to which Twilio reports at `callback`, where there is one. Calls nobody yet.
    pub fn new(settings: TwilioSettings, callback: Option<String>, http: &SmsHttp) -> Self {
        let TwilioSettings { account_sid, auth_token, from, endpoint } = settings;
        let path = format!("/2010-04-01/Accounts/{account_sid}/Messages.json");
        let messages = ProviderEndpoint::new(&endpoint).at(&path);
        let authorization = authorization(&account_sid, &auth_token);
        Self { lane: http.lane(), calls: Arc::new(Calls { messages, authorization, from, callback }) }
    }
}

/// HTTP Basic (RFC 7617).
fn authorization(account_sid: &str, auth_token: &SecretText) -> SecretText {
    let pair = Zeroizing::new([account_sid, ":", auth_token.expose()].concat());
    let encoded = Zeroizing::new(STANDARD.encode(&*pair));
    SecretText::new(["Basic ", encoded.as_str()].concat())
}

impl SmsGateway for TwilioGateway {
    fn name(&self) -> &'static str {
        "twilio"
    }

    fn send<'a>(&'a self, message: &'a SmsMessage) -> BoxFuture<'a, SendOutcome> {
        let (calls, message) = (Arc::clone(&self.calls), message.clone());
        Box::pin(self.lane.run(move |caller| calls.send(caller, &message)))
    }
}

impl Calls {
    fn send(&self, caller: &ProviderClient, message: &SmsMessage) -> SendOutcome {
        let headers = [
            ("Authorization", self.authorization.expose()),
            ("Content-Type", "application/x-www-form-urlencoded"),
            ("Accept", "application/json"),
        ];
        match caller.post(
            &self.messages,
            &headers,
            form(message, &self.from, self.callback.as_deref()).as_bytes(),
        ) {
            Ok(answer) => response::outcome(&answer),
            Err(none) => none.into(),
        }
    }
}

fn form(message: &SmsMessage, from: &str, callback: Option<&str>) -> Zeroizing<String> {
    let text = message.text.expose();
    let validity = message.validity.as_secs().clamp(1, LONGEST_VALIDITY).to_string();
    // As large as it gets at once: a string that grows leaves copies of the code behind.
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
        f.debug_struct("TwilioGateway").field("messages", &self.calls.messages.url).finish_non_exhaustive()
    }
}
