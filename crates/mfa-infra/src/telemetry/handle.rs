//! The log as a whole: opened once, handed out in pieces, flushed at the end.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use mfa_core::{Clock, EventSink};
use slog::{Drain, Level, LevelFilter, Logger};
use slog_async::AsyncGuard;

use super::LogTarget;
use super::json_lines::{JsonLines, StampDrain};
use super::log_file::LogFile;
use super::queues::{BlockingQueue, DroppedLinesReporter, DroppingQueue};
use super::security_log::SecurityLog;
use crate::crypto::SystemClock;

/// The log. Dropping it writes all that waits; lines that come later are lost, and counted.
pub struct Telemetry {
    logger: Logger,
    access: Logger,
    events: Arc<dyn EventSink>,
    file: Arc<LogFile>,
    dropped: Arc<AtomicU64>,
    unwritten: Arc<AtomicU64>,
    // Dropped in this order: access lines first, so that what is said of them can still be said.
    _access_guard: AsyncGuard,
    _guard: AsyncGuard,
}

/// The log cannot be opened.
#[derive(Debug, thiserror::Error)]
#[error(
    "MFA_LOG_FILE: {file} cannot be opened ({source}); name a file that this user may write to and whose folder exists \
     or may be made, or - for standard output"
)]
pub struct TelemetryError {
    file: String,
    source: io::Error,
}

impl Telemetry {
    /// Opens the log of the setting `MFA_LOG_FILE`, for lines of this level and above. Security events are written
    /// whatever the level.
    ///
    /// # Errors
    ///
    /// [`TelemetryError`] when the file cannot be opened: its text says what to do, so show it and do not start.
    pub fn open(level: Level, target: LogTarget) -> Result<Self, TelemetryError> {
        let name = target.to_string();
        let file = LogFile::open(target).map_err(|source| TelemetryError { file: name, source })?;
        Ok(Self::to(level, Arc::new(file), Arc::new(SystemClock)))
    }

    fn to(level: Level, file: Arc<LogFile>, clock: Arc<dyn Clock>) -> Self {
        let (dropped, unwritten) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let lines = || JsonLines::new(Arc::clone(&file), Arc::clone(&unwritten));

        let (waiting, guard) = BlockingQueue::new(lines(), Arc::clone(&unwritten));
        let waiting = Arc::new(waiting);
        let stamp = StampDrain::new(Arc::clone(&clock), Arc::clone(&waiting));
        let logger = Logger::root(LevelFilter::new(stamp, level).ignore_res(), slog::o!());

        let report = DroppedLinesReporter {
            inner: lines(),
            clock: Arc::clone(&clock),
            dropped: Arc::clone(&dropped),
            told: AtomicU64::new(0),
        };
        let (dropping, access_guard) = DroppingQueue::new(report, Arc::clone(&dropped));
        let stamp = StampDrain::new(clock, dropping);
        let access = Logger::root(LevelFilter::new(stamp, level).ignore_res(), slog::o!());

        let events = Arc::new(SecurityLog(waiting));
        Self { logger, access, events, file, dropped, unwritten, _access_guard: access_guard, _guard: guard }
    }

    /// For the server's own messages. Waits where the queue is full.
    pub fn logger(&self) -> Logger {
        self.logger.clone()
    }

    /// For a line about each request. Never waits: drops the line where the queue is full.
    pub fn access(&self) -> Logger {
        self.access.clone()
    }

    /// For security events. Waits where the queue is full.
    pub fn events(&self) -> Arc<dyn EventSink> {
        Arc::clone(&self.events)
    }

    /// Opens the log's file anew, after it was moved away. No line is lost.
    ///
    /// # Errors
    ///
    /// [`TelemetryError`] when there is no such file to be had: lines go on to the old one.
    pub fn reopen(&self) -> Result<(), TelemetryError> {
        self.file.reopen().map_err(|source| TelemetryError { file: self.file.target().to_string(), source })
    }

    /// How many access lines were dropped since the start.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// How many lines of any kind the file did not take since the start, as on a full disk.
    pub fn unwritten(&self) -> u64 {
        self.unwritten.load(Ordering::Relaxed)
    }
}

impl fmt::Debug for Telemetry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Telemetry")
            .field("file", &self.file)
            .field("dropped", &self.dropped())
            .field("unwritten", &self.unwritten())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
#[path = "handle/tests.rs"]
mod tests;
