//! Queue of log lines: callers append encoded lines, and a thread writes them in batches.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use mfa_core::Clock;
use slog::{Drain, Never, OwnedKVList, Record};

use super::json_lines::{encode, log_with_header};
use super::log_file::LogFile;

/// Capacity of a queue in lines, each up to about a kilobyte.
const QUEUE_LEN: usize = 4096;
/// Time that the thread gathers lines before it writes them, so that a busy server writes many at once.
const GATHER: Duration = Duration::from_millis(4);

/// Lines that wait.
#[derive(Default)]
struct WaitingLines {
    /// The lines, each with its line feed.
    text: Vec<u8>,
    lines: usize,
    is_closed: bool,
}

#[derive(Default)]
struct Shared {
    waiting: Mutex<WaitingLines>,
    /// The first line has arrived, or the queue was closed.
    arrived: Condvar,
    /// The waiting lines were taken.
    taken: Condvar,
}

impl Shared {
    fn waiting(&self) -> MutexGuard<'_, WaitingLines> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Behaviour of a full queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WhenFull {
    /// The caller waits.
    Block,
    /// The line is lost, and counted.
    Drop,
}

/// Drain that encodes each record as a line and appends it to a queue.
///
/// A line that is lost is counted: if the queue is full and drops lines, or if its thread has ended (after the log was
/// closed).
pub(super) struct QueueDrain {
    shared: Arc<Shared>,
    when_full: WhenFull,
    lost: Arc<AtomicU64>,
}

/// Dropping it writes the waiting lines and ends the thread.
pub(super) struct QueueGuard {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl QueueDrain {
    /// Starts the thread. `write` writes a batch of this many lines.
    ///
    /// # Errors
    ///
    /// The error of the operating system if it starts no thread.
    pub(super) fn start(
        name: &str,
        when_full: WhenFull,
        lost: Arc<AtomicU64>,
        write: impl FnMut(&[u8]) + Send + 'static,
    ) -> io::Result<(Self, QueueGuard)> {
        let shared = Arc::<Shared>::default();
        let of_thread = Arc::clone(&shared);
        let work = move || write_batches(&of_thread, write);
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(work)?;
        let guard = QueueGuard { shared: Arc::clone(&shared), thread: Some(thread) };
        Ok((Self { shared, when_full, lost }, guard))
    }

    /// Appends a line. Returns `false` if it is lost.
    fn put(&self, line: &[u8]) -> bool {
        let mut waiting = self.shared.waiting();
        while waiting.lines >= QUEUE_LEN && !waiting.is_closed {
            if self.when_full == WhenFull::Drop {
                return false;
            }
            waiting = self.shared.taken.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
        if waiting.is_closed {
            return false;
        }
        waiting.text.extend_from_slice(line);
        waiting.text.push(b'\n');
        waiting.lines = waiting.lines.saturating_add(1);
        // The thread waits for a first line only.
        let is_first = waiting.lines == 1;
        drop(waiting);
        if is_first {
            self.shared.arrived.notify_one();
        }
        true
    }
}

impl Drain for QueueDrain {
    type Ok = ();
    type Err = Never;

    fn log(&self, record: &Record<'_>, logger: &OwnedKVList) -> Result<(), Never> {
        let is_queued = encode(record, logger).is_ok_and(|line| self.put(&line));
        if !is_queued {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    }
}

impl Drop for QueueGuard {
    fn drop(&mut self) {
        self.shared.waiting().is_closed = true;
        self.shared.arrived.notify_all();
        self.shared.taken.notify_all();
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

/// Writes batches until the queue is closed and empty. The two buffers are used in turn.
fn write_batches(shared: &Shared, mut write: impl FnMut(&[u8])) {
    let mut batch = Vec::new();
    loop {
        let mut waiting = shared.waiting();
        while waiting.lines == 0 {
            if waiting.is_closed {
                return;
            }
            waiting = shared.arrived.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
        if !waiting.is_closed {
            drop(waiting);
            std::thread::sleep(GATHER);
            waiting = shared.waiting();
        }
        std::mem::swap(&mut waiting.text, &mut batch);
        waiting.lines = 0;
        drop(waiting);
        shared.taken.notify_all();
        write(&batch);
        batch.clear();
    }
}

/// Writer of batches to a file, which counts the lines that cannot be written.
pub(super) struct BatchWriter {
    pub(super) file: Arc<LogFile>,
    pub(super) unwritten: Arc<AtomicU64>,
}

impl BatchWriter {
    /// Appends whole lines.
    pub(super) fn write(&self, lines: &[u8]) {
        let lost = self.file.append(lines);
        self.unwritten.fetch_add(lost, Ordering::Relaxed);
    }
}

/// Writer that reports the number of dropped lines before the next batch.
///
/// There always is a next batch, because a queue that drops is full of lines.
pub(super) struct DroppedLinesReporter {
    pub(super) inner: BatchWriter,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) dropped: Arc<AtomicU64>,
    pub(super) reported: u64,
}

impl DroppedLinesReporter {
    /// Appends whole lines.
    pub(super) fn write(&mut self, lines: &[u8]) {
        let dropped = self.dropped.load(Ordering::Relaxed);
        let unreported = dropped.saturating_sub(std::mem::replace(&mut self.reported, dropped));
        if unreported > 0 {
            let values = slog::b!("count" => unreported);
            let message = format_args!("access lines dropped: the log queue was full");
            let report = slog::record!(slog::Level::Warning, "", &message, values);
            let Ok(()) = log_with_header(
                &ToBatch(&self.inner),
                self.clock.now(),
                &report,
                &OwnedKVList::from(slog::o!()),
            );
        }
        self.inner.write(lines);
    }
}

/// Drain that writes a record at once.
struct ToBatch<'a>(&'a BatchWriter);

impl Drain for ToBatch<'_> {
    type Ok = ();
    type Err = Never;

