//! OpenAPI descriptions of the health checks.

use serde_json::json;

use super::{HealthResponse, LivenessResponse, ReadinessResponse};
use crate::openapi::{ApiTag, Operation};

pub(in crate::routes) fn health() -> Operation {
    Operation::new(
        "health",
        ApiTag::System,
        "Get the status of the server",
        "Returns the version of the server. Does not check its dependencies.",
    )
    .responds::<HealthResponse>("The server is running.", json!({ "status": "active", "version": "1.0.0" }))
}

pub(in crate::routes) fn live() -> Operation {
    Operation::new(
        "live",
        ApiTag::System,
        "Check liveness",
        "Does not check dependencies. Restart the server if it does not respond.",
    )
    .responds::<LivenessResponse>("The server is alive.", json!({ "status": "alive" }))
}

pub(in crate::routes) fn ready() -> Operation {
    Operation::new(
        "ready",
        ApiTag::System,
        "Check readiness",
        "Checks the database, the encryption keys, the clock, Redis, the SMS providers and the queue of mails. A `degraded` server \
         accepts requests without the components in `degraded`. Send no requests to a server that responds with \
         503.",
    )
    .responds_with::<ReadinessResponse>(
        200,
        "The server is ready, or degraded.",
        vec![
            ("ready", json!({ "status": "ready" })),
            (
                "degraded",
                json!({ "status": "degraded", "degraded": [{ "part": "redis", "detail": "unreachable" }] }),
            ),
        ],
    )
    .responds_with::<ReadinessResponse>(
        503,
        "The server is not ready. `failing` has the failed components.",
        vec![(
            "failed",
            json!({ "status": "failed", "failing": [{ "part": "database", "detail": "unreachable" }] }),
        )],
    )
}

pub(in crate::routes) fn ready_without_detail() -> Operation {
    Operation::new(
        "ready",
        ApiTag::System,
        "Check readiness",
        "Returns the status only: the components are on the address for operators. Send no requests to a server \
         that responds with 503.",
    )
    .responds_with::<ReadinessResponse>(
        200,
        "The server is ready, or degraded.",
        vec![("ready", json!({ "status": "ready" })), ("degraded", json!({ "status": "degraded" }))],
    )
    .responds_with::<ReadinessResponse>(
        503,
        "The server is not ready.",
        vec![("failed", json!({ "status": "failed" }))],
    )
}
