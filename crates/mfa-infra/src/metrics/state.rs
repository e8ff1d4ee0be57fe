//! Gauges of the current state, set when metrics are scraped.

use std::sync::atomic::{AtomicU64, Ordering};

use mfa_core::Timestamp;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

type FloatGauge = Gauge<f64, AtomicU64>;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ProviderLabel {
    provider: String,
}

/// Load of a database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DatabaseLoad {
    /// Number of decisions that wait for a committer.
    pub waiting: usize,
    /// Maximum number of connections for reads.
    pub connections: usize,
    /// Number of connections for reads in use.
    pub in_use: usize,
}

/// State of an SMS provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ProviderState {
    pub(crate) provider: &'static str,
    pub(crate) is_up: bool,
}

/// Gauges of the current state.
#[derive(Debug, Default)]
pub(crate) struct StateGauges {
    committer_waiting: Gauge,
    pool_connections: Gauge,
    pool_in_use: Gauge,
    redis_configured: Gauge,
    redis_up: Gauge,
    provider_up: Family<ProviderLabel, Gauge>,
    low_conversions: Gauge,
    clock_trusted: Gauge,
    clock_skew: FloatGauge,
    lines_dropped: Counter,
    lines_unwritten: Counter,
}

impl StateGauges {
    pub(super) fn register(registry: &mut Registry, started: Timestamp) -> Self {
        let it = Self::default();
        let mut add = |name: &str, help: &str, gauge: &Gauge| registry.register(name, help, gauge.clone());
        add("mfa_committer_waiting", "Decisions waiting for a committer", &it.committer_waiting);
        add(
            "mfa_database_pool_connections",
            "Maximum size of the connection pool for reads",
            &it.pool_connections,
        );
        add("mfa_database_pool_in_use", "Connections of the pool for reads that are in use", &it.pool_in_use);
        add(
            "mfa_redis_configured",
            "Whether Redis is configured for shared rate limits",
            &it.redis_configured,
        );
        add(
            "mfa_redis_up",
            "Whether rate limits are shared through Redis, 0 while each server limits on its own",
            &it.redis_up,
        );
        add(
            "mfa_sms_low_conversions",
            "Prefixes and countries with a low conversion rate of SMS codes",
            &it.low_conversions,
        );
        add(
            "mfa_clock_trusted",
            "Whether the clock agrees with the database server's clock",
            &it.clock_trusted,
        );
        let start: Gauge = Gauge::default();
        start.set(started.seconds());
        registry.register(
            "mfa_start_time_seconds",
            "Start time of the process since the Unix epoch, in seconds",
            start,
        );
        registry.register(
            "mfa_sms_provider_up",
            "Whether the SMS provider is in use, 0 while its circuit breaker is open",
            it.provider_up.clone(),
        );
        registry.register(
            "mfa_clock_skew_seconds",
            "Clock difference from the database server at the last check, in seconds",
            it.clock_skew.clone(),
        );
        registry.register(
            "mfa_log_lines_dropped",
            "Total access log lines dropped because the buffer was full",
            it.lines_dropped.clone(),
        );
        registry.register(
            "mfa_log_lines_unwritten",
            "Total log lines that could not be written to the log file",
            it.lines_unwritten.clone(),
        );
        it
    }

    pub(crate) fn database(&self, load: DatabaseLoad) {
        self.committer_waiting.set(whole(load.waiting));
        self.pool_connections.set(whole(load.connections));
        self.pool_in_use.set(whole(load.in_use));
    }

    /// Sets the state of Redis; `None` if Redis is not configured.
    pub(crate) fn redis(&self, is_up: Option<bool>) {
        self.redis_configured.set(i64::from(is_up.is_some()));
        self.redis_up.set(i64::from(is_up == Some(true)));
    }

    pub(crate) fn providers(&self, states: impl IntoIterator<Item = ProviderState>) {
        for state in states {
            let label = ProviderLabel { provider: state.provider.to_owned() };
            self.provider_up.get_or_create(&label).set(i64::from(state.is_up));
        }
    }

    pub(crate) fn low_conversions(&self, count: usize) {
        self.low_conversions.set(whole(count));
    }

    pub(crate) fn clock(&self, is_trusted: bool, skew_seconds: f64) {
        self.clock_trusted.set(i64::from(is_trusted));
        self.clock_skew.set(skew_seconds);
    }

    /// Sets the counts of lost log lines since the start.
    pub(crate) fn log_lines(&self, dropped: u64, unwritten: u64) {
        self.lines_dropped.inner().store(dropped, Ordering::Relaxed);
        self.lines_unwritten.inner().store(unwritten, Ordering::Relaxed);
    }
}

fn whole(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
