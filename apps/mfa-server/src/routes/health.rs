//! Whether the server is there, alive and ready.

use actix_web::HttpResponse;
use actix_web::web::Data;
use mfa_infra::{Mfa, PartState};
use serde::Serialize;

use crate::intake::Bounded;

#[derive(Serialize)]
struct Health {
    status: &'static str,
    version: &'static str,
}

/// `GET /health`
pub(super) async fn health(_: Bounded) -> HttpResponse {
    HttpResponse::Ok().json(Health { status: "active", version: env!("CARGO_PKG_VERSION") })
}

#[derive(Serialize)]
struct Live {
    status: &'static str,
}

/// `GET /health/live`
pub(super) async fn live(_: Bounded) -> HttpResponse {
    HttpResponse::Ok().json(Live { status: "alive" })
}

#[derive(Serialize)]
struct Ready {
    status: &'static str,
    /// The parts that nothing goes without and that are not there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    failing: Vec<Part>,
    /// The parts that are not there and that calls do without.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    degraded: Vec<Part>,
}

#[derive(Serialize)]
struct Part {
    part: &'static str,
    detail: &'static str,
}

/// `GET /health/ready`
pub(super) async fn ready(_: Bounded, mfa: Data<Mfa>) -> HttpResponse {
    let readiness = mfa.readiness().await;
    let states = [
        ("database", readiness.database),
        ("keys", readiness.keys),
        ("clock", readiness.clock),
        ("redis", readiness.redis),
        ("providers", readiness.providers),
        ("sms", readiness.sms),
    ];
    let (mut failing, mut degraded) = (Vec::new(), Vec::new());
    for (part, state) in states {
        match state {
            PartState::Ready => {}
            PartState::Degraded(detail) => degraded.push(Part { part, detail }),
            PartState::Failed(detail) => failing.push(Part { part, detail }),
        }
    }
    match (failing.is_empty(), degraded.is_empty()) {
        (true, true) => HttpResponse::Ok().json(Ready { status: "ready", failing, degraded }),
        (true, false) => HttpResponse::Ok().json(Ready { status: "degraded", failing, degraded }),
        (false, _) => HttpResponse::ServiceUnavailable().json(Ready { status: "failed", failing, degraded }),
    }
}
