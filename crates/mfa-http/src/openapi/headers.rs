//! The headers of answers.

use serde_json::json;
use utoipa::openapi::header::{Header, HeaderBuilder};
use utoipa::openapi::schema::ComponentsBuilder;
use utoipa::openapi::{Object, ObjectBuilder, Ref, ResponseBuilder, Type};

use crate::problem::ProblemKind;

/// Each header: its name in answers and in the components, what it says.
const HEADERS: [(&str, &str); 7] = [
    (
        "X-Request-Id",
        "The id of the request, as the caller gave it or drawn afresh. It is in every log line about it.",
    ),
    ("Content-Language", "The language of the texts."),
    ("WWW-Authenticate", "How to get further (RFC 6750; RFC 9470 where a second factor must be shown anew)."),
    ("Retry-After", "Whole seconds after which the same call may get further."),
    ("RateLimit-Policy", "The limit by client address. Not sent for limits that would name a user."),
    (
        "RateLimit",
        "What is left of the limit by client address; where it is nothing, in how many seconds there is \
         one more.",
    ),
    ("Location", "Where it is."),
];

/// Adds them to the components.
pub(super) fn components(components: ComponentsBuilder) -> ComponentsBuilder {
    HEADERS.into_iter().fold(components, |components, (name, says)| {
        let header: Header = HeaderBuilder::new().schema(Some(schema(name))).description(Some(says)).build();
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

/// Adds the headers of these names to a response.
pub(super) fn with(response: ResponseBuilder, names: &[&str]) -> ResponseBuilder {
    names.iter().fold(response, |response, name| {
        response.header_ref(*name, Ref::new(format!("#/components/headers/{name}")))
    })
}

/// The headers that a problem of this kind may come with.
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
