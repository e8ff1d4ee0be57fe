//! What there is to know of the caller's events.

use mfa_flows::AcceptedStages;
use serde_json::json;
use utoipa::openapi::{Object, Type};

use super::{LARGEST_PAGE, OwnEventListResponse};
use crate::openapi::schemas::{self, MOMENT};
use crate::openapi::{ApiTag, Operation, query_parameter};

pub(in crate::routes) fn list() -> Operation {
    Operation::new(
        "listEvents",
        ApiTag::Mfa,
        "What happened to the account",
        "The caller's own events, newest first. The `id` of the last one is the `before` of the next page. \
         Works while the account is locked.",
    )
    .token(AcceptedStages::Access)
    .nothing()
    .parameter(query_parameter("limit", "How many; 50 where none is given.", page_size()))
    .parameter(query_parameter("before", "Only those with a smaller `id`.", schemas::id(1)))
    .answers::<OwnEventListResponse>(
        "A page of events.",
        json!({
            "events": [{
                "id": 7,
                "at": MOMENT,
                "event": "totp_verify",
                "method": "totp",
                "outcome": "success",
                "ip": "198.51.100.7",
                "user_agent": "Mozilla/5.0",
            }],
        }),
    )
}

/// How many of a page.
pub(in crate::routes) fn page_size() -> Object {
    let most = usize::try_from(LARGEST_PAGE).unwrap_or(usize::MAX);
    schemas::whole(1).schema_type(Type::Integer).maximum(Some(most)).build()
}
