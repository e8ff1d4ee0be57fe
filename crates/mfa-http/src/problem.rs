//! Problem documents (RFC 9457): the one form in which this server says no.

mod document;
mod error;
mod flow_error;
mod kind;
mod messages;
mod rate_limit_headers;

use std::borrow::Cow;
use std::rc::Rc;

use actix_web::HttpResponse;
use actix_web::http::header::{ALLOW, CONTENT_LANGUAGE, RETRY_AFTER, VARY, WWW_AUTHENTICATE};
use mfa_flows::FlowError;

pub use document::{ProblemDocument, example};
pub use error::{ApiError, FieldError, FieldErrorKind, LengthUnit};
pub use kind::ProblemKind;
pub use rate_limit_headers::PublicRateLimits;

use crate::request_context::RequestContext;

/// Seconds after which a store that was away may be back.
const STORE_RETRY: u64 = 5;
/// Seconds until the next code of an authenticator app, and between two looks at the clock.
const NEXT_CODE: u64 = 30;
/// Seconds after which a queue that was full has room.
const QUEUE_RETRY: u64 = 1;

/// An error that a handler has already rendered, for example as a web page.
///
/// A handler stores it in the extensions of its response, and the middleware writes the log line.
#[derive(Clone, Debug)]
pub struct RenderedError(pub Rc<ApiError>);

/// What is wrong with a field, in the caller's language.
pub fn field_message(fault: &FieldError, caller: &RequestContext) -> String {
    messages::field(fault.error, caller).into_owned()
}

/// The answer that tells this caller of a fault.
pub fn respond(fault: &ApiError, caller: &RequestContext, rates: PublicRateLimits) -> HttpResponse {
    let (kind, language) = (fault.kind(), caller.language);
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
        ApiError::MethodNotAllowed { allow } => {
            response.insert_header((ALLOW, *allow));
        }
        ApiError::Refused(FlowError::RateLimited { rule, retry_after }) => {
            for header in rates.headers(*rule, 0, Some(*retry_after)).into_iter().flatten() {
                response.insert_header(header);
            }
        }
        _ => {}
    }
    response.json(ProblemDocument::new(kind, caller, retry_after, &field_faults(fault)))
}

/// After how many seconds the same call may get further, where waiting helps.
pub fn retry_after(fault: &ApiError) -> Option<u64> {
    match (fault, fault.kind()) {
        (ApiError::Refused(FlowError::AccountLocked { retry_after, .. }), _) => *retry_after,
        (
            ApiError::Refused(
                FlowError::RateLimited { retry_after, .. }
                | FlowError::SmsBudgetSpent { retry_after }
                | FlowError::SmsUnavailable { retry_after },
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
fn challenge(fault: &ApiError) -> Option<String> {
    if let ApiError::Refused(FlowError::StepUpRequired { max_age }) = fault {
        let max_age = max_age.as_secs();
        return Some(format!(
            "Bearer error=\"insufficient_user_authentication\", acr_values=\"aal2\", max_age=\"{max_age}\""
        ));
    }
    (fault.kind().status() == 401).then(|| "Bearer".to_owned())
}

fn field_faults(fault: &ApiError) -> Cow<'_, [FieldError]> {
    match fault {
        ApiError::Fields(faults) => Cow::Borrowed(faults),
        ApiError::Refused(refusal) => Cow::Owned(flow_error::field_of_refusal(refusal).into_iter().collect()),
        _ => Cow::Borrowed(&[]),
    }
}

#[cfg(test)]
mod tests;
