//! Error responses of an operation: problem documents by status.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use utoipa::openapi::example::ExampleBuilder;
use utoipa::openapi::schema::ComponentsBuilder;
use utoipa::openapi::{ContentBuilder, Ref, Response, ResponseBuilder};
use utoipa::{PartialSchema as _, ToSchema};

use super::headers;
use crate::problem::{FieldError, ProblemDocument, ProblemKind, example};
use crate::request_context::RequestContext;

const MEDIA_TYPE: &str = "application/problem+json";
const NAME: &str = "Problem";

/// Adds the schema of problem documents to the components.
pub(super) fn components(components: ComponentsBuilder) -> ComponentsBuilder {
    let mut nested = Vec::new();
    <ProblemDocument<'_> as ToSchema>::schemas(&mut nested);
    components.schema(NAME, ProblemDocument::schema()).schemas_from_iter(nested)
}

/// Returns one response per status. Its description and examples have the possible codes. Each response also has
/// `more_headers`.
pub(super) fn responses(
    kinds: &BTreeSet<ProblemKind>,
    wrong_field: &FieldError,
    more_headers: &[&str],
    reader: &RequestContext,
) -> BTreeMap<u16, Response> {
    let mut by_status: BTreeMap<u16, Vec<ProblemKind>> = BTreeMap::new();
    for kind in kinds {
        by_status.entry(kind.status().as_u16()).or_default().push(*kind);
    }
    by_status
        .into_iter()
        .map(|(status, kinds)| (status, response(&kinds, wrong_field, more_headers, reader)))
        .collect()
}

fn response(
    kinds: &[ProblemKind],
    wrong_field: &FieldError,
    more_headers: &[&str],
    reader: &RequestContext,
) -> Response {
    let examples = kinds.iter().map(|kind| {
        let (document, summary) = (example(*kind, wrong_field, reader), title(*kind, wrong_field, reader));
        (
            kind.name().trim_start_matches("problem-"),
            ExampleBuilder::new().summary(summary).value(Some(document)).build(),
        )
    });
    let content =
        ContentBuilder::new().schema(Some(Ref::from_schema_name(NAME))).examples_from_iter(examples).build();
    let described = |kind: &ProblemKind| format!("`{}`: {}", kind.code(), title(*kind, wrong_field, reader));
    let mut descriptions: Vec<_> = kinds.iter().map(described).collect();
    // Two kinds may share a code and a title.
    descriptions.dedup();
    let description = descriptions.join("; ");
    let names: BTreeSet<&str> = ["X-Request-Id", "Content-Language"]
        .into_iter()
        .chain(kinds.iter().flat_map(|kind| headers::of_problem(*kind)).copied())
        .chain(more_headers.iter().copied())
        .collect();
    let names: Vec<&str> = names.into_iter().collect();
    let response = ResponseBuilder::new().description(description).content(MEDIA_TYPE, content);
    headers::with(response, &names).build()
}

fn title(kind: ProblemKind, wrong_field: &FieldError, reader: &RequestContext) -> String {
    let document = example(kind, wrong_field, reader);
    document.get("title").and_then(Value::as_str).unwrap_or_default().to_owned()
}
