//! The document that tells of a problem.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{FieldError, NEXT_CODE, ProblemKind, QUEUE_RETRY, STORE_RETRY, messages};
use crate::openapi::schemas;
use crate::request_context::RequestContext;

/// A problem document (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemDocument<'a> {
    /// Identifies the kind of problem.
    #[schema(pattern = "^urn:nova-mfa:problem:[a-z_]+$")]
    r#type: String,
    /// The kind of problem in a few words, in the caller's language.
    title: String,
    /// The status of the answer.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// What the reader may do about it, in the caller's language.
    detail: String,
    /// The stable word for the kind of problem.
    #[schema(pattern = "^[a-z_]+$")]
    code: &'static str,
    /// The id of the request, as in `X-Request-Id`.
    #[schema(pattern = "^[A-Za-z0-9._-]{1,64}$")]
    request_id: &'a str,
    /// Whole seconds after which the same call may get further, as in `Retry-After`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = schemas::seconds)]
    retry_after: Option<u64>,
    /// Which fields are not what they should be.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false, min_items = 1, max_items = 16)]
    errors: Vec<FieldProblem>,
}

/// A field and what is wrong with it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FieldProblem {
    /// Its name.
    #[schema(max_length = 64)]
    field: String,
    /// What is wrong with it, in the caller's language.
    message: String,
}

impl<'a> ProblemDocument<'a> {
    /// Tells this caller of a problem.
    pub(super) fn new(
        kind: ProblemKind,
        caller: &'a RequestContext,
        retry_after: Option<u64>,
        faults: &[FieldError],
    ) -> Self {
        let text = messages::text(kind, caller);
        let field_problem = |it: &FieldError| FieldProblem {
            field: it.field.clone(),
            message: messages::field(it.error, caller).into_owned(),
        };
        Self {
            r#type: format!("urn:nova-mfa:problem:{}", kind.code()),
            title: text.title,
            status: kind.status().as_u16(),
            detail: text.detail,
            code: kind.code(),
            request_id: &caller.request_id,
            retry_after,
            errors: faults.iter().map(field_problem).collect(),
        }
    }
}

/// What a problem of this kind looks like, where this field is the one that is wrong.
pub fn example(kind: ProblemKind, wrong: &FieldError, reader: &RequestContext) -> Value {
    let retry_after = match kind {
        ProblemKind::RateLimited => Some(6),
        ProblemKind::SmsBudgetSpent | ProblemKind::SmsUnavailable => Some(60),
        ProblemKind::AccountLocked => Some(900),
        ProblemKind::Overloaded => Some(QUEUE_RETRY),
        ProblemKind::StoreUnavailable => Some(STORE_RETRY),
        ProblemKind::StoreOutcomeUnknown | ProblemKind::ClockSkew => Some(NEXT_CODE),
        _ => None,
    };
    let faults = if kind == ProblemKind::InvalidField { std::slice::from_ref(wrong) } else { &[] };
    serde_json::to_value(ProblemDocument::new(kind, reader, retry_after, faults)).unwrap_or_default()
}
