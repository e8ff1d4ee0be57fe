//! Parser of `.env` files, compatible with python-dotenv except that `$` is literal.
//!
//! A line is `NAME=value`, optionally preceded by `export`. `#` starts a comment at the start of a line and after
//! whitespace. An unquoted value ends at the end of the line and is trimmed. A quoted value may span lines: between
//! `'…'` only `\\` and `\'` are escapes, between `"…"` also `\"`, `\n`, `\r` and `\t`; any other backslash is
//! literal. If a name occurs twice, the last line applies.
//!
//! The crate dotenvy is not used: it expands `$NAME`, which silently changes a secret.

use std::iter::Peekable;
use std::str::Chars;

/// Syntax error in a line. Does not contain the line, which may be a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct DotenvError {
    /// Line number, from 1.
    pub(super) line: usize,
    pub(super) problem: &'static str,
    /// Remedy.
    pub(super) remedy: &'static str,
}

/// Remedy for a line with another syntax.
const SYNTAX: &str = "write NAME=value; put a value with spaces or quotes between '…'";

/// Content of a file.
#[derive(Debug, Default)]
pub(super) struct DotenvFile {
    /// Names and values, in file order.
    pub(super) pairs: Vec<(String, String)>,
    /// Errors of the lines that are neither a comment nor `NAME=value`. They give no value.
    pub(super) errors: Vec<DotenvError>,
    /// Names in these lines.
    pub(super) unread: Vec<String>,
}

/// Parses a file. A line that cannot be read hides no other line.
pub(super) fn parse(text: &str) -> DotenvFile {
    let text = text.replace("\r\n", "\n");
    let mut reader = DotenvReader { rest: text.chars().peekable(), line: 1, bare_return: None };
    let mut file = DotenvFile::default();
    while reader.skip_to_entry() {
        let start = (reader.rest.clone(), reader.line);
        match reader.entry() {
            Ok(pair) => file.pairs.push(pair),
            Err(error) => {
                file.errors.push(error);
                // What looked like a quoted value may have been the rest of the file.
                (reader.rest, reader.line) = start;
                file.unread.extend(reader.name());
                reader.skip_line();
            }
        }
    }
    match reader.bare_return {
        // A comment up to a carriage return would hide the lines after it.
        Some(error) => {
            let file = parse(&text.replace('\r', "\n"));
            DotenvFile { errors: vec![error], ..file }
        }
        None => file,
    }
}

struct DotenvReader<'a> {
    rest: Peekable<Chars<'a>>,
    line: usize,
    /// Error for a carriage return without a line feed outside quotes.
    bare_return: Option<DotenvError>,
}

impl DotenvReader<'_> {
    fn next(&mut self) -> Option<char> {
        let next = self.rest.next();
        if next == Some('\n') {
            self.line = self.line.saturating_add(1);
        }
        next
    }

    fn skip_whitespace(&mut self) -> bool {
        let mut skipped = false;
        while self.rest.next_if(|c| matches!(c, ' ' | '\t')).is_some() {
            skipped = true;
        }
        skipped
    }

    fn skip_line(&mut self) {
        while let Some(c) = self.rest.next_if(|c| *c != '\n') {
            self.note_return(c);
        }
    }

    /// Skips empty lines and comments. Returns whether an entry follows.
    fn skip_to_entry(&mut self) -> bool {
        loop {
            match self.rest.peek() {
                None => return false,
                Some('#') => self.skip_line(),
                // A byte order mark is there too where files were joined.
                Some(c) if c.is_whitespace() || *c == '\u{feff}' => {
                    self.next();
                }
                Some(_) => return true,
            }
        }
    }

    fn entry(&mut self) -> Result<(String, String), DotenvError> {
        let mut name = self.name()?;
        if self.skip_whitespace() && name == "export" && self.rest.peek() != Some(&'=') {
            name = self.name()?;
            self.skip_whitespace();
        }
        if self.rest.next_if_eq(&'=').is_none() {
            return Err(self.error("has no `=` after the name"));
        }
        let after_whitespace = self.skip_whitespace();
        let value = match self.rest.peek().copied() {
            Some(quote @ ('\'' | '"')) => self.quoted(quote)?,
            Some('#') if after_whitespace => String::new(),
            _ => return Ok((name, self.unquoted())),
        };
        self.skip_whitespace();
        match self.rest.peek() {
            Some('#') => self.skip_line(),
            None | Some('\n') => {}
            Some('\r') => self.note_return('\r'),
            Some(_) => return Err(self.error("has text after the closing quote")),
        }
        Ok((name, value))
    }

    fn name(&mut self) -> Result<String, DotenvError> {
        let mut name = String::new();
        let is_allowed = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-');
        while let Some(c) = self.rest.next_if(is_allowed) {
            name.push(c);
        }
        if name.is_empty() { Err(self.error("does not start with a name")) } else { Ok(name) }
    }

    fn unquoted(&mut self) -> String {
        let mut value = String::new();
        while let Some(c) = self.rest.next_if(|c| *c != '\n') {
            if c == '#' && value.ends_with([' ', '\t']) {
                self.skip_line();
                break;
            }
            self.note_return(c);
            value.push(c);
        }
        value.truncate(value.trim_end().len());
        value
    }

    fn quoted(&mut self, quote: char) -> Result<String, DotenvError> {
        let unclosed = self.error("opens a quote that is never closed");
        self.next();
        let mut value = String::new();
        loop {
            match self.next().ok_or(unclosed)? {
                c if c == quote => return Ok(value),
                '\\' => {
                    let escaped = self.rest.peek().copied().and_then(|c| unescape(quote, c));
                    if escaped.is_some() {
                        self.next();
                    }
                    value.push(escaped.unwrap_or('\\'));
                }
                c => value.push(c),
            }
        }
    }

    const fn error(&self, problem: &'static str) -> DotenvError {
        DotenvError { line: self.line, problem, remedy: SYNTAX }
    }

    /// Remembers a carriage return that ends a line, as old programs write.
    const fn note_return(&mut self, c: char) {
        if c == '\r' && self.bare_return.is_none() {
            self.bare_return = Some(DotenvError {
                line: self.line,
                problem: "ends with a carriage return alone",
                remedy: "save .env with LF line ends, one setting a line",
            });
        }
    }
}

