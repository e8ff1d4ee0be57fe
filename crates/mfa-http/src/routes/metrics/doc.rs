//! What there is to know of the numbers.

use mfa_infra::metrics::Metrics;

use crate::openapi::{ApiTag, Operation, schemas};

pub(in crate::routes) fn metrics() -> Operation {
    Operation::new(
        "metrics",
        ApiTag::System,
        "What is counted, and what is so now",
        "In the text of OpenMetrics 1.0, for Prometheus. Asks nobody. No label holds a user, an address or a path as it \
         was sent. With `MFA_OPS_BIND` it is on the address for operators alone.",
    )
    .answers_media("The metrics.", Metrics::MEDIA_TYPE, schemas::text(1, 4_194_304).build())
}
