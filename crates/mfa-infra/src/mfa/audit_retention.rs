//! Removing events once they are old enough.

use std::sync::Arc;
use std::time::Duration;

use mfa_core::{Clock, StoreError, StoreErrorKind};
use slog::Logger;

use crate::audit::{Auditor, RetentionReport};
use crate::metrics::StoreMetrics;

/// How often old events are looked for.
const EVERY: Duration = Duration::from_hours(1);

/// Removes events once they are older than `MFA_AUDIT_DAYS`, and says what it removed.
#[derive(Debug)]
pub(super) struct AuditRetentionMonitor {
    pub(super) auditor: Auditor,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) kept: Duration,
    pub(super) log: Logger,
    pub(super) metrics: StoreMetrics,
}

impl AuditRetentionMonitor {
    /// Looks, and again every hour.
    pub(super) async fn run(self: Arc<Self>) {
        let mut ticks = tokio::time::interval(EVERY);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            if let Err(error) = self.trim().await {
                slog::error!(self.log, "old events could not be removed"; "error" => error.to_string());
            }
        }
    }

    /// Removes what is old now.
    pub(super) async fn trim(&self) -> Result<u64, StoreError> {
        // By a clock that is wrong, everything could be old.
        if !self.clock.is_trusted() {
            return Ok(0);
        }
        let (auditor, before) = (self.auditor.clone(), self.clock.now().minus(self.kept));
        let trimmed = tokio::task::spawn_blocking(move || auditor.trim(before)).await;
        let trimmed = trimmed
            .map_err(|error| StoreError::new(StoreErrorKind::Unavailable, "trim").with_source(error))??;
        self.record(&trimmed);
        Ok(trimmed.events)
    }

    fn record(&self, trimmed: &RetentionReport) {
        self.metrics.trimmed(trimmed.events, trimmed.findings.len());
        for finding in &trimmed.findings {
            slog::error!(self.log, "an event that is removed for its age was not what it had been";
                "finding" => finding.to_string());
        }
        if trimmed.events > 0 {
            slog::info!(self.log, "old events were removed"; "events" => trimmed.events,
                "chains" => trimmed.chains);
        }
    }
}
