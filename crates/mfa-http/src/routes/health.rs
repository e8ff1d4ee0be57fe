//! Whether the server is there, alive and ready.

pub(super) mod doc;

use actix_web::HttpResponse;
use actix_web::web::Data;
use mfa_infra::{Mfa, PartState, Readiness};
use serde::Serialize;
use utoipa::ToSchema;

use crate::request::BodyLimit;

#[derive(Serialize, ToSchema)]
struct HealthResponse {
    #[schema(schema_with = doc::active)]
    status: &'static str,
    /// Of the server.
    version: &'static str,
}

/// `GET /health`
pub(super) async fn health(_: BodyLimit) -> HttpResponse {
    HttpResponse::Ok().json(HealthResponse { status: "active", version: env!("CARGO_PKG_VERSION") })
}

#[derive(Serialize, ToSchema)]
struct LivenessResponse {
    #[schema(schema_with = doc::alive)]
    status: &'static str,
}

/// `GET /health/live`
pub(super) async fn live(_: BodyLimit) -> HttpResponse {
    HttpResponse::Ok().json(LivenessResponse { status: "alive" })
}

const READY: &str = "ready";
const FAILED: &str = "failed";

#[derive(Serialize, ToSchema)]
#[schema(as = Readiness)]
struct ReadinessResponse {
    #[schema(schema_with = doc::readiness)]
    status: &'static str,
    /// The parts that nothing goes without and that are not there.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    failing: Vec<ReadinessPart>,
    /// The parts that are not there and that calls do without.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    degraded: Vec<ReadinessPart>,
}

#[derive(Serialize, ToSchema)]
struct ReadinessPart {
    #[schema(schema_with = doc::part)]
    part: &'static str,
    /// What is the matter.
    detail: &'static str,
}

/// `GET /health/ready`
pub(super) async fn ready(_: BodyLimit, mfa: Data<Mfa>) -> HttpResponse {
    ReadinessResponse::new(mfa.readiness().await).answer()
}

/// `GET /health/ready` where operators have an address of their own: which part it is, is told there alone.
pub(super) async fn ready_in_a_word(_: BodyLimit, mfa: Data<Mfa>) -> HttpResponse {
    let told = ReadinessResponse::new(mfa.readiness().await);
    ReadinessResponse { failing: Vec::new(), degraded: Vec::new(), ..told }.answer()
}

impl ReadinessResponse {
    fn new(readiness: Readiness) -> Self {
        let parts = [
            ("database", readiness.database),
            ("keys", readiness.keys),
            ("clock", readiness.clock),
            ("redis", readiness.redis),
            ("providers", readiness.providers),
            ("sms", readiness.sms),
        ];
        let (mut failing, mut degraded) = (Vec::new(), Vec::new());
        for (part, state) in parts {
            match state {
                PartState::Ready => {}
                PartState::Degraded(detail) => degraded.push(ReadinessPart { part, detail }),
                PartState::Failed(detail) => failing.push(ReadinessPart { part, detail }),
            }
        }
        let status = match (failing.is_empty(), degraded.is_empty()) {
            (true, true) => READY,
            (true, false) => "degraded",
            (false, _) => FAILED,
        };
        Self { status, failing, degraded }
    }

    fn answer(&self) -> HttpResponse {
        if self.status == FAILED {
            HttpResponse::ServiceUnavailable().json(self)
        } else {
            HttpResponse::Ok().json(self)
        }
    }
}
