//! Comparing the clock with the database's, again and again.

use std::sync::Arc;
use std::time::Duration;

use mfa_core::{Clock, StoreError};

use crate::clock::MonitoredClock;
use crate::database::Database;
use crate::telemetry::Telemetry;

/// How often the clock is compared with the database's.
const CLOCK_CHECK: Duration = Duration::from_secs(30);

/// Compares the clock with the database's, again and again.
pub(super) struct ClockMonitor {
    pub(super) database: Arc<dyn Database>,
    pub(super) clock: Arc<MonitoredClock>,
    pub(super) telemetry: Arc<Telemetry>,
    pub(super) most: Duration,
}

impl ClockMonitor {
    /// Compares once. Answers whether the database has a clock to compare with.
    pub(super) async fn check(&self) -> Result<bool, StoreError> {
        let before = self.clock.now();
        let Some(time) = self.database.time().await? else { return Ok(false) };
        let trusted = self.clock.is_trusted();
        self.clock.compare(before, time, self.most);
        if trusted != self.clock.is_trusted() {
            slog::error!(self.telemetry.logger(), "the clock was compared with the database's";
                "trusted" => self.clock.is_trusted());
        }
        Ok(true)
    }

    pub(super) async fn run(self) {
        loop {
            tokio::time::sleep(CLOCK_CHECK).await;
            // A database that is away is readiness's to tell; the last comparison stands meanwhile.
            drop(self.check().await);
        }
    }
}
