//! Reader of a file of TOTP secrets: rows of a user and a secret.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::path::Path;

use mfa_core::{SecretText, trim_login};
use serde::Deserialize;
use zeroize::Zeroizing;

use super::format::{FileError, FileFormat};
use crate::text_file;

/// Longest line of JSON, in bytes.
const MAX_LINE: u64 = 64 * 1024;

/// One row of the file.
#[derive(Debug)]
pub(crate) struct ImportRow {
    /// Number of the row, counted from 1 after the header.
    pub(crate) number: u64,
    /// Email address of the user.
    pub(crate) email: Option<String>,
    /// User name.
    pub(crate) username: Option<String>,
    /// `otpauth` URI with the secret, or the reason why the row is invalid.
    pub(crate) uri: Result<SecretText, Cow<'static, str>>,
}

/// Iterator over the rows of a file.
pub(crate) struct ImportRows {
    source: RowSource,
    number: u64,
    estimated_total: u64,
}

/// Source of rows, by format.
enum RowSource {
    Csv { reader: Box<csv::Reader<Box<dyn Read>>>, email: Option<usize>, username: Option<usize>, uri: usize },
    JsonLines(Box<dyn BufRead>),
}

/// Row of a JSON Lines file. Other members are ignored.
#[derive(Deserialize)]
struct JsonRow {
    #[serde(default)]
    email: Option<JsonText>,
    #[serde(default)]
    username: Option<JsonText>,
    otpauth_uri: String,
}

/// Text of a JSON row. A program that exports numbers writes a numeric user name as one.
#[derive(Deserialize)]
#[serde(untagged)]
enum JsonText {
    Text(String),
    Number(serde_json::Number),
}

impl JsonText {
    /// Returns the text without the blanks around it, or `None` if nothing is left.
    fn trimmed(self) -> Option<String> {
        let text = match self {
            Self::Text(text) => text,
            Self::Number(number) => number.to_string(),
        };
        non_empty(&text)
    }
}

fn non_empty(text: &str) -> Option<String> {
    Some(trim_login(text)).filter(|it| !it.is_empty()).map(str::to_owned)
}

impl ImportRows {
    /// Opens a file. The format follows from the file extension, otherwise from the first character.
    ///
    /// # Errors
    ///
    /// [`FileError::Io`], [`FileError::Header`].
    pub(crate) fn open(path: &Path) -> Result<Self, FileError> {
        let io_error = |error| FileError::io(path, error);
        let estimated_total = count_lines(path).map_err(io_error)?;
        let mut file = text_file::open(path).map_err(io_error)?;
        let start = file.fill_buf().map_err(io_error)?;
        let first = start.iter().find(|byte| !byte.is_ascii_whitespace());
        let guessed = if first == Some(&b'{') { FileFormat::JsonLines } else { FileFormat::Csv };
        let source = match FileFormat::from_path(path).unwrap_or(guessed) {
            FileFormat::JsonLines => RowSource::JsonLines(Box::new(file)),
            FileFormat::Csv => csv_source(path, Box::new(file))?,
        };
        Ok(Self { source, number: 0, estimated_total })
    }

    /// Returns the estimated number of rows, or 0 if it is unknown.
    pub(crate) const fn estimated_total(&self) -> u64 {
        self.estimated_total
    }

    /// Reads up to `limit` rows. Returns an empty list at the end of the file.
    ///
    /// # Errors
    ///
    /// [`io::Error`] of the file.
    pub(crate) fn page(&mut self, limit: usize) -> io::Result<Vec<ImportRow>> {
        let mut page = Vec::new();
        while page.len() < limit {
            match self.next()? {
                Some(row) => page.push(row),
                None => break,
            }
        }
        Ok(page)
    }

