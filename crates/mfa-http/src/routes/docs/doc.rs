//! OpenAPI descriptions of the documentation endpoints.

use utoipa::openapi::ObjectBuilder;

use crate::openapi::{ApiTag, Operation};
#[cfg(feature = "swagger-ui")]
use crate::schemas;

pub(in crate::routes) fn document() -> Operation {
    Operation::new(
        "openapi",
        ApiTag::System,
        "Get the OpenAPI document",
        "Returns the OpenAPI 3.1 document of the endpoints that this server has.",
    )
    .responds_with_media("OpenAPI document.", "application/json", ObjectBuilder::new().build())
}

#[cfg(feature = "swagger-ui")]
pub(in crate::routes) fn page() -> Operation {
    Operation::new(
        "docs",
        ApiTag::System,
        "Open the API documentation",
        "Returns the page of Swagger UI. All its files are served by this server.",
    )
    .responds_with_media("HTML page.", "text/html", schemas::text(1, 65_536).build())
}
