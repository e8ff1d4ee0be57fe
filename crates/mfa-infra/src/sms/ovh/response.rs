//! Classification of the responses of OVH.

use mfa_sms::{NumberRefusal, ProviderRefusal, RefusalScope, SendOutcome};
use serde::Deserialize;

use crate::sms::http::ProviderResponse;

/// Outcome of one request.
pub(super) enum OvhOutcome {
    /// Outcome of the send.
    Final(SendOutcome),
    /// Rejected signature: wrong keys, wrong time, or a body that differs from the signed one.
    BadSignature,
}

impl OvhOutcome {
    /// Returns the outcome of the send if it is not retried.
    pub(super) fn into_outcome(self) -> SendOutcome {
        match self {
            Self::Final(outcome) => outcome,
            Self::BadSignature => {
                SendOutcome::Permanent(RefusalScope::Operator(ProviderRefusal::Credentials))
            }
        }
    }
}

/// Body of a 200. The phone numbers in it are only counted.
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
struct OvhError {
    error_code: String,
}

/// Returns the outcome of a request.
pub(super) fn outcome(response: &ProviderResponse) -> OvhOutcome {
    let operator = |problem| SendOutcome::Permanent(RefusalScope::Operator(problem));
    OvhOutcome::Final(match response.status {
        200 => accepted(response),
        400 if is_bad_signature(response) => return OvhOutcome::BadSignature,
        401 | 403 => operator(ProviderRefusal::Credentials),
        402 => operator(ProviderRefusal::Credit),
        // Unknown account; not allowed in its current state; expired service.
        404 | 409 | 460 => operator(ProviderRefusal::Account),
        429 | 500 => SendOutcome::Retryable { after: response.retry_after },
        400..=499 => operator(ProviderRefusal::Request),
        // A redirect is not followed, and the message may have been accepted before it.
        _ => SendOutcome::Unknown,
    })
}

/// Returns the outcome of a 200, which may still reject the phone number.
fn accepted(response: &ProviderResponse) -> SendOutcome {
    let Some(jobs) = response.json::<Jobs>() else { return SendOutcome::Unknown };
    let invalid_number = SendOutcome::Permanent(RefusalScope::User(NumberRefusal::Invalid));
    match jobs.ids.as_slice() {
        [id, ..] if jobs.invalid_receivers.is_empty() => SendOutcome::Accepted { id: id.to_string() },
        _ => invalid_number,
    }
}

/// Returns whether OVH rejected the signature.
pub(super) fn is_bad_signature(response: &ProviderResponse) -> bool {
    response.json::<OvhError>().is_some_and(|it| it.error_code == "INVALID_SIGNATURE")
}
