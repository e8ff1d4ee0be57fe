//! Classification of the responses of Twilio.

use mfa_sms::{NumberRefusal, ProviderRefusal, RefusalScope, SendOutcome};
use serde::Deserialize;

use crate::sms::http::ProviderResponse;

/// Maximum length of an accepted message SID. Real ones have 34 characters.
const MAX_SID_LEN: usize = 64;

/// Body of a 201. It also repeats the message, which is not read.
#[derive(Deserialize)]
struct Created {
    sid: String,
    #[serde(default)]
    error_code: Option<u32>,
}

#[derive(Deserialize)]
struct TwilioError {
    code: u32,
}

/// Returns the outcome of a send.
pub(super) fn outcome(response: &ProviderResponse) -> SendOutcome {
    let code = || response.json::<TwilioError>().and_then(|it| by_code(it.code, response));
    match response.status {
        201 => created(response),
        400..=499 => code().unwrap_or_else(|| by_status(response)),
        // The manual does not state that a 5xx sends nothing. A redirect is not followed, and the message may have been
        // accepted before it.
        _ => SendOutcome::Unknown,
    }
}

fn created(response: &ProviderResponse) -> SendOutcome {
    let Some(created) = response.json::<Created>() else { return SendOutcome::Unknown };
    if let Some(code) = created.error_code {
        return by_code(code, response).unwrap_or(SendOutcome::Unknown);
    }
    let is_sid = |sid: &str| {
        (1..=MAX_SID_LEN).contains(&sid.len()) && sid.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    if is_sid(&created.sid) { SendOutcome::Accepted { id: created.sid } } else { SendOutcome::Unknown }
}

/// Returns the outcome of a Twilio error code, if the code is more specific than the HTTP status.
fn by_code(code: u32, response: &ProviderResponse) -> Option<SendOutcome> {
    use NumberRefusal::{Country, Invalid, OptedOut, Premium, Unreachable};
    use ProviderRefusal::{Account, Content, Credentials, Request, Sender};

    let scope = match code {
        20429 | 30003 => return Some(SendOutcome::Retryable { after: response.retry_after }),
        // Invalid number; unassigned number.
        21211 | 30005 => RefusalScope::User(Invalid),
        21268 => RefusalScope::User(Premium),
        21408 => RefusalScope::User(Country),
        21610 => RefusalScope::User(OptedOut),
        // No route to the number; not a mobile number; landline.
        21612 | 21614 | 30006 => RefusalScope::User(Unreachable),
        20003 => RefusalScope::Operator(Credentials),
        // Inactive account; unknown SID; trial account.
        10001 | 20404 | 21608 => RefusalScope::Operator(Account),
        21604 => RefusalScope::Operator(Request),
        // Sender not allowed to send; queue full (ten hours of messages, longer than any code is valid); queue overflow;
        // sender not registered.
        21606 | 21611 | 30001 | 30034 => RefusalScope::Operator(Sender),
        30007 => RefusalScope::Operator(Content),
        _ => return None,
    };
    Some(SendOutcome::Permanent(scope))
}

fn by_status(response: &ProviderResponse) -> SendOutcome {
    let problem = match response.status {
        429 => return SendOutcome::Retryable { after: response.retry_after },
        401 | 403 => ProviderRefusal::Credentials,
        402 => ProviderRefusal::Credit,
        404 => ProviderRefusal::Account,
        _ => ProviderRefusal::Request,
    };
    SendOutcome::Permanent(RefusalScope::Operator(problem))
}
