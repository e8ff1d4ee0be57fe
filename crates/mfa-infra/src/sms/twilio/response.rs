//! What Twilio's answers mean.

use mfa_sms::{NumberRefusal, ProviderRefusal, RefusalScope, SendOutcome};
use serde::Deserialize;

use crate::sms::http::ProviderResponse;

/// The longest name of a message that is believed, in characters. They have 34.
const LONGEST_SID: usize = 64;

/// The body of a 201. It repeats the message, which is not read.
#[derive(Deserialize)]
struct Created {
    sid: String,
    #[serde(default)]
    error_code: Option<u32>,
}

#[derive(Deserialize)]
struct FlowError {
    code: u32,
}

pub(super) fn outcome(answer: &ProviderResponse) -> SendOutcome {
    let code = || answer.json::<FlowError>().and_then(|it| by_code(it.code, answer));
    match answer.status {
        201 => created(answer),
        400..=499 => code().unwrap_or_else(|| by_status(answer)),
        // Of 5xx the manual does not say that nothing was sent. A redirect is not followed, and whether the message was
        // taken before it nobody says.
        _ => SendOutcome::Unknown,
    }
}

fn created(answer: &ProviderResponse) -> SendOutcome {
    let Some(created) = answer.json::<Created>() else { return SendOutcome::Unknown };
    if let Some(code) = created.error_code {
        return by_code(code, answer).unwrap_or(SendOutcome::Unknown);
    }
    let is_sid = |sid: &str| {
        (1..=LONGEST_SID).contains(&sid.len()) && sid.bytes().all(|byte| byte.is_ascii_alphanumeric())
    };
    if is_sid(&created.sid) { SendOutcome::Accepted { id: created.sid } } else { SendOutcome::Unknown }
}

/// The meaning of an error of Twilio's list, if it is one that stands for a class of its own.
fn by_code(code: u32, answer: &ProviderResponse) -> Option<SendOutcome> {
    use NumberRefusal::{Country, Invalid, OptedOut, Premium, Unreachable};
    use ProviderRefusal::{Account, Content, Credentials, Request, Sender};

    let blame = match code {
        20429 | 30003 => return Some(SendOutcome::Retryable { after: answer.retry_after }),
        // Not a number, and a number that nobody has.
        21211 | 30005 => RefusalScope::User(Invalid),
        21268 => RefusalScope::User(Premium),
        21408 => RefusalScope::User(Country),
        21610 => RefusalScope::User(OptedOut),
        // No way to it, not a mobile, a landline.
        21612 | 21614 | 30006 => RefusalScope::User(Unreachable),
        20003 => RefusalScope::Operator(Credentials),
        // A wrong SID, one that is not active, and a trial.
        10001 | 20404 | 21608 => RefusalScope::Operator(Account),
        21604 => RefusalScope::Operator(Request),
        // May not send, is not registered, or has ten hours of messages waiting, which no code outlives.
        21606 | 21611 | 30001 | 30034 => RefusalScope::Operator(Sender),
        30007 => RefusalScope::Operator(Content),
        _ => return None,
    };
    Some(SendOutcome::Permanent(blame))
}

fn by_status(answer: &ProviderResponse) -> SendOutcome {
    let problem = match answer.status {
        429 => return SendOutcome::Retryable { after: answer.retry_after },
        401 | 403 => ProviderRefusal::Credentials,
        402 => ProviderRefusal::Credit,
        404 => ProviderRefusal::Account,
        _ => ProviderRefusal::Request,
    };
    SendOutcome::Permanent(RefusalScope::Operator(problem))
}
