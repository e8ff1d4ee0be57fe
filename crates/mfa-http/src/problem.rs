//! Errors of requests as problem documents (RFC 9457).

mod document;
mod error;
mod field_error;
mod flow_error;
mod kind;
mod messages;
mod rate_limit_headers;
mod retry_after;

use std::borrow::Cow;
use std::rc::Rc;

use actix_web::HttpResponse;
use actix_web::http::header::{ALLOW, CONTENT_LANGUAGE, RETRY_AFTER, VARY, WWW_AUTHENTICATE};
use mfa_flows::FlowError;

pub use document::{ProblemDocument, example};
pub use error::ApiError;
pub use field_error::{FieldError, FieldErrorKind, LengthUnit};
pub use kind::ProblemKind;
pub use rate_limit_headers::PublicRateLimits;
pub use retry_after::retry_after;

use crate::request_context::RequestContext;

/// An error that a handler has already rendered, for example as a web page.
///
/// A handler stores it in the extensions of its response, and the middleware writes the log line.
#[derive(Clone, Debug)]
pub struct RenderedError(pub Rc<ApiError>);

/// Returns the message of a field error in the language of the request.
pub fn field_message(error: &FieldError, context: &RequestContext) -> String {
    messages::field(error.error, context).into_owned()
}

/// Returns the response with the problem document of an error.
pub fn respond(error: &ApiError, context: &RequestContext, rates: PublicRateLimits) -> HttpResponse {
    let (kind, language) = (error.kind(), context.language);
    let retry_after = retry_after(error);
    let mut response = HttpResponse::build(kind.status());
    response.content_type("application/problem+json");
    response.insert_header((CONTENT_LANGUAGE, language.tag()));
    response.insert_header((VARY, "Accept-Language"));
    if let Some(seconds) = retry_after {
        response.insert_header((RETRY_AFTER, seconds));
    }
    if let Some(challenge) = challenge(error) {
        response.insert_header((WWW_AUTHENTICATE, challenge));
    }
    match error {
        ApiError::MethodNotAllowed { allow } => {
            response.insert_header((ALLOW, *allow));
        }
        ApiError::Flow(FlowError::RateLimited { rule, retry_after }) => {
            for header in rates.headers(*rule, 0, Some(*retry_after)).into_iter().flatten() {
                response.insert_header(header);
            }
        }
        _ => {}
    }
    response.json(ProblemDocument::new(kind, context, retry_after, &field_errors(error)))
}

/// Returns the header `WWW-Authenticate` of a 401 (RFC 6750 §3, RFC 9470 §3).
fn challenge(error: &ApiError) -> Option<String> {
    if let ApiError::Flow(FlowError::StepUpRequired { max_age }) = error {
        let max_age = max_age.as_secs();
        return Some(format!(
            "Bearer error=\"insufficient_user_authentication\", acr_values=\"aal2\", max_age=\"{max_age}\""
        ));
    }
    (error.kind().status() == 401).then(|| "Bearer".to_owned())
}

fn field_errors(error: &ApiError) -> Cow<'_, [FieldError]> {
    match error {
        ApiError::Fields(errors) => Cow::Borrowed(errors),
        ApiError::Flow(error) => Cow::Owned(flow_error::field_error(error).into_iter().collect()),
        _ => Cow::Borrowed(&[]),
    }
}

#[cfg(test)]
mod tests;
