//! What there is to know of health.

use serde_json::json;
use utoipa::openapi::Object;

use super::{HealthResponse, LivenessResponse, ReadinessResponse};
use crate::openapi::{ApiTag, Operation, schemas};

pub(in crate::routes) fn health() -> Operation {
    Operation::new(
        "health",
        ApiTag::System,
        "The server is there",
        "Asks nobody. Says which version this is.",
    )
    .answers::<HealthResponse>("It is there.", json!({ "status": "active", "version": "1.0.0" }))
}

pub(in crate::routes) fn live() -> Operation {
    Operation::new(
        "live",
        ApiTag::System,
        "The server is alive",
        "Asks nobody. Restart it where this does not answer.",
    )
    .answers::<LivenessResponse>("It is alive.", json!({ "status": "alive" }))
}

pub(in crate::routes) fn ready() -> Operation {
    Operation::new(
        "ready",
        ApiTag::System,
        "The server can do its work",
        "Looks at the database, the keys, the clock, Redis and the SMS providers. `degraded` is ready: \
         calls do without what is named. Send no calls to a server that answers 503.",
    )
    .answers_with::<ReadinessResponse>(
        200,
        "It can, if perhaps degraded.",
        vec![
            ("ready", json!({ "status": "ready" })),
            (
                "degraded",
                json!({ "status": "degraded", "degraded": [{ "part": "redis", "detail": "unreachable" }] }),
            ),
        ],
    )
    .answers_with::<ReadinessResponse>(
        503,
        "It cannot: the parts that nothing goes without are named.",
        vec![(
            "failed",
            json!({ "status": "failed", "failing": [{ "part": "database", "detail": "unreachable" }] }),
        )],
    )
}

pub(in crate::routes) fn ready_in_a_word() -> Operation {
    Operation::new(
        "ready",
        ApiTag::System,
        "The server can do its work",
        "In a word: which part it is, is told on the address for operators alone. Send no calls to a \
         server that answers 503.",
    )
    .answers_with::<ReadinessResponse>(
        200,
        "It can, if perhaps degraded.",
        vec![("ready", json!({ "status": "ready" })), ("degraded", json!({ "status": "degraded" }))],
    )
    .answers_with::<ReadinessResponse>(
        503,
        "It cannot.",
        vec![("failed", json!({ "status": "failed" }))],
    )
}

/// What `/health` says.
pub(super) fn active() -> Object {
    schemas::word(&["active"]).build()
}

/// What `/health/live` says.
pub(super) fn alive() -> Object {
    schemas::word(&["alive"]).build()
}

/// How ready the server is.
pub(super) fn readiness() -> Object {
    schemas::word(&["ready", "degraded", "failed"]).build()
}

/// What is looked at.
pub(super) fn part() -> Object {
    schemas::word(&["database", "keys", "clock", "redis", "providers", "sms"]).build()
}