    fn next(&mut self) -> io::Result<Option<ImportRow>> {
        loop {
            self.number = self.number.saturating_add(1);
            let number = self.number;
            match &mut self.source {
                RowSource::Csv { reader, email, username, uri } => {
                    let mut record = csv::ByteRecord::new();
                    let first_line = reader.position().line();
                    let read = reader.read_byte_record(&mut record);
                    let last_line = reader.position().line().saturating_sub(1);
                    let Some(record) = decoded(&record) else {
                        return Ok(Some(invalid_row(number, "the row is neither UTF-8 nor Windows-1252")));
                    };
                    let raw = |at: usize| record.get(at).map(str::trim).filter(|it| !it.is_empty());
                    let field = |at: usize| raw(at).map(mfa_flows::restore_cell);
                    // A cell with our quote in front holds the exact name, with its blanks.
                    let is_quoted = |at: usize, name: &str| raw(at).is_some_and(|it| it != name);
                    let named = |at: &Option<usize>| {
                        let at = (*at)?;
                        let name = field(at)?;
                        if is_quoted(at, &name) { Some(name) } else { non_empty(&name) }
                    };
                    // A name may have several lines, but none of them holds a URI.
                    let holds_row =
                        |it: &str| it.contains('\n') && it.to_ascii_lowercase().contains("otpauth:");
                    let is_merged = raw(*uri).is_some_and(|it| it.contains('\n'))
                        || record.iter().enumerate().any(|(at, it)| at != *uri && holds_row(it))
                        || raw(*uri).is_none() && record.iter().any(|it| it.contains('\n'))
                        || read.is_err() && last_line > first_line;
                    let is_complete = read.as_ref().map_or_else(
                        |error| matches!(error.kind(), csv::ErrorKind::UnequalLengths { .. }),
                        |is_row| *is_row,
                    );
                    if is_complete && record.iter().all(|it| is_blank(it.as_bytes())) {
                        continue;
                    }
                    return match read {
                        // A quote that is not closed makes one row of all lines up to the next quote.
                        Ok(true) | Err(_) if is_merged => Ok(Some(invalid_row(
                            number,
                            format!("lines {first_line} to {last_line} are one row: a quote is not closed"),
                        ))),
                        Ok(false) => Ok(None),
                        Ok(true) => Ok(Some(ImportRow {
                            number,
                            email: named(email),
                            username: named(username),
                            uri: field(*uri).map(SecretText::new).ok_or("otpauth_uri is missing".into()),
                        })),
                        Err(error) => match error.into_kind() {
                            csv::ErrorKind::Io(error) => Err(error),
                            _ => Ok(Some(invalid_row(
                                number,
                                "the row and the header have different numbers of fields",
                            ))),
                        },
                    };
                }
                RowSource::JsonLines(file) => {
                    let mut line = Zeroizing::new(Vec::new());
                    let read = file.by_ref().take(MAX_LINE).read_until(b'\n', &mut line)?;
                    if read == 0 {
                        return Ok(None);
                    }
                    if u64::try_from(read).is_ok_and(|read| read == MAX_LINE) && line.last() != Some(&b'\n') {
                        return Err(io::Error::new(
                            io::ErrorKind::InvalidData,
                            "a line is longer than 64 KiB",
                        ));
                    }
                    if is_blank(&line) {
                        continue;
                    }
                    return Ok(Some(match serde_json::from_slice::<JsonRow>(&line) {
                        Ok(it) => ImportRow {
                            number,
                            email: it.email.and_then(JsonText::trimmed),
                            username: it.username.and_then(JsonText::trimmed),
                            uri: Ok(SecretText::new(it.otpauth_uri)),
                        },
                        Err(_) if std::str::from_utf8(&line).is_err() => {
                            let encoding = text_file::decode(&line)
                                .map_or("not encoded in UTF-8", |_| "encoded in Windows-1252");
                            invalid_row(number, format!("the row is {encoding}: save the file as UTF-8"))
                        }
                        // The message of serde may quote the row.
                        Err(_) => {
                            invalid_row(number, "the row is not a JSON object with the string otpauth_uri")
                        }
                    }));
                }
            }
        }
    }
}

/// Separators of columns. Excel writes semicolons where the comma is the decimal separator, as in France.
const SEPARATORS: [u8; 3] = [b',', b';', b'\t'];

/// Columns of a CSV file by their position.
struct CsvColumns {
    email: Option<usize>,
    username: Option<usize>,
    uri: usize,
}

