//! Problem document and its schema.

use serde::Serialize;
use serde_json::Value;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;
use utoipa::{PartialSchema, ToSchema};

use super::field_error::FieldError;
use super::kind::ProblemKind;
use super::messages;
use super::retry_after::{NEXT_CODE, QUEUE_RETRY, STORE_RETRY};
use crate::request_context::RequestContext;
use crate::schemas;

/// Problem document (RFC 9457).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemDocument<'a> {
    /// URN of the kind of problem.
    #[schema(pattern = "^urn:nova-mfa:problem:[a-z_]+$")]
    r#type: String,
    /// Short name of the kind of problem, in the language of the request.
    title: String,
    /// HTTP status of the response.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// Advice for the user, in the language of the request.
    detail: String,
    /// Stable error code.
    #[schema(value_type = ProblemCode)]
    code: &'static str,
    /// Id of the request, as in `X-Request-Id`.
    #[schema(pattern = "^[A-Za-z0-9._-]{1,64}$")]
    request_id: &'a str,
    /// Seconds to wait before the request is repeated, as in `Retry-After`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = schemas::seconds)]
    retry_after: Option<u64>,
    /// Fields that are missing or not valid.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false, min_items = 1, max_items = 16)]
    errors: Vec<FieldProblem>,
}

/// Schema of the stable error codes.
#[derive(Debug)]
struct ProblemCode;

impl ToSchema for ProblemCode {}

impl PartialSchema for ProblemCode {
    fn schema() -> RefOr<Schema> {
        let mut codes: Vec<&str> = Vec::new();
        for code in ProblemKind::ALL.map(ProblemKind::code) {
            // Two kinds may share a code.
            if !codes.contains(&code) {
                codes.push(code);
            }
        }
        schemas::string_enum(&codes).description(Some("Stable error code.")).into()
    }
}

/// Field that is missing or not valid.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FieldProblem {
    /// Name of the field.
    #[schema(max_length = 64)]
    field: String,
    /// Error message, in the language of the request.
    message: String,
}

impl<'a> ProblemDocument<'a> {
    /// Creates a document in the language of the request.
    pub(super) fn new(
        kind: ProblemKind,
        context: &'a RequestContext,
        retry_after: Option<u64>,
        errors: &[FieldError],
    ) -> Self {
        let text = messages::text(kind, context);
        let field_problem = |it: &FieldError| FieldProblem {
            field: it.field.clone(),
            message: messages::field(it.error, context).into_owned(),
        };
        Self {
            r#type: format!("urn:nova-mfa:problem:{}", kind.code()),
            title: text.title,
            status: kind.status().as_u16(),
            detail: text.detail,
            code: kind.code(),
            request_id: &context.request_id,
            retry_after,
            errors: errors.iter().map(field_problem).collect(),
        }
    }
}

/// Returns an example of a problem document. `wrong` is the field error of [`ProblemKind::InvalidField`].
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
    let errors = if kind == ProblemKind::InvalidField { std::slice::from_ref(wrong) } else { &[] };
    serde_json::to_value(ProblemDocument::new(kind, reader, retry_after, errors)).unwrap_or_default()
}
