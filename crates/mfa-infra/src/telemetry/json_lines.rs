//! Log lines: common fields and JSON serialisation.

use std::io::{self, Write};
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use mfa_core::Timestamp;
use slog::{BorrowedKV, Drain, KV, Level, Never, OwnedKVList, Record, RecordStatic, Serializer};
use slog_json::Json;

use super::log_file::LogFile;
use super::redaction::MaskedValues;

/// All fields of a log line: `ts`, `level` and `msg`, then the key-values of the record.
pub(super) struct LogFields<'a> {
    pub(super) at: Timestamp,
    pub(super) record: &'a Record<'a>,
}

impl KV for LogFields<'_> {
    fn serialize(&self, record: &Record<'_>, serializer: &mut dyn Serializer) -> slog::Result {
        serializer.emit_arguments("ts", &format_args!("{}", self.at.rfc3339_millis()))?;
        serializer.emit_str("level", level_name(self.record.level()))?;
        serializer.emit_arguments("msg", self.record.msg())?;
        self.record.kv().serialize(record, serializer)
    }
}

const fn level_name(level: Level) -> &'static str {
    match level {
        Level::Critical | Level::Error => "error",
        Level::Warning => "warning",
        Level::Info => "info",
        Level::Debug => "debug",
        Level::Trace => "trace",
    }
}

/// Drain that adds the common fields, with the current time, and forwards the record.
pub(super) struct StampDrain<D> {
    // Required by slog. Reading a clock leaves no inconsistent state after a panic.
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
        log_with_header(&self.inner, self.clock.now(), record, logger)
    }
}

/// Logs a record with the common fields and this time.
pub(super) fn log_with_header<D: Drain>(
    drain: &D,
    at: Timestamp,
    record: &Record<'_>,
    logger: &OwnedKVList,
) -> Result<D::Ok, D::Err> {
    with_kv(record, &LogFields { at, record }, |record| drain.log(record, logger))
}

/// Calls `then` with the same record and other key-values.
fn with_kv<T>(record: &Record<'_>, kv: &dyn KV, then: impl FnOnce(&Record<'_>) -> T) -> T {
    let meta = RecordStatic { location: record.location(), tag: record.tag(), level: record.level() };
    then(&Record::new(&meta, record.msg(), BorrowedKV(kv)))
}

/// Drain that writes each record as one JSON line, and counts lines that cannot be written.
pub(super) struct JsonLines {
    json: Json<LineBuffer>,
    unwritten: Arc<AtomicU64>,
}

impl JsonLines {
    pub(super) fn new(file: Arc<LogFile>, unwritten: Arc<AtomicU64>) -> Self {
        let line = LineBuffer { file, bytes: Vec::new() };
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

/// Buffer of one line, appended to the file in one write when it is flushed.
struct LineBuffer {
    file: Arc<LogFile>,
    bytes: Vec<u8>,
}

impl Write for LineBuffer {
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
