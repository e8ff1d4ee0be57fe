//! OpenAPI description of the metrics.

use mfa_infra::metrics::Metrics;

use crate::openapi::{ApiTag, Operation};
use crate::schemas;

pub(in crate::routes) fn metrics() -> Operation {
    Operation::new(
        "metrics",
        ApiTag::System,
        "Get Prometheus metrics",
        "Returns the metrics in the OpenMetrics 1.0 text format. No label contains a user, an IP address or a raw path. \
         With `MFA_OPS_BIND`, the endpoint is on the address for operators only.",
    )
    .responds_with_media("Metrics in the OpenMetrics text format.", Metrics::MEDIA_TYPE, schemas::text(1, 4_194_304).build())
}
