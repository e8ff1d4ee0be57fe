//! OpenAPI description of the user's own security events.

use mfa_flows::AcceptedStages;
use serde_json::json;
use utoipa::openapi::{Object, Type};

use super::{MAX_PAGE_SIZE, OwnEventListResponse};
use crate::openapi::{ApiTag, Operation, query_parameter};
use crate::schemas::{self, TIMESTAMP};

/// Description of the parameter `limit`.
pub(in crate::routes) const PAGE_SIZE: &str = "Number of entries in the page. Default: 50.";

pub(in crate::routes) fn list() -> Operation {
    Operation::new(
        "listEvents",
        ApiTag::Mfa,
        "List security events",
        "Returns the user's own security events, newest first. For the next page, set `before` to the `id` of \
         the last event. Available while the account is locked.",
    )
    .token(AcceptedStages::Access)
    .no_body()
    .parameter(query_parameter("limit", PAGE_SIZE, page_size()))
    .parameter(query_parameter("before", "Return events with a smaller `id`.", schemas::id(1)))
    .responds::<OwnEventListResponse>(
        "Page of security events.",
        json!({
            "events": [{
                "id": 7,
                "at": TIMESTAMP,
                "event": "totp_verify",
                "method": "totp",
                "outcome": "success",
                "ip": "198.51.100.7",
                "user_agent": "Mozilla/5.0",
            }],
        }),
    )
}

/// Schema of a page size.
pub(in crate::routes) fn page_size() -> Object {
    let maximum = usize::try_from(MAX_PAGE_SIZE).unwrap_or(usize::MAX);
    schemas::whole(1).schema_type(Type::Integer).maximum(Some(maximum)).build()
}
