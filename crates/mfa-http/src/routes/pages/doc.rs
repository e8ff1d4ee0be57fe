//! OpenAPI description of the web interface.

use crate::openapi::{ApiTag, Operation, path_parameter};
use crate::problem::ProblemKind;
use crate::schemas;

pub(in crate::routes) fn interface() -> Operation {
    Operation::new(
        "interface",
        ApiTag::System,
        "Open the web interface",
        "Returns the start page of the web interface, where users manage their second factors in a browser. The pages \
         keep their session in a cookie that the API does not read. Responds with 404 to any brand except the one in \
         `MFA_BRAND`.",
    )
    .parameter(path_parameter(
        "brand",
        "Value of the setting `MFA_BRAND`.",
        schemas::text(1, 64).pattern(Some("^[A-Za-z0-9_-]{1,64}$")).build(),
        "itspirit",
    ))
    .problems([ProblemKind::NotFound])
    .responds_with_media("HTML page.", "text/html", schemas::text(1, 262_144).build())
}
