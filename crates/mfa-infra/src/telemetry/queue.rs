//! Log queues: one blocks when full, the other drops lines.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use mfa_core::Clock;
use slog::{Drain, Never, OwnedKVList, Record};
use slog_async::{AsyncCore, AsyncGuard};

use super::json_lines::{JsonLines, log_with_header};

/// Capacity of a queue in lines, each up to about a kilobyte.
const QUEUE_LEN: usize = 4096;

/// Queue that blocks the caller while it is full.
///
/// A line is lost, and counted, only if the thread of the queue has ended (after the log was closed, or a panic).
pub(super) struct BlockingQueue {
    queue: AsyncCore,
    unwritten: Arc<AtomicU64>,
}

impl BlockingQueue {
    pub(super) fn new(lines: JsonLines, unwritten: Arc<AtomicU64>) -> (Self, AsyncGuard) {
        let (queue, guard) = AsyncCore::custom(lines)
            .chan_size(QUEUE_LEN)
            .blocking(true)
            .thread_name("log".to_owned())
            .build_with_guard();
        (Self { queue, unwritten }, guard)
    }
}

impl Drain for BlockingQueue {
    type Ok = ();
    type Err = Never;

    fn log(&self, record: &Record<'_>, logger: &OwnedKVList) -> Result<(), Never> {
        if self.queue.log(record, logger).is_err() {
            self.unwritten.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    }
}

/// Queue that drops and counts a line if it is full or its thread has ended.
pub(super) struct DroppingQueue {
    queue: AsyncCore,
    dropped: Arc<AtomicU64>,
}

impl DroppingQueue {
    pub(super) fn new<D>(lines: D, dropped: Arc<AtomicU64>) -> (Self, AsyncGuard)
    where
        D: Drain<Ok = (), Err = Never> + Send + 'static,
    {
        let (queue, guard) = AsyncCore::custom(lines)
            .chan_size(QUEUE_LEN)
            .thread_name("access-log".to_owned())
            .build_with_guard();
        (Self { queue, dropped }, guard)
    }
}

impl Drain for DroppingQueue {
    type Ok = ();
    type Err = Never;

    fn log(&self, record: &Record<'_>, logger: &OwnedKVList) -> Result<(), Never> {
        if self.queue.log(record, logger).is_err() {
            self.dropped.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    }
}

/// Drain behind a [`DroppingQueue`] that reports the number of dropped lines before the next line.
///
/// There always is a next line, because a queue that drops is full of lines.
pub(super) struct DroppedLinesReporter<D> {
    pub(super) inner: D,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) dropped: Arc<AtomicU64>,
    pub(super) reported: AtomicU64,
}

impl<D: Drain<Ok = (), Err = Never>> Drain for DroppedLinesReporter<D> {
    type Ok = ();
    type Err = Never;

    fn log(&self, record: &Record<'_>, logger: &OwnedKVList) -> Result<(), Never> {
        let dropped = self.dropped.load(Ordering::Relaxed);
        let unreported = dropped.saturating_sub(self.reported.swap(dropped, Ordering::Relaxed));
        if unreported > 0 {
            let values = slog::b!("count" => unreported);
            let message = format_args!("access lines dropped: the log queue was full");
            let report = slog::record!(slog::Level::Warning, "", &message, values);
            log_with_header(&self.inner, self.clock.now(), &report, &OwnedKVList::from(slog::o!()))?;
        }
        self.inner.log(record, logger)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::mpsc::{Receiver, Sender, channel};

    use super::*;
    use crate::crypto::SystemClock;

    /// Drain that records each message, but only after a signal.
    struct Slow(Arc<Mutex<Vec<String>>>, Mutex<Receiver<()>>);

    impl Drain for Slow {
        type Ok = ();
        type Err = Never;

        fn log(&self, record: &Record<'_>, _: &OwnedKVList) -> Result<(), Never> {
            let _ = self.1.lock().unwrap().recv();
            self.0.lock().unwrap().push(record.msg().to_string());
            Ok(())
        }
    }

    fn slow() -> (Slow, Arc<Mutex<Vec<String>>>, Sender<()>) {
        let (kept, (go, may_go)) = (Arc::default(), channel());
        (Slow(Arc::clone(&kept), Mutex::new(may_go)), kept, go)
    }

    #[test]
    fn lines_that_a_full_queue_drops_are_counted_and_reported() {
        const ALL: u64 = QUEUE_LEN as u64 + 100;
        let (slow, kept, go) = slow();
        let dropped = Arc::new(AtomicU64::new(0));
        let report = DroppedLinesReporter {
            inner: slow,
            clock: Arc::new(SystemClock),
            dropped: Arc::clone(&dropped),
            reported: AtomicU64::new(0),
        };
        let (queue, guard) = DroppingQueue::new(report, Arc::clone(&dropped));
        let logger = slog::Logger::root(queue, slog::o!());
        for n in 0..ALL {
            slog::info!(logger, "{n}");
        }
        let lost = dropped.load(Ordering::Relaxed);
        assert!((99..=100).contains(&lost), "the thread may still hold one connection: {lost}");
        drop(go);
        drop(guard);
        let kept = kept.lock().unwrap();
        let reports = kept.iter().filter(|it| it.starts_with("access lines dropped")).count();
        assert!((1..=2).contains(&reports), "one report for each increase of the count: {reports}");
        let written = kept.len().saturating_sub(reports);
        assert_eq!(u64::try_from(written).unwrap().saturating_add(lost), ALL);
        slog::info!(logger, "after the end");
        assert_eq!(dropped.load(Ordering::Relaxed), lost.saturating_add(1));
    }
}
