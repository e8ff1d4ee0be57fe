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
    /// Those that nothing goes without and that are not there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    failing: Vec<Failing>,
}

#[derive(Serialize)]
struct Failing {
    part: &'static str,
    detail: &'static str,
}

/// `GET /health/ready`
pub(super) async fn ready(_: Bounded, mfa: Data<Mfa>) -> HttpResponse {
    let readiness = mfa.readiness().await;
    let states = [("database", readiness.database), ("keys", readiness.keys), ("clock", readiness.clock)];
    let failing: Vec<_> = states
        .into_iter()
        .filter_map(|(part, state)| match state {
            PartState::Ready => None,
            PartState::Failed(detail) => Some(Failing { part, detail }),
        })
        .collect();
    if failing.is_empty() {
        HttpResponse::Ok().json(Ready { status: "ready", failing })
    } else {
        HttpResponse::ServiceUnavailable().json(Ready { status: "failed", failing })
    }
}
