//! Numbers for whoever watches: counters, gauges and latencies in the text of OpenMetrics.
//!
//! What is counted is counted where it is told anyway: an [`EventSink`] before the log, an [`SmsObserver`] before the
//! journal, the edge of the server for latencies, the committers for their groups. No handler and no flow counts.
//! Gauges are read when somebody asks.
//!
//! It refuses labels of unbounded values: kinds, outcomes, factors, routes by their pattern, countries of the allow list;
//! never a user, an address or a path as it was sent. To add a number: a field and its registration in the file of what
//! it is about, and a line in `docs/metrics.md`; a test holds both to one another.

mod events;
mod failure_spike;
mod http;
mod sms;
mod state;
mod store;

use std::fmt;
use std::sync::Arc;

use mfa_core::{EventSink, Timestamp};
use mfa_sms::SmsObserver;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

use events::{EventCounters, MeteredEventSink};
use sms::{MeteredSmsObserver, SmsCounters};

pub use http::HttpMetrics;
pub use state::DatabaseLoad;
pub(crate) use state::{ProviderState, StateGauges};
pub use store::{GroupResult, StoreMetrics};

/// Everything that is counted in one process.
pub struct Metrics {
    registry: Registry,
    events: EventCounters,
    sms: SmsCounters,
    http: HttpMetrics,
    store: StoreMetrics,
    state: StateGauges,
}

impl Metrics {
    /// What OpenMetrics is called as a media type.
    pub const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

    /// All at zero.
    pub fn new(started: Timestamp) -> Self {
        let mut registry = Registry::default();
        registry.register(
            "mfa_build",
            "Version of the server",
            Info::new([("version", env!("CARGO_PKG_VERSION"))]),
        );
        Self {
            events: EventCounters::register(&mut registry),
            sms: SmsCounters::register(&mut registry),
            http: HttpMetrics::register(&mut registry),
            store: StoreMetrics::register(&mut registry),
            state: StateGauges::register(&mut registry, started),
            registry,
        }
    }

    /// Counts what is told, and tells it on.
    pub fn before_log(&self, log: Arc<dyn EventSink>) -> Arc<dyn EventSink> {
        Arc::new(MeteredEventSink::new(self.events.clone(), log))
    }

    /// Counts sends, and tells them on.
    pub fn before_journal(&self, journal: Arc<dyn SmsObserver>) -> Arc<dyn SmsObserver> {
        Arc::new(MeteredSmsObserver::new(self.sms.clone(), journal))
    }

    /// Begins series for what may be sent, so that a rate has a zero to begin at.
    pub(crate) fn expect_sms(&self, providers: &[&str], countries: &[&str]) {
        self.sms.expect(providers, countries);
    }

    /// The latencies of calls.
    pub const fn http(&self) -> &HttpMetrics {
        &self.http
    }

    /// What committers and retention count.
    pub const fn store(&self) -> &StoreMetrics {
        &self.store
    }

    /// What is so now.
    pub(crate) const fn state(&self) -> &StateGauges {
        &self.state
    }

    /// Everything, as text.
    pub fn render(&self, now: Timestamp) -> String {
        self.events.look(now);
        let mut text = String::with_capacity(32 * 1024);
        // A String takes all; and a half is worse than nothing.
        if encode(&mut text, &self.registry).is_err() {
            text.clear();
        }
        text
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}
