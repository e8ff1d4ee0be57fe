//! Prometheus metrics: counters, gauges and histograms in the OpenMetrics text format.
//!
//! Counters sit where events already pass: an [`EventSink`] before the log, an [`SmsObserver`] before the SMS log, the
//! HTTP middleware for latencies, the committers for their groups. No handler and no flow counts. Gauges are set when
//! metrics are scraped.
//!
//! Labels have bounded values only: kinds, outcomes, factors, route patterns, countries of the allow list; never a user,
//! an address or a requested path. To add a metric, add a field and its registration in the file of its subject, and a
//! line in `docs/metrics.md`; a test compares both.

mod events;
mod failure_spike;
mod http;
mod mail;
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
pub(crate) use mail::{DropReason, MailMetrics};
pub use state::DatabaseLoad;
pub(crate) use state::{ProviderState, StateGauges};
pub use store::{GroupResult, StoreMetrics};

/// Metrics of one process.
pub struct Metrics {
    registry: Registry,
    events: EventCounters,
    sms: SmsCounters,
    http: HttpMetrics,
    mail: MailMetrics,
    store: StoreMetrics,
    state: StateGauges,
}

impl Metrics {
    /// Media type of OpenMetrics.
    pub const MEDIA_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

    /// Creates metrics with all counters at zero.
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
            mail: MailMetrics::register(&mut registry),
            store: StoreMetrics::register(&mut registry),
            state: StateGauges::register(&mut registry, started),
            registry,
        }
    }

    /// Returns a sink that counts events and forwards them to `log`.
    pub fn meter_events(&self, log: Arc<dyn EventSink>) -> Arc<dyn EventSink> {
        Arc::new(MeteredEventSink::new(self.events.clone(), log))
    }

    /// Returns an observer that counts SMS and forwards them to `observer`.
    pub fn meter_sms(&self, observer: Arc<dyn SmsObserver>) -> Arc<dyn SmsObserver> {
        Arc::new(MeteredSmsObserver::new(self.sms.clone(), observer))
    }

    /// Creates the series of possible SMS at zero, so that rates have a start value.
    pub(crate) fn expect_sms(&self, providers: &[&str], countries: &[&str]) {
        self.sms.expect(providers, countries);
    }

    /// Returns the latencies of HTTP requests.
    pub const fn http(&self) -> &HttpMetrics {
        &self.http
    }

    /// Returns the metrics of mails.
    pub(crate) const fn mail(&self) -> &MailMetrics {
        &self.mail
    }

    /// Returns the metrics of committers and of event retention.
    pub const fn store(&self) -> &StoreMetrics {
        &self.store
    }

    /// Returns the gauges of the current state.
    pub(crate) const fn state(&self) -> &StateGauges {
        &self.state
    }

    /// Returns all metrics as text.
    pub fn render(&self, now: Timestamp) -> String {
        self.events.update(now);
        let mut text = String::with_capacity(32 * 1024);
        // Writing to a String does not fail; if it did, part of the text would be worse than none.
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
