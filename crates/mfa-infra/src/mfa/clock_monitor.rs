//! Periodic comparison of the clock with the database's.

use std::sync::Arc;
use std::time::Duration;

use mfa_core::{Clock as _, StoreError};

use crate::clock::MonitoredClock;
use crate::database::Database;
use crate::telemetry::Telemetry;

/// Interval between two comparisons.
const INTERVAL: Duration = Duration::from_secs(30);

/// Background task that compares the clock with the database's.
pub(super) struct ClockMonitor {
    pub(super) database: Arc<dyn Database>,
    pub(super) clock: Arc<MonitoredClock>,
    pub(super) telemetry: Arc<Telemetry>,
    /// Largest difference at which the clock is trusted.
    pub(super) max_skew: Duration,
}

impl ClockMonitor {
    /// Compares once. Returns whether the database has a clock of its own.
    pub(super) async fn check(&self) -> Result<bool, StoreError> {
        let before = self.clock.now();
        let Some(time) = self.database.time().await? else { return Ok(false) };
        let trusted = self.clock.is_trusted();
        self.clock.compare(before, time, self.max_skew);
        if trusted != self.clock.is_trusted() {
            let log = self.telemetry.logger();
            if trusted {
                slog::error!(log, "clock differs from the database server's clock: codes are rejected"; "trusted" => false);
            } else {
                slog::info!(log, "clock agrees with the database server's clock again"; "trusted" => true);
            }
        }
        Ok(true)
    }

    /// Compares every 30 seconds.
    pub(super) async fn run(self) {
        loop {
            tokio::time::sleep(INTERVAL).await;
            // Readiness reports a database that does not answer; the last comparison stays valid meanwhile.
            drop(self.check().await);
        }
    }
}
