//! Handler of the Prometheus metrics.

pub(super) mod doc;

use actix_web::HttpResponse;
use actix_web::web::Data;
use mfa_infra::Mfa;
use mfa_infra::metrics::Metrics;

use crate::request::BodyLimit;

/// `GET /metrics`
pub(super) async fn metrics(_: BodyLimit, mfa: Data<Mfa>) -> HttpResponse {
    HttpResponse::Ok().content_type(Metrics::MEDIA_TYPE).body(mfa.metrics().render())
}
