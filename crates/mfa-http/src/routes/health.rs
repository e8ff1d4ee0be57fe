//! Handlers of the health checks.

pub(super) mod doc;

use actix_web::HttpResponse;
use actix_web::web::Data;
use mfa_infra::{Mfa, PartState, Readiness};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa::openapi::Object;

use crate::request::BodyLimit;
use crate::schemas;

/// Status and version of the server.
#[derive(Serialize, ToSchema)]
struct HealthResponse {
    #[schema(schema_with = active)]
    status: &'static str,
    /// Version of the server.
    version: &'static str,
}

/// `GET /health`
pub(super) async fn health(_: BodyLimit) -> HttpResponse {
    HttpResponse::Ok().json(HealthResponse { status: "active", version: env!("CARGO_PKG_VERSION") })
}

/// Liveness of the server.
#[derive(Serialize, ToSchema)]
struct LivenessResponse {
    #[schema(schema_with = alive)]
    status: &'static str,
}

/// `GET /health/live`
pub(super) async fn live(_: BodyLimit) -> HttpResponse {
    HttpResponse::Ok().json(LivenessResponse { status: "alive" })
}

const READY: &str = "ready";
const FAILED: &str = "failed";

/// Readiness of the server.
#[derive(Serialize, ToSchema)]
#[schema(as = Readiness)]
struct ReadinessResponse {
    #[schema(schema_with = readiness)]
    status: &'static str,
    /// Required components that have failed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    failing: Vec<ReadinessPart>,
    /// Optional components that are not available.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    degraded: Vec<ReadinessPart>,
}

/// Component that is not available.
#[derive(Serialize, ToSchema)]
struct ReadinessPart {
    #[schema(schema_with = component)]
    part: &'static str,
    /// Reason why the component is not available.
    detail: &'static str,
}

/// `GET /health/ready`
pub(super) async fn ready(_: BodyLimit, mfa: Data<Mfa>) -> HttpResponse {
    ReadinessResponse::new(mfa.readiness().await).response()
}

/// `GET /health/ready` on the public address, if operators have an address of their own: without the components.
pub(super) async fn ready_without_detail(_: BodyLimit, mfa: Data<Mfa>) -> HttpResponse {
    let readiness = ReadinessResponse::new(mfa.readiness().await);
    ReadinessResponse { failing: Vec::new(), degraded: Vec::new(), ..readiness }.response()
}

impl ReadinessResponse {
    fn new(readiness: Readiness) -> Self {
        let parts = [
            ("database", readiness.database),
            ("keys", readiness.keys),
            ("clock", readiness.clock),
            ("redis", readiness.redis),
            ("providers", readiness.providers),
            ("mail", readiness.mail),
            ("passkeys", readiness.passkeys),
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

    fn response(&self) -> HttpResponse {
        if self.status == FAILED {
            HttpResponse::ServiceUnavailable().json(self)
        } else {
            HttpResponse::Ok().json(self)
        }
    }
}

/// Schema of the status of `/health`.
fn active() -> Object {
    schemas::string_enum(&["active"]).description(Some("Status of the server.")).build()
}

/// Schema of the status of `/health/live`.
fn alive() -> Object {
    schemas::string_enum(&["alive"]).description(Some("Liveness of the server.")).build()
}

/// Schema of the status of `/health/ready`.
fn readiness() -> Object {
    schemas::string_enum(&["ready", "degraded", "failed"])
        .description(Some("Readiness: a `degraded` server accepts requests, a `failed` one does not."))
        .build()
}

/// Schema of the name of a component.
fn component() -> Object {
    schemas::string_enum(&["database", "keys", "clock", "redis", "providers", "mail", "passkeys", "sms"])
        .description(Some("Name of the component."))
        .build()
}
