//! Response headers of the OpenAPI document.

use serde_json::json;
use utoipa::openapi::header::{Header, HeaderBuilder};
use utoipa::openapi::schema::ComponentsBuilder;
use utoipa::openapi::{Object, ObjectBuilder, Ref, ResponseBuilder, Type};

use crate::problem::ProblemKind;

/// Headers with their descriptions.
const HEADERS: [(&str, &str); 7] = [
    (
        "X-Request-Id",
        "Id of the request: the value that the client sent, or a random one. Every log line of the request has it.",
    ),
    ("Content-Language", "Language of the texts in the response."),
    (
        "WWW-Authenticate",
        "Authentication challenge (RFC 6750; RFC 9470 if step-up authentication is required).",
    ),
    ("Retry-After", "Seconds to wait before the request is repeated."),
    ("RateLimit-Policy", "Rate limit per client IP address, or of changes to the caller's own account."),
    (
        "RateLimit",
        "Remaining requests of the rate limit in `RateLimit-Policy`. If none remain, `t` is the number of seconds until \
         the next one.",
    ),
    ("Location", "URL of the redirect."),
];

/// Adds the headers to the components.
pub(super) fn components(components: ComponentsBuilder) -> ComponentsBuilder {
    HEADERS.into_iter().fold(components, |components, (name, description)| {
        let header: Header =
            HeaderBuilder::new().schema(Some(schema(name))).description(Some(description)).build();
        components.header(name, header)
    })
}

fn schema(name: &str) -> Object {
    let (schema_type, pattern, example) = match name {
        "X-Request-Id" => {
            (Type::String, Some("^[A-Za-z0-9._-]{1,64}$"), json!("3f1c9a5be8d24c6f9b0a7e5d4c3b2a10"))
        }
        "Content-Language" => (Type::String, Some("^(fr|en)$"), json!("en")),
        "WWW-Authenticate" => (Type::String, Some("^Bearer"), json!("Bearer")),
        "RateLimit-Policy" => {
            (Type::String, Some("^\"[a-z-]+\";q=[0-9]+;w=[0-9]+$"), json!("\"code-ip\";q=10;w=60"))
        }
        "RateLimit" => {
            (Type::String, Some("^\"[a-z-]+\";r=[0-9]+(;t=[0-9]+)?$"), json!("\"code-ip\";r=0;t=6"))
        }
        "Retry-After" => (Type::Integer, None, json!(6)),
        _ => (Type::String, None, json!("/")),
    };
    let schema = ObjectBuilder::new().schema_type(schema_type).pattern(pattern).examples([example]);
    if name == "Retry-After" { schema.minimum(Some(1)).build() } else { schema.build() }
}

/// Adds headers to a response.
pub(super) fn with(response: ResponseBuilder, names: &[&str]) -> ResponseBuilder {
    names.iter().fold(response, |response, name| {
        response.header_ref(*name, Ref::new(format!("#/components/headers/{name}")))
    })
}

/// Returns the headers that a problem of this kind may have.
pub(super) const fn of_problem(kind: ProblemKind) -> &'static [&'static str] {
    match kind {
        ProblemKind::RateLimited => &["Retry-After", "RateLimit-Policy", "RateLimit"],
        ProblemKind::AccountLocked
        | ProblemKind::SmsBudgetSpent
        | ProblemKind::SmsUnavailable
        | ProblemKind::StoreUnavailable
        | ProblemKind::StoreOutcomeUnknown
        | ProblemKind::ClockSkew
        | ProblemKind::Overloaded => &["Retry-After"],
        ProblemKind::TokenMissing
        | ProblemKind::TokenInvalid
        | ProblemKind::TokenExpired
        | ProblemKind::TokenSpent
        | ProblemKind::TokenRevoked
        | ProblemKind::StepUpRequired
        | ProblemKind::InvalidCode
        | ProblemKind::InvalidCredentials => &["WWW-Authenticate"],
        _ => &[],
    }
}
