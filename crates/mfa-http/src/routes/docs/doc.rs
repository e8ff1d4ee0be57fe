//! What there is to know of the documents.

use utoipa::openapi::ObjectBuilder;

use crate::openapi::{ApiTag, Operation, schemas};

pub(in crate::routes) fn document() -> Operation {
    Operation::new(
        "openapi",
        ApiTag::System,
        "This document",
        "OpenAPI 3.1, of exactly the routes that this server has.",
    )
    .answers_media("The document.", "application/json", ObjectBuilder::new().build())
}

pub(in crate::routes) fn page() -> Operation {
    Operation::new(
        "docs",
        ApiTag::System,
        "This document as a page",
        "Swagger UI, served from the binary: the page asks no other host.",
    )
    .answers_media("The page.", "text/html", schemas::text(1, 65_536).build())
}
