//! Metrics of committers and of event retention.

use std::fmt;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

/// Upper bounds of the buckets: a group has at most 64 decisions.
const GROUP_BUCKETS: [f64; 7] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0];

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct GroupResultLabel {
    outcome: &'static str,
}

/// Outcome of a group of decisions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum GroupResult {
    /// The group was stored.
    Stored,
    /// The database rejected the write.
    Refused,
    /// The database could not be reached.
    Unreachable,
    /// The connection was lost after the write was sent.
    Unknown,
}

impl GroupResult {
    const ALL: [Self; 4] = [Self::Stored, Self::Refused, Self::Unreachable, Self::Unknown];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Stored => "stored",
            Self::Refused => "refused",
            Self::Unreachable => "unreachable",
            Self::Unknown => "unknown",
        }
    }
}

/// Metrics of committers and of event retention.
#[derive(Clone)]
pub struct StoreMetrics {
    group_size: Histogram,
    groups: Family<GroupResultLabel, Counter>,
    contended: Counter,
    removed: Counter,
    flaws: Counter,
}

impl Default for StoreMetrics {
    /// Metrics that are not registered anywhere.
    fn default() -> Self {
        Self {
            group_size: Histogram::new(GROUP_BUCKETS),
            groups: Family::default(),
            contended: Counter::default(),
            removed: Counter::default(),
            flaws: Counter::default(),
        }
    }
}

impl StoreMetrics {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let it = Self::default();
        registry.register(
            "mfa_committer_group_size",
            "Number of decisions per commit",
            it.group_size.clone(),
        );
        registry.register("mfa_committer_groups", "Total groups of decisions, by outcome", it.groups.clone());
        registry.register(
            "mfa_committer_slow_decisions",
            "Total decisions moved to the contended queue because their row was locked or had changed",
            it.contended.clone(),
        );
        registry.register(
            "mfa_audit_events_removed",
            "Total audit events removed after the retention period",
            it.removed.clone(),
        );
        registry.register(
            "mfa_audit_flaws",
            "Total event chains found altered while old events were removed",
            it.flaws.clone(),
        );
        for result in GroupResult::ALL {
            drop(it.groups.get_or_create(&GroupResultLabel { outcome: result.as_str() }));
        }
        it
    }

    /// Records the number of decisions in a group.
    pub fn group(&self, decisions: usize) {
        self.group_size.observe(f64::from(u32::try_from(decisions).unwrap_or(u32::MAX)));
    }

    /// Counts the outcome of a group, or of part of it.
    pub fn result(&self, result: GroupResult) {
        self.groups.get_or_create(&GroupResultLabel { outcome: result.as_str() }).inc();
    }

    /// Counts decisions that go to the contended queue.
    pub fn contended(&self, decisions: usize) {
        self.contended.inc_by(u64::try_from(decisions).unwrap_or(u64::MAX));
    }

    /// Counts events that retention removed, and flaws that it found.
    pub fn trimmed(&self, events: u64, flaws: usize) {
        self.removed.inc_by(events);
        self.flaws.inc_by(u64::try_from(flaws).unwrap_or(u64::MAX));
    }
}

impl fmt::Debug for StoreMetrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StoreMetrics")
    }
}
