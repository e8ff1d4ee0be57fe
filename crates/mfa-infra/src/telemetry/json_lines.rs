//! Records on their way in and out of a queue: what a line begins with, and how it becomes JSON.

use std::io::{self, Write};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use mfa_core::Timestamp;
use slog::{BorrowedKV, Drain, KV, Level, Never, OwnedKVList, Record, RecordStatic, Serializer};
use slog_json::Json;

use super::log_file::LogFile;
use super::redaction::MaskedValues;

/// What every line begins with: `ts`, `level` and `msg`, and then the record's own key-values.
pub(super) struct LogHeader<'a> {
    pub(super) at: Timestamp,
    pub(super) record: &'a Record<'a>,
}

impl KV for LogHeader<'_> {
    fn serialize(&self, record: &Record<'_>, serializer: &mut dyn Serializer) -> slog::Result {
        serializer.emit_arguments("ts", &format_args!("{}", self.at.rfc3339_millis()))?;
        serializer.emit_str("level", word(self.record.level()))?;
        serializer.emit_arguments("msg", self.record.msg())?;
        self.record.kv().serialize(record, serializer)
    }
}

const fn word(level: Level) -> &'static str {
    match level {
        Level::Critical | Level::Error => "error",
        Level::Warning => "warning",
        Level::Info => "info",
        Level::Debug => "debug",
        Level::Trace => "trace",
    }
}

/// Gives each record its head, with the time that `now` tells, and passes it on.
pub(super) struct StampDrain<D> {
    // slog asks for it, and a clock that is read has no state that a panic could leave half changed.
    clock: AssertUnwindSafe<Arc<dyn mfa_core::Clock>>,
    inner: D,
}

impl<D> StampDrain<D> {
    pub(super) fn new(clock: Arc<dyn mfa_core::Clock>, inner: D) -> Self {
        Self { clock: AssertUnwindSafe(clock), inner }
    }
}

impl<D: Drain> Drain for StampDrain<D> {
    type Ok = D::Ok;
    type Err = D::Err;

    fn log(&self, record: &Record<'_>, logger: &OwnedKVList) -> Result<D::Ok, D::Err> {
        log_headed(&self.inner, self.clock.now(), record, logger)
    }
}

/// Logs a record with its head, with this time.
pub(super) fn log_headed<D: Drain>(
    drain: &D,
    at: Timestamp,
    record: &Record<'_>,
    logger: &OwnedKVList,
) -> Result<D::Ok, D::Err> {
    with_kv(record, &LogHeader { at, record }, |headed| drain.log(headed, logger))
}

/// Hands on the same record with other key-values.
fn with_kv<T>(record: &Record<'_>, kv: &dyn KV, then: impl FnOnce(&Record<'_>) -> T) -> T {
    let of = RecordStatic { location: record.location(), tag: record.tag(), level: record.level() };
    then(&Record::new(&of, record.msg(), BorrowedKV(kv)))
}

/// Writes each record as one line of JSON. What the file does not take is counted.
pub(super) struct JsonLines {
    json: Json<Line>,
    unwritten: Arc<AtomicU64>,
}

impl JsonLines {
    pub(super) fn new(file: Arc<LogFile>, unwritten: Arc<AtomicU64>) -> Self {
        let line = Line { file, bytes: Vec::new() };
        Self { json: Json::new(line).set_newlines(false).set_flush(true).build(), unwritten }
    }
}

impl Drain for JsonLines {
    type Ok = ();
    type Err = Never;

    fn log(&self, record: &Record<'_>, logger: &OwnedKVList) -> Result<(), Never> {
        let nothing_more = OwnedKVList::from(slog::o!());
        let written =
            with_kv(record, &MaskedValues { record, logger }, |it| self.json.log(it, &nothing_more));
        if written.is_err() {
            self.unwritten.fetch_add(1, Ordering::Relaxed);
        }
        Ok(())
    }
}

/// Gathers the pieces of one line, and appends them together when it is flushed.
struct Line {
    file: Arc<LogFile>,
    bytes: Vec<u8>,
}

impl Write for Line {
    fn write(&mut self, piece: &[u8]) -> io::Result<usize> {
        self.bytes.extend_from_slice(piece);
        Ok(piece.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let outcome = self.file.append(&String::from_utf8_lossy(&self.bytes));
        self.bytes.clear();
        outcome
    }
}
