//! Output of a command: text for people and a JSON document for programs.

use std::fmt;

use serde_json::Value;

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