/// Returns the character that a backslash and `c` denote within these quotes; `None` if that is no escape.
const fn unescape(quote: char, c: char) -> Option<char> {
    match (quote, c) {
        (_, '\\' | '\'') | ('"', '"') => Some(c),
        ('"', 'n') => Some('\n'),
        ('"', 'r') => Some('\r'),
        ('"', 't') => Some('\t'),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn value(line: &str) -> String {
        let DotenvFile { mut pairs, errors, .. } = parse(line);
        assert_eq!(errors, [], "{line}");
        assert_eq!(pairs.len(), 1, "{line}");
        pairs.remove(0).1
    }

    #[test]
    fn values_are_read_as_python_reads_them_and_a_dollar_stays_literal() {
        for (line, expected) in [
            ("A=b", "b"),
            ("A=a$B${C}\\$", "a$B${C}\\$"),
            ("A=\"a$B ${C}\"", "a$B ${C}"),
            ("A='a$B'", "a$B"),
            ("export A = b c  # comment", "b c"),
            ("export=x", "x"),
            ("A=a#b", "a#b"),
            ("A=#b", "#b"),
            ("A= # comment", ""),
            ("A=", ""),
            ("A=\"a # b\" # comment", "a # b"),
            (r#"A="a\"b\\c\nd\qe""#, "a\"b\\c\nd\\qe"),
            (r"A='a\'b\\c\n'", r"a'b\c\n"),
            ("A='one\ntwo'", "one\ntwo"),
            ("A=a=b==", "a=b=="),
            ("\u{feff}A=b\r\n", "b"),
            ("# comment\n\u{feff}A=b\n", "b"),
        ] {
            assert_eq!(value(line), expected, "{line}");
        }
    }

    #[test]
    fn comments_and_empty_lines_are_skipped() {
        let pairs = parse("\n# A=1\n\n  # x\nB=2\n\tC=3\nB=4\n").pairs;
        assert_eq!(pairs, [("B", "2"), ("C", "3"), ("B", "4")].map(|(n, v)| (n.into(), v.into())));
    }

    #[test]
    fn carriage_returns_alone_are_no_line_ends() {
        for text in
            ["MFA_ENV=production\rA=hunter2\r", "# comment\rA=hunter2\r", "A='b' # c\rA=1", "A=b\rC=d\nE=f\n"]
        {
            let error = parse(text).errors[0];
            assert_eq!(error.problem, "ends with a carriage return alone", "{text:?}");
        }
        assert_eq!(parse("A='b\rc'\r\n").pairs, [("A".to_owned(), "b\rc".to_owned())]);
    }

    #[test]
    fn a_syntax_error_names_the_line_number_alone() {
        for (text, line) in [
            ("A=1\nhunter2", 2),
            ("A='x\nB=1\n", 1),
            ("\n\n=x", 3),
            ("A='x' y", 1),
            ("export A", 1),
            ("B='1\n2' z", 2),
        ] {
            let error = parse(text).errors[0];
            assert_eq!(error.line, line, "{text}");
            assert!(!format!("{error:?}").contains("hunter2"));
        }
    }

    #[test]
    fn a_line_that_cannot_be_read_hides_no_other() {
        let file = parse("A=1\nB 'x\nC='x\nD=2\nE=3 \n");
        let lines: Vec<_> = file.errors.iter().map(|it| it.line).collect();
        assert_eq!((lines, file.unread), (vec![2, 3], vec!["B".to_owned(), "C".to_owned()]));
        let pairs = [("A", "1"), ("D", "2"), ("E", "3")].map(|(n, v)| (n.into(), v.into()));
        assert_eq!(file.pairs, pairs);
    }

    proptest! {
        #[test]
        fn a_value_in_single_quotes_is_unchanged(secret in "[^\r]*") {
            let escaped = secret.replace('\\', "\\\\").replace('\'', "\\'");
            prop_assert_eq!(value(&format!("A='{escaped}'")), secret);
        }

        #[test]
        fn an_unquoted_value_without_whitespace_is_unchanged(secret in "[!-&(-~][!-~]{0,60}") {
            prop_assume!(!secret.starts_with('"'));
            prop_assert_eq!(value(&format!("A={secret}")), secret);
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in "(?s).*") {
            let _ = parse(&text);
        }
    }
}
