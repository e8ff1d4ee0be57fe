//! Handle of the log: its loggers, reopening and flushing.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use mfa_core::{Clock, EventSink};
use slog::{Drain, Level, LevelFilter, Logger};

use super::json_lines::StampDrain;
use super::log_file::{LogFile, LogTarget};
use super::queue::{BatchWriter, DroppedLinesReporter, QueueDrain, QueueGuard, WhenFull};
use super::security_log::SecurityLog;
use crate::crypto::SystemClock;

/// Handle of the log. Dropping it writes all queued lines; later lines are lost and counted.
pub struct Telemetry {
    logger: Logger,
    access: Logger,
    events: Arc<dyn EventSink>,
    file: Arc<LogFile>,
    dropped: Arc<AtomicU64>,
    unwritten: Arc<AtomicU64>,
    // Dropped in this order: the access queue first, so that its dropped lines can still be reported.
    _access_guard: QueueGuard,
    _guard: QueueGuard,
}

/// Error of opening the log file.
#[derive(Debug, thiserror::Error)]
#[error(
    "MFA_LOG_FILE: cannot open {file} ({source}): use a path that this user can write to, or - for standard output"
)]
pub struct TelemetryError {
    file: String,
    source: io::Error,
}

impl Telemetry {
    /// Opens the log of the setting `MFA_LOG_FILE`, for lines of at least this level. Security events are written at any
    /// level.
    ///
    /// # Errors
    ///
    /// [`TelemetryError`] if the file cannot be opened: show its message, which contains the remedy, and do not start.
    pub fn open(level: Level, target: LogTarget) -> Result<Self, TelemetryError> {
        let name = target.to_string();
        let opened = LogFile::open(target)
            .and_then(|file| Self::with_clock(level, Arc::new(file), Arc::new(SystemClock)));
        opened.map_err(|source| TelemetryError { file: name, source })
    }

    fn with_clock(level: Level, file: Arc<LogFile>, clock: Arc<dyn Clock>) -> io::Result<Self> {
        let (dropped, unwritten) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let writer = || BatchWriter { file: Arc::clone(&file), unwritten: Arc::clone(&unwritten) };

        let lines = writer();
        let write = move |batch: &[u8]| lines.write(batch);
        let (blocking, guard) = QueueDrain::start("log", WhenFull::Block, Arc::clone(&unwritten), write)?;
        let blocking = Arc::new(blocking);
        let stamp = StampDrain::new(Arc::clone(&clock), Arc::clone(&blocking));
        let logger = Logger::root(LevelFilter::new(stamp, level).ignore_res(), slog::o!());

        let mut report = DroppedLinesReporter {
            inner: writer(),
            clock: Arc::clone(&clock),
            dropped: Arc::clone(&dropped),
            reported: 0,
        };
        let write = move |batch: &[u8]| report.write(batch);
        let (dropping, access_guard) =
            QueueDrain::start("access-log", WhenFull::Drop, Arc::clone(&dropped), write)?;
        let stamp = StampDrain::new(clock, dropping);
        let access = Logger::root(LevelFilter::new(stamp, level).ignore_res(), slog::o!());

        let events = Arc::new(SecurityLog(blocking));
        Ok(Self {
            logger,
            access,
            events,
            file,
            dropped,
            unwritten,
            _access_guard: access_guard,
            _guard: guard,
        })
    }

    /// Returns the logger for server messages. Blocks while the queue is full.
    pub fn logger(&self) -> Logger {
        self.logger.clone()
    }

    /// Returns the logger for access lines. Never blocks: drops the line if the queue is full.
    pub fn access(&self) -> Logger {
        self.access.clone()
    }

    /// Returns the sink for security events. Blocks while the queue is full.
    pub fn events(&self) -> Arc<dyn EventSink> {
        Arc::clone(&self.events)
    }

    /// Reopens the log file after it was moved (log rotation). No line is lost.
    ///
    /// # Errors
    ///
    /// [`TelemetryError`] if the file cannot be opened: lines are still written to the old one.
    pub fn reopen(&self) -> Result<(), TelemetryError> {
        self.file.reopen().map_err(|source| TelemetryError { file: self.file.target().to_string(), source })
    }

    /// Returns the number of access lines dropped since the start.
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Returns the number of lines of any kind that could not be written since the start, such as on a full disk.
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