    fn log(&self, record: &Record<'_>, logger: &OwnedKVList) -> Result<(), Never> {
        match encode(record, logger) {
            Ok(mut line) => {
                line.push(b'\n');
                self.0.write(&line);
            }
            Err(_) => {
                self.0.unwritten.fetch_add(1, Ordering::Relaxed);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use tempfile::TempDir;

    use super::super::log_file::LogTarget;
    use super::*;
    use crate::crypto::SystemClock;

    fn lines_of(text: &[u8]) -> usize {
        text.split_inclusive(|it| *it == b'\n').count()
    }

    #[test]
    fn lines_that_a_full_queue_drops_are_counted_and_reported() {
        const ALL: u64 = QUEUE_LEN as u64 + 100;
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("access.log");
        let file = Arc::new(LogFile::open(LogTarget::File(path.clone())).unwrap());
        let dropped = Arc::<AtomicU64>::default();
        let mut report = DroppedLinesReporter {
            inner: BatchWriter { file, unwritten: Arc::default() },
            clock: Arc::new(SystemClock),
            dropped: Arc::clone(&dropped),
            reported: 0,
        };
        let (go, may_go) = channel::<()>();
        let write = move |lines: &[u8]| {
            let _ = may_go.recv();
            report.write(lines);
        };
        let (queue, guard) = QueueDrain::start("test", WhenFull::Drop, Arc::clone(&dropped), write).unwrap();
        let logger = slog::Logger::root(queue, slog::o!());
        for n in 0..ALL {
            slog::info!(logger, "{n}");
        }
        // Fills the queue for sure, whatever batch the writer took before.
        for n in 0..ALL {
            slog::info!(logger, "{n}");
        }
        let lost = dropped.load(Ordering::Relaxed);
        // One batch is with the writer, and one waits.
        assert!(lost >= 2 * 100, "{lost}");
        drop(go);
        drop(guard);
        let text = std::fs::read(&path).unwrap();
        let reports = String::from_utf8_lossy(&text).matches("access lines dropped").count();
        assert!((1..=2).contains(&reports), "one report for each increase of the count: {reports}");
        let written = u64::try_from(lines_of(&text).saturating_sub(reports)).unwrap();
        assert_eq!(written.saturating_add(lost), 2 * ALL);
        slog::info!(logger, "after the end");
        assert_eq!(dropped.load(Ordering::Relaxed), lost.saturating_add(1));
    }

    #[test]
    fn a_caller_waits_for_a_full_queue_that_blocks_and_no_line_is_lost() {
        const ALL: usize = 3 * QUEUE_LEN;
        let written = Arc::new(Mutex::new(Vec::new()));
        let lost = Arc::<AtomicU64>::default();
        let (go, may_go) = channel::<()>();
        let write = {
            let written = Arc::clone(&written);
            move |lines: &[u8]| {
                let _ = may_go.recv();
                written.lock().unwrap().extend_from_slice(lines);
            }
        };
        let (queue, guard) = QueueDrain::start("test", WhenFull::Block, Arc::clone(&lost), write).unwrap();
        let logger = slog::Logger::root(queue, slog::o!());
        let filling = std::thread::spawn(move || (0..ALL).for_each(|n| slog::info!(logger, "{n}")));
        for _ in 0..3 {
            go.send(()).unwrap();
        }
        drop(go);
        filling.join().unwrap();
        drop(guard);
        assert_eq!(lines_of(&written.lock().unwrap()), ALL);
        assert_eq!(lost.load(Ordering::Relaxed), 0);
    }
}
