//! Metrics of this process: counters, and gauges that are set when they are rendered.

use mfa_core::Clock as _;
use mfa_flows::Flows;

use crate::clock::MonitoredClock;
use crate::database::Database;
use crate::mail::MailWorker;
use crate::metrics::{HttpMetrics, Metrics, ProviderState, StoreMetrics};
use crate::redis::{RedisRateLimiter, RedisState};
use crate::telemetry::Telemetry;

use super::sms_monitor::SmsMonitor;

/// Metrics of this process.
#[derive(Clone, Copy, Debug)]
pub struct MetricsExporter<'a> {
    pub(super) metrics: &'a Metrics,
    pub(super) flows: &'a Flows,
    pub(super) database: &'a dyn Database,
    pub(super) redis: Option<&'a RedisRateLimiter>,
    pub(super) sms_monitor: &'a SmsMonitor,
    pub(super) mail: &'a MailWorker,
    pub(super) clock: &'a MonitoredClock,
    pub(super) telemetry: &'a Telemetry,
}

impl<'a> MetricsExporter<'a> {
    /// Returns the latencies of HTTP requests, for the server to record.
    pub const fn http(&self) -> &'a HttpMetrics {
        self.metrics.http()
    }

    /// Returns the counters of committers and of audit retention.
    pub const fn store(&self) -> &'a StoreMetrics {
        self.metrics.store()
    }

    /// Returns all metrics in the OpenMetrics text format ([`Metrics::MEDIA_TYPE`]).
    ///
    /// Calls no other system: gauges show the state that the last calls left.
    pub fn render(&self) -> String {
        let (state, sender) = (self.metrics.state(), self.flows.sms_sender());
        state.database(self.database.load());
        state.redis(self.redis.map(|redis| redis.state() == RedisState::Ready));
        let circuit_open: Vec<_> = sender.open_circuits().collect();
        state.providers(
            sender
                .gateways()
                .map(|provider| ProviderState { provider, is_up: !circuit_open.contains(&provider) }),
        );
        state.low_conversions(self.sms_monitor.low_conversions());
        state.clock(self.clock.is_trusted(), self.clock.ahead_seconds());
        state.log_lines(self.telemetry.dropped(), self.telemetry.unwritten());
        self.metrics.mail().queue(self.mail.state(), self.clock.now());
        self.metrics.render(self.clock.now())
    }
}