fn csv_source(path: &Path, mut file: Box<dyn BufRead>) -> Result<RowSource, FileError> {
    let io_error = |error| FileError::io(path, error);
    let mut header = first_line(&mut file).map_err(io_error)?;
    // Excel names the separator in a line of its own.
    if header.to_ascii_lowercase().starts_with(b"sep=") {
        header = first_line(&mut file).map_err(io_error)?;
    }
    let found = SEPARATORS.iter().find_map(|separator| Some((*separator, csv_columns(&header, *separator)?)));
    let Some((separator, CsvColumns { email, username, uri })) = found else {
        return Err(FileError::Header(path.display().to_string()));
    };
    let all: Box<dyn Read> = Box::new(Cursor::new(header).chain(file));
    let mut reader = csv::ReaderBuilder::new().delimiter(separator).from_reader(all);
    reader.byte_headers().map_err(|error| FileError::io(path, error.into()))?;
    Ok(RowSource::Csv { reader: Box::new(reader), email, username, uri })
}

fn first_line(file: &mut dyn BufRead) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    file.take(MAX_LINE).read_until(b'\n', &mut line)?;
    Ok(line)
}

/// Returns the columns of a header with this separator, or `None` if one is missing.
fn csv_columns(header: &[u8], separator: u8) -> Option<CsvColumns> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).delimiter(separator).from_reader(header);
    let mut record = csv::ByteRecord::new();
    reader.read_byte_record(&mut record).ok()?;
    let record = decoded(&record)?;
    let column = |name: &str| record.iter().position(|it| it.trim().eq_ignore_ascii_case(name));
    let columns =
        CsvColumns { email: column("email"), username: column("username"), uri: column("otpauth_uri")? };
    (columns.email.is_some() || columns.username.is_some()).then_some(columns)
}

/// Decodes a record, or returns `None` if a field is neither UTF-8 nor Windows-1252.
fn decoded(record: &csv::ByteRecord) -> Option<csv::StringRecord> {
    record.iter().map(text_file::decode).collect()
}

/// Returns whether a text has nothing but white space and Ctrl-Z, with which some programs end a file.
fn is_blank(text: &[u8]) -> bool {
    text.iter().all(|it| it.is_ascii_whitespace() || *it == 0x1a)
}

fn invalid_row(number: u64, why: impl Into<Cow<'static, str>>) -> ImportRow {
    ImportRow { number, email: None, username: None, uri: Err(why.into()) }
}

