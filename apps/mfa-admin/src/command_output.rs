//! Output of a command: text for people and a JSON document for programs.

use std::fmt;

use mfa_core::Timestamp;
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Output of a command. It may contain a token or a key.
pub(crate) struct CommandOutput {
    /// One or more lines, for people.
    pub(crate) text: String,
    /// One document, for programs.
    pub(crate) json: Value,
}

impl CommandOutput {
    /// Returns the output of a command that has already written everything.
    pub(crate) const fn empty() -> Self {
        Self { text: String::new(), json: Value::Null }
    }

    /// Returns whether there is nothing to write.
    pub(crate) fn is_empty(&self) -> bool {
        self.text.is_empty() && self.json.is_null()
    }
}

impl fmt::Debug for CommandOutput {
    /// Hides the content.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CommandOutput(…)")
    }
}

/// Formats a time in UTC (RFC 3339). `None` beyond the year 9999, which RFC 3339 cannot represent.
pub(crate) fn rfc3339(at: Timestamp) -> Option<String> {
    let nanoseconds = i128::from(at.millis()).checked_mul(1_000_000)?;
    OffsetDateTime::from_unix_timestamp_nanos(nanoseconds).ok()?.format(&Rfc3339).ok()
}

/// Escapes control characters and bidirectional formatting in a stored text.
///
/// Other systems write rows too: a name with an escape sequence must not control an administrator's terminal.
pub(crate) fn visible(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        {
            escaped.extend(c.escape_unicode());
        } else {
            escaped.push(c);
        }
    }
    escaped
}

/// Formats a boolean as `yes` or `no`.
pub(crate) const fn yes_no(value: bool) -> &'static str {
    if value { "yes" } else { "no" }
}

/// Formats a count with its noun: `1 row`, `2 rows`.
pub(crate) fn counted(count: impl fmt::Display, noun: &str) -> String {
    let count = count.to_string();
    let ending = if count == "1" { "" } else { "s" };
    format!("{count} {noun}{ending}")
}

/// Aligns cells in columns, two spaces apart.
pub(crate) fn columns<const N: usize>(lines: &[[String; N]]) -> String {
    let mut widths = [0_usize; N];
    for line in lines {
        for (width, cell) in widths.iter_mut().zip(line) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let aligned = lines.iter().map(|line| {
        let cells: Vec<_> = line.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        cells.join("  ").trim_end().to_owned()
    });
    aligned.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_in_utc() {
        assert_eq!(
            rfc3339(Timestamp::from_millis(1_795_386_600_250)).as_deref(),
            Some("2026-11-22T22:30:00.25Z")
        );
        assert_eq!(rfc3339(Timestamp::from_millis(i64::MAX)), None);
    }

    #[test]
    fn a_stored_text_cannot_control_the_terminal() {
        assert_eq!(visible("Zoé \"Z\""), "Zoé \"Z\"");
        assert_eq!(visible("a\u{1b}[2Jb\u{9b}c\u{202e}d"), "a\\u{1b}[2Jb\\u{9b}c\\u{202e}d");
    }

    #[test]
    fn a_noun_is_plural_unless_the_count_is_one() {
        assert_eq!([0, 1, 2].map(|count| counted(count, "row")), ["0 rows", "1 row", "2 rows"]);
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let lines =
            [["id", "name", "x"], ["1", "é", ""], ["100", "bob", "y"]].map(|line| line.map(str::to_owned));
        assert_eq!(columns(&lines), "id   name  x\n1    é\n100  bob   y");
    }
}
