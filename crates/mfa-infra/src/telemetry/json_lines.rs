//! Log lines: common fields and JSON serialisation.

use std::fmt::Write as _;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use mfa_core::Timestamp;
use slog::{BorrowedKV, Drain, KV, Level, OwnedKVList, Record, RecordStatic, Serializer};
use slog_json::Json;

use super::redaction::MaskedValues;

/// Bytes of a typical line, reserved at once.
const TYPICAL_LINE: usize = 512;

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

/// Encodes a record as one line of JSON, without its line feed.
///
/// # Errors
///
/// [`slog::Error`] if a value cannot be serialised.
pub(super) fn encode(record: &Record<'_>, logger: &OwnedKVList) -> Result<Vec<u8>, slog::Error> {
    let mut line = Vec::with_capacity(TYPICAL_LINE);
    let json = Json::new(&mut line).set_newlines(false).set_flush(false).build();
    let nothing_more = OwnedKVList::from(slog::o!());
    with_kv(record, &MaskedValues { record, logger }, |it| json.log(it, &nothing_more))?;
    drop(json);
    Ok(escape_controls(line))
}

/// Escapes every character that a terminal or viewer interprets instead of displaying.
///
/// The JSON serialiser escapes those below U+0020. The others are DEL, the C1 controls (U+009B starts an ANSI sequence
/// like ESC `[`), the line and paragraph separators, and the bidirectional formatting characters. They occur only in
/// strings.
fn escape_controls(json: Vec<u8>) -> Vec<u8> {
    if json.iter().all(|byte| (b' '..=b'~').contains(byte)) {
        return json;
    }
    let text = String::from_utf8_lossy(&json);
    let mut escaped = String::with_capacity(text.len().saturating_add(16));
    for c in text.chars() {
        if is_control(c) {
            // All of them are in the basic multilingual plane, and writing to a string does not fail.
            let _ = write!(escaped, "\\u{:04x}", u32::from(c));
        } else {
            escaped.push(c);
        }
    }
    escaped.into_bytes()
}

const fn is_control(c: char) -> bool {
    matches!(
        c,
        '\0'..='\u{1f}'
            | '\u{7f}'..='\u{9f}'
            | '\u{61c}'
            | '\u{200e}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}'
            | '\u{feff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_escaped() {
        let escape = |text: &str| String::from_utf8(escape_controls(text.into())).unwrap();
        assert_eq!(escape("{\"a\":\"é 日本\"}"), "{\"a\":\"é 日本\"}");
        assert_eq!(escape("\u{7f}\u{9b}31m\u{202e}\u{2028}"), r"\u007f\u009b31m\u202e\u2028");
    }
}
