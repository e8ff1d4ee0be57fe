//! Latencies of HTTP requests.

use std::fmt;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

/// Upper bounds of the buckets in seconds: a verification takes about two milliseconds, an SMS at most eight seconds.
const BUCKETS: [f64; 13] = [0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CallLabels {
    route: String,
    method: &'static str,
    status: &'static str,
}

/// Latencies of HTTP requests, by route, method and status class.
#[derive(Clone)]
pub struct HttpMetrics(Family<CallLabels, Histogram, fn() -> Histogram>);

impl Default for HttpMetrics {
    fn default() -> Self {
        Self(Family::new_with_constructor(|| Histogram::new(BUCKETS)))
    }
}

impl HttpMetrics {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let it = Self::default();
        registry.register(
            "mfa_http_request_duration_seconds",
            "Duration of HTTP requests, by route pattern, method and status class",
            it.0.clone(),
        );
        it
    }

    /// Records one request. `route` is a route pattern, never the requested path; `method` is one of a few names.
    pub fn observe(&self, route: &str, method: &'static str, status: u16, took: Duration) {
        let labels = CallLabels { route: route.to_owned(), method, status: class(status) };
        self.0.get_or_create(&labels).observe(took.as_secs_f64());
    }
}

const fn class(status: u16) -> &'static str {
    match status {
        100..=199 => "1xx",
        200..=299 => "2xx",
        300..=399 => "3xx",
        400..=499 => "4xx",
        _ => "5xx",
    }
}

impl fmt::Debug for HttpMetrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HttpMetrics")
    }
}