/// Counts the lines of a regular file, for the progress bar; 0 for a pipe, which can be read only once.
fn count_lines(path: &Path) -> io::Result<u64> {
    let file = File::open(path)?;
    if !file.metadata()?.is_file() {
        return Ok(0);
    }
    let mut file = BufReader::with_capacity(1 << 16, file);
    let mut lines = 0_u64;
    loop {
        let buffer = file.fill_buf()?;
        let length = buffer.len();
        if length == 0 {
            return Ok(lines);
        }
        let here = buffer.split(|byte| *byte == b'\n').count().saturating_sub(1);
        lines = lines.saturating_add(u64::try_from(here).unwrap_or(0));
        file.consume(length);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str, text: impl AsRef<[u8]>) -> Result<Vec<ImportRow>, FileError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        Ok(ImportRows::open(&path)?.page(100).unwrap())
    }

    /// Number, email address, user name and URI of a row.
    type RowSummary<'a> = (u64, Option<&'a str>, Option<&'a str>, Result<&'a str, Cow<'static, str>>);

    fn shown(rows: &[ImportRow]) -> Vec<RowSummary<'_>> {
        let uri = |row: &'_ ImportRow| {
            row.uri.as_ref().map(|it| it.expose().to_owned().leak() as &str).map_err(Clone::clone)
        };
        rows.iter().map(|row| (row.number, row.email.as_deref(), row.username.as_deref(), uri(row))).collect()
    }

    #[test]
    fn both_formats_contain_the_same_rows() {
        let csv = "otpauth_uri, Email ,note,username\notpauth://a,a@b.c,\"x, y\",ann\notpauth://b,,,bob\n";
        let lines = "{\"email\":\"a@b.c\",\"username\":\"ann\",\"otpauth_uri\":\"otpauth://a\",\"x\":1}\n\n\
                     {\"username\":\"bob\",\"email\":null,\"otpauth_uri\":\"otpauth://b\"}";
        let expected = |second| {
            [
                (1, Some("a@b.c"), Some("ann"), Ok("otpauth://a")),
                (second, None, Some("bob"), Ok("otpauth://b")),
            ]
        };
        for name in ["x.csv", "x.CSV", "x"] {
            assert_eq!(shown(&read(name, csv).unwrap()), expected(2), "{name}");
        }
        for name in ["x.jsonl", "x.ndjson", "x"] {
            assert_eq!(shown(&read(name, lines).unwrap()), expected(3), "{name}");
        }
    }

    #[test]
    fn an_invalid_row_does_not_stop_the_others() {
        let csv = "email,otpauth_uri\na@b.c\nb@b.c,otpauth://b\nc@b.c,\n";
        let rows = read("x.csv", csv).unwrap();
        assert!(rows[0].uri.is_err() && rows[1].uri.is_ok());
        assert_eq!(rows[2].uri.as_ref().unwrap_err(), &"otpauth_uri is missing");
        let lines = "secret-not-json\n{\"email\":\"b@b.c\",\"otpauth_uri\":\"otpauth://b\"}\n";
        let rows = read("x.jsonl", lines).unwrap();
        assert!(rows[0].uri.is_err() && rows[1].uri.is_ok());
    }

    #[test]
    fn a_quote_that_is_not_closed_names_the_lines_that_it_hides() {
        let csv = "email,otpauth_uri\na@b.c,otpauth://a\nb@b.c,\"otpauth://b\nc@b.c,otpauth://c\nd@b.c,otpauth://d\n";
        let rows = read("x.csv", csv).unwrap();
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[1].uri.as_ref().unwrap_err(), "lines 3 to 5 are one row: a quote is not closed");
        let csv = "email,otpauth_uri,note\n\"a@b.c,otpauth://a,\nb@b.c,otpauth://b,\n";
        let rows = read("x.csv", csv).unwrap();
        assert_eq!(rows[0].uri.as_ref().unwrap_err(), "lines 2 to 3 are one row: a quote is not closed");
        let csv = "email,otpauth_uri,note\na@b.c,otpauth://a,\"two\nlines\"\nb@b.c,otpauth://b,\n";
        assert!(read("x.csv", csv).unwrap().iter().all(|row| row.uri.is_ok()), "a note of two lines");
    }

    #[test]
    fn a_name_that_was_protected_keeps_its_blanks() {
        let csv = "username,otpauth_uri\n'  =ada,otpauth://a\n  ada,otpauth://b\n";
        let rows = read("x.csv", csv).unwrap();
        assert_eq!(rows[0].username.as_deref(), Some("  =ada"));
        assert_eq!(rows[1].username.as_deref(), Some("ada"));
    }

    #[test]
    fn a_file_without_the_required_columns_is_rejected() {
        for text in ["", "email,uri\n", "otpauth_uri\n", "name,otpauth_uri\n"] {
            assert!(matches!(read("x.csv", text), Err(FileError::Header(_))), "{text:?}");
        }
    }

    #[test]
    fn a_byte_order_mark_is_not_part_of_the_first_column_name() {
        assert_eq!(read("x.csv", "\u{feff}email,otpauth_uri\na@b.c,o\n").unwrap().len(), 1);
    }

    #[test]
    fn a_byte_order_mark_is_not_part_of_the_first_json_row() {
        let line = "{\"email\":\"a@b.c\",\"otpauth_uri\":\"otpauth://a\"}\n";
        for name in ["x.jsonl", "x"] {
            let rows = read(name, format!("\u{feff}{line}")).unwrap();
            assert_eq!(shown(&rows), [(1, Some("a@b.c"), None, Ok("otpauth://a"))], "{name}");
        }
        let utf16: Vec<u8> =
            std::iter::once(0xfeff).chain(line.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        for name in ["x.jsonl", "x.csv", "x"] {
            let error = read(name, &utf16).unwrap_err();
            assert!(error.to_string().contains("UTF-16"), "{name}: {error}");
        }
    }

    #[test]
    fn a_file_of_a_french_excel_is_read() {
        let expected = [(1, Some("a@b.c"), Some("Zoé"), Ok("otpauth://a?x=1,2"))];
        for (header, note) in [
            ("email;username;otpauth_uri;note", ""),
            ("\"email\";\"username\";\"otpauth_uri\";\"note\"", "5,20"),
            ("sep=;\r\nemail;username;otpauth_uri;note", "x"),
            ("email\tusername\totpauth_uri\tnote", "x"),
        ] {
            let separator = if header.contains('\t') { "\t" } else { ";" };
            let row = ["a@b.c", "Zoé", "otpauth://a?x=1,2", note].join(separator);
            let file = format!("{header}\r\n{row}\r\n");
            let latin: Vec<u8> = file.chars().map(|it| u8::try_from(u32::from(it)).unwrap()).collect();
            for bytes in [latin, file.clone().into_bytes(), format!("\u{feff}{file}").into_bytes()] {
                assert_eq!(shown(&read("x.csv", bytes).unwrap()), expected, "{header}");
            }
        }
        let undefined = b"email;otpauth_uri\na@b.c;o\nb\x81@b.c;o\nc@b.c;o\n";
        let rows = read("x.csv", undefined).unwrap();
        assert!(rows[0].uri.is_ok() && rows[1].uri.is_err() && rows[2].uri.is_ok());
    }

    #[test]
    fn blank_rows_and_the_end_of_file_character_are_no_rows() {
        for end in ["", "\u{1a}", ";;\r\n\u{1a}\r\n", " ; ;\u{1a}"] {
            let csv = format!("email;otpauth_uri;note\r\n;;\r\na@b.c;o;\r\n ; ;\r\n;;\r\n{end}");
            assert_eq!(shown(&read("x.csv", &csv).unwrap()), [(2, Some("a@b.c"), None, Ok("o"))], "{end:?}");
        }
        let csv = "email;otpauth_uri;note\na@b.c;;\n;o;\n;;x\n";
        assert_eq!(read("x.csv", csv).unwrap().len(), 3, "a row with a value is one");
        let lines = "{\"email\":\"a@b.c\",\"otpauth_uri\":\"o\"}\r\n\u{1a}";
        assert_eq!(read("x.jsonl", lines).unwrap().len(), 1);
    }

    #[test]
    fn json_lines_in_another_encoding_are_named() {
        for (line, expected) in [
            (
                b"{\"username\":\"Zo\xe9\",\"otpauth_uri\":\"o\"}".as_slice(),
                "the row is encoded in Windows-1252",
            ),
            (b"{\"username\":\"Zo\x81\",\"otpauth_uri\":\"o\"}", "the row is not encoded in UTF-8"),
        ] {
            let rows = read("x.jsonl", line).unwrap();
            let why = rows[0].uri.as_ref().unwrap_err();
            assert!(why.starts_with(expected) && why.ends_with("save the file as UTF-8"), "{why}");
        }
    }

    #[test]
    fn blanks_around_names_are_dropped_and_numbers_are_names() {
        let lines = "{\"email\":\" a@b.c\\u00a0\",\"username\":4711,\"otpauth_uri\":\"o\"}\n\
                     {\"email\":\" \",\"username\":null,\"otpauth_uri\":\"o\"}\n";
        let expected = [(1, Some("a@b.c"), Some("4711"), Ok("o")), (2, None, None, Ok("o"))];
        assert_eq!(shown(&read("x.jsonl", lines).unwrap()), expected);
        let csv = "email,username,otpauth_uri\n a@b.c\u{a0},4711,o\n,\u{202f},o\n";
        assert_eq!(shown(&read("x.csv", csv).unwrap()), expected);
    }
}
