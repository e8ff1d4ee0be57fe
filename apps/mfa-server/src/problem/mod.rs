//! Problem documents (RFC 9457): the one form in which this server says no.

mod fault;
mod kind;
mod messages;
mod rates;
mod refusal;

use actix_web::HttpResponse;
use actix_web::http::header::{ALLOW, CONTENT_LANGUAGE, RETRY_AFTER, VARY, WWW_AUTHENTICATE};
use mfa_flows::Refusal;
use serde::Serialize;

pub(crate) use fault::{Fault, FieldError, FieldFault, Unit};
pub(crate) use kind::ProblemKind;
pub(crate) use rates::ToldRates;

use crate::caller::Caller;

/// Seconds after which a store that was away may be back.
const STORE_RETRY: u64 = 5;
/// Seconds until the next code of an authenticator app, and between two looks at the clock.
const NEXT_CODE: u64 = 30;
/// Seconds after which a queue that was full has room.
const QUEUE_RETRY: u64 = 1;

#[derive(Serialize)]
struct Document<'a> {
    r#type: String,
    title: String,
    status: u16,
    detail: String,
    code: &'static str,
    request_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldMessage>,
}

#[derive(Serialize)]
struct FieldMessage {
    field: String,
    message: String,
}

/// The answer that tells this caller of a fault.
pub(crate) fn respond(fault: &Fault, caller: &Caller, rates: ToldRates) -> HttpResponse {
    let (kind, language) = (fault.kind(), caller.language);
    let text = messages::text(kind, caller);
    let retry_after = retry_after(fault);
    let mut response = HttpResponse::build(kind.status());
    response.content_type("application/problem+json");
    response.insert_header((CONTENT_LANGUAGE, language.tag()));
    response.insert_header((VARY, "Accept-Language"));
    if let Some(seconds) = retry_after {
        response.insert_header((RETRY_AFTER, seconds));
    }
    if let Some(challenge) = challenge(fault) {
        response.insert_header((WWW_AUTHENTICATE, challenge));
    }
    match fault {
        Fault::MethodNotAllowed { allow } => {
            response.insert_header((ALLOW, *allow));
        }
        Fault::Refused(Refusal::RateLimited { rule, retry_after }) => {
            for header in rates.headers(*rule, *retry_after).into_iter().flatten() {
                response.insert_header(header);
            }
        }
        _ => {}
    }
    response.json(Document {
        r#type: format!("urn:nova-mfa:problem:{}", kind.code()),
        title: text.title,
        status: kind.status().as_u16(),
        detail: text.detail,
        code: kind.code(),
        request_id: &caller.request_id,
        retry_after,
        errors: field_messages(fault, caller),
    })
}

/// After how many seconds the same call may get further, where waiting helps.
fn retry_after(fault: &Fault) -> Option<u64> {
    match (fault, fault.kind()) {
        (Fault::Refused(Refusal::AccountLocked { retry_after, .. }), _) => *retry_after,
        (
            Fault::Refused(
                Refusal::RateLimited { retry_after, .. }
                | Refusal::SmsBudgetSpent { retry_after }
                | Refusal::SmsUnavailable { retry_after },
            ),
            _,
        ) => Some(*retry_after),
        (_, ProblemKind::Overloaded) => Some(QUEUE_RETRY),
        (_, ProblemKind::StoreUnavailable) => Some(STORE_RETRY),
        (_, ProblemKind::StoreOutcomeUnknown | ProblemKind::ClockSkew) => Some(NEXT_CODE),
        _ => None,
    }
}

/// `WWW-Authenticate` of a 401 (RFC 6750 §3, RFC 9470 §3).
fn challenge(fault: &Fault) -> Option<String> {
    if let Fault::Refused(Refusal::StepUpRequired { max_age }) = fault {
        let max_age = max_age.as_secs();
        return Some(format!(
            "Bearer error=\"insufficient_user_authentication\", acr_values=\"aal2\", max_age=\"{max_age}\""
        ));
    }
    (fault.kind().status() == 401).then(|| "Bearer".to_owned())
}

fn field_messages(fault: &Fault, caller: &Caller) -> Vec<FieldMessage> {
    let message = |it: FieldFault| FieldMessage {
        field: it.field,
        message: messages::field(it.error, caller).into_owned(),
    };
    match fault {
        Fault::Fields(faults) => faults.iter().cloned().map(message).collect(),
        Fault::Refused(refusal) => refusal::field_of_refusal(refusal).map(message).into_iter().collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests;
