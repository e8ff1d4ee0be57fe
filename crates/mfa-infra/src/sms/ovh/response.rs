//! What OVH's answers mean.

use mfa_sms::{NumberRefusal, ProviderRefusal, RefusalScope, SendOutcome};
use serde::Deserialize;

use crate::sms::http::ProviderResponse;

/// What an answer comes to.
pub(super) enum OvhOutcome {
    Final(SendOutcome),
    /// The keys, the time, or a body other than the signed one.
    BadSignature,
}

impl OvhOutcome {
    /// Where nothing more is tried.
    pub(super) fn into_outcome(self) -> SendOutcome {
        match self {
            Self::Final(outcome) => outcome,
            Self::BadSignature => {
                SendOutcome::Permanent(RefusalScope::Operator(ProviderRefusal::Credentials))
            }
        }
    }
}

/// The body of a 200. The number that it repeats is not read, only counted.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Jobs {
    #[serde(default)]
    ids: Vec<u64>,
    #[serde(default)]
    invalid_receivers: Vec<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FlowError {
    error_code: String,
}

pub(super) fn verdict(answer: &ProviderResponse) -> OvhOutcome {
    let operator = |problem| SendOutcome::Permanent(RefusalScope::Operator(problem));
    OvhOutcome::Final(match answer.status {
        200 => accepted(answer),
        400 if is_bad_signature(answer) => return OvhOutcome::BadSignature,
        401 | 403 => operator(ProviderRefusal::Credentials),
        402 => operator(ProviderRefusal::Credit),
        // No such account, a state that forbids it, and a service that has expired.
        404 | 409 | 460 => operator(ProviderRefusal::Account),
        429 | 500 => SendOutcome::Retryable { after: answer.retry_after },
        400..=499 => operator(ProviderRefusal::Request),
        // A redirect is not followed, and whether the message was taken before it nobody says.
        _ => SendOutcome::Unknown,
    })
}

/// A 200 may still be a refusal of the one number there is.
fn accepted(answer: &ProviderResponse) -> SendOutcome {
    let Some(jobs) = answer.json::<Jobs>() else { return SendOutcome::Unknown };
    let refused = SendOutcome::Permanent(RefusalScope::User(NumberRefusal::Invalid));
    match jobs.ids.as_slice() {
        [id, ..] if jobs.invalid_receivers.is_empty() => SendOutcome::Accepted { id: id.to_string() },
        _ => refused,
    }
}

pub(super) fn is_bad_signature(answer: &ProviderResponse) -> bool {
    answer.json::<FlowError>().is_some_and(|it| it.error_code == "INVALID_SIGNATURE")
}
