//! What a command answers: the same for people and for programs.

use std::fmt;

use serde_json::Value;

/// What a command answers. It may hold a token or a key.
pub(crate) struct CommandOutput {
    /// One or more lines, for people.
    pub(crate) text: String,
    /// One document, for programs.
    pub(crate) json: Value,
}

impl CommandOutput {
    /// That of a command that has written what it has to say already.
    pub(crate) const fn empty() -> Self {
        Self { text: String::new(), json: Value::Null }
    }

    /// Whether there is nothing more to write.
    pub(crate) fn is_told(&self) -> bool {
        self.text.is_empty() && self.json.is_null()
    }
}

impl fmt::Debug for CommandOutput {
    /// Shows nothing of it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Answer(…)")
    }
}

/// A stored text as a terminal may be given it: with what would move the cursor or turn the writing round escaped.
///
/// Others write rows too: a name with an escape sequence in it must not draw on an administrator's screen.
pub(crate) fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        {
            shown.extend(c.escape_unicode());
        } else {
            shown.push(c);
        }
    }
    shown
}

/// `yes` or `no`.
pub(crate) const fn yes(is: bool) -> &'static str {
    if is { "yes" } else { "no" }
}

/// Lines with their cells in columns, two blanks apart.
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
    fn a_stored_text_cannot_draw_on_the_screen() {
        assert_eq!(visible("Zoé \"Z\""), "Zoé \"Z\"");
        assert_eq!(visible("a\u{1b}[2Jb\u{9b}c\u{202e}d"), "a\\u{1b}[2Jb\\u{9b}c\\u{202e}d");
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let lines =
            [["id", "name", "x"], ["1", "é", ""], ["100", "bob", "y"]].map(|line| line.map(str::to_owned));
        assert_eq!(columns(&lines), "id   name  x\n1    é\n100  bob   y");
    }
}
