//! Retention of audit events, and the handle to the audit log as a whole.

use std::sync::Arc;
use std::time::Duration;

use mfa_core::{Clock, StoreError, StoreErrorKind};
use slog::Logger;

use crate::audit::{Auditor, RetentionReport};
use crate::metrics::StoreMetrics;

/// Interval between two removals.
const INTERVAL: Duration = Duration::from_hours(1);

/// Audit log of this installation, across all users.
#[derive(Clone, Copy, Debug)]
pub struct AuditOperations<'a> {
    pub(super) retention: &'a AuditRetentionMonitor,
}

impl<'a> AuditOperations<'a> {
    /// Returns the auditor, which verifies and exports events.
    pub fn auditor(&self) -> &'a Auditor {
        &self.retention.auditor
    }

    /// Removes the events older than `MFA_AUDIT_DAYS` now, as the server does every hour. Returns how many it removed.
    ///
    /// # Errors
    ///
    /// [`StoreError`]: the next run removes the rest.
    pub async fn trim(&self) -> Result<u64, StoreError> {
        self.retention.trim().await
    }
}

/// Background task that removes events older than `MFA_AUDIT_DAYS` and logs what it removed.
#[derive(Debug)]
pub(super) struct AuditRetentionMonitor {
    pub(super) auditor: Auditor,
    pub(super) clock: Arc<dyn Clock>,
    /// Age from which events are removed.
    pub(super) max_age: Duration,
    pub(super) log: Logger,
    pub(super) metrics: StoreMetrics,
}

impl AuditRetentionMonitor {
    /// Removes old events now and every hour.
    pub(super) async fn run(self: Arc<Self>) {
        let mut ticks = tokio::time::interval(INTERVAL);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            if let Err(error) = self.trim().await {
                slog::error!(self.log, "old events could not be removed"; "error" => error.to_string());
            }
        }
    }

    /// Removes the events that are old now. Does nothing while the clock is not trusted: with a wrong clock, every event
    /// could be old.
    async fn trim(&self) -> Result<u64, StoreError> {
        if !self.clock.is_trusted() {
            return Ok(0);
        }
        let (auditor, before) = (self.auditor.clone(), self.clock.now().minus(self.max_age));
        let report = tokio::task::spawn_blocking(move || auditor.trim(before)).await;
        let report = report
            .map_err(|error| StoreError::new(StoreErrorKind::Unavailable, "trim").with_source(error))??;
        self.record(&report);
        Ok(report.events)
    }

    fn record(&self, report: &RetentionReport) {
        self.metrics.trimmed(report.events, report.findings.len());
        for finding in &report.findings {
            slog::error!(self.log, "audit chain verification failed while old events were removed";
                "finding" => finding.to_string());
        }
        if report.events > 0 {
            slog::info!(self.log, "old events removed"; "events" => report.events,
                "chains" => report.chains);
        }
    }
}
