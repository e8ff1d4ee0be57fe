//! What there is to know of the pages for people.

use crate::openapi::{ApiTag, Operation, path_parameter, schemas};
use crate::problem::ProblemKind;

pub(in crate::routes) fn first() -> Operation {
    Operation::new(
        "interface",
        ApiTag::System,
        "The first page for people",
        "Where people protect their account in a browser: links and forms lead on from here. The pages keep their \
         session in a cookie of their own, and no API call reads it. 404 for any brand but the one of `MFA_BRAND`.",
    )
    .parameter(path_parameter(
        "brand",
        "The setting `MFA_BRAND`.",
        schemas::text(1, 64).pattern(Some("^[A-Za-z0-9_-]{1,64}$")).build(),
        "itspirit",
    ))
    .refuses([ProblemKind::NotFound])
    .answers_media("The page.", "text/html", schemas::text(1, 262_144).build())
}
