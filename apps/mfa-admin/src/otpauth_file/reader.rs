//! Reader of a file of TOTP secrets: rows of a user and a secret.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use mfa_core::SecretText;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::csv_cell;
use super::format::{FileError, FileFormat};

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
    pub(crate) uri: Result<SecretText, &'static str>,
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
    email: Option<String>,
    #[serde(default)]
    username: Option<String>,
    otpauth_uri: String,
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
        let mut file = BufReader::new(File::open(path).map_err(io_error)?);
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
                    let mut record = csv::StringRecord::new();
                    let read = reader.read_record(&mut record);
                    let field = |at: usize| record.get(at).map(str::trim).filter(|it| !it.is_empty());
                    let field = |at: usize| field(at).map(csv_cell::restore);
                    let named = |at: &Option<usize>| at.and_then(field);
                    return match read {
                        Ok(false) => Ok(None),
                        Ok(true) => Ok(Some(ImportRow {
                            number,
                            email: named(email),
                            username: named(username),
                            uri: field(*uri).map(SecretText::new).ok_or("otpauth_uri is missing"),
                        })),
                        Err(error) => match error.into_kind() {
                            csv::ErrorKind::Io(error) => Err(error),
                            csv::ErrorKind::Utf8 { .. } => {
                                Ok(Some(invalid_row(number, "the row is not valid UTF-8")))
                            }
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
                    if line.iter().all(u8::is_ascii_whitespace) {
                        continue;
                    }
                    return Ok(Some(match serde_json::from_slice::<JsonRow>(&line) {
                        Ok(it) => ImportRow {
                            number,
                            email: it.email.filter(|it| !it.is_empty()),
                            username: it.username.filter(|it| !it.is_empty()),
                            uri: Ok(SecretText::new(it.otpauth_uri)),
                        },
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

fn csv_source(path: &Path, file: Box<dyn Read>) -> Result<RowSource, FileError> {
    let mut reader = csv::ReaderBuilder::new().from_reader(file);
    let headers = reader.headers().map_err(|error| FileError::io(path, error.into()))?.clone();
    let column = |name: &str| {
        let plain = |header: &str| header.trim().trim_start_matches('\u{feff}').to_ascii_lowercase();
        headers.iter().position(|header| plain(header) == name)
    };
    let (email, username) = (column("email"), column("username"));
    match column("otpauth_uri") {
        Some(uri) if email.is_some() || username.is_some() => {
            Ok(RowSource::Csv { reader: Box::new(reader), email, username, uri })
        }
        _ => Err(FileError::Header(path.display().to_string())),
    }
}

fn invalid_row(number: u64, why: &'static str) -> ImportRow {
    ImportRow { number, email: None, username: None, uri: Err(why) }
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

    fn read(name: &str, text: &str) -> Result<Vec<ImportRow>, FileError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        Ok(ImportRows::open(&path)?.page(100).unwrap())
    }

    /// Number, email address, user name and URI of a row.
    type RowSummary<'a> = (u64, Option<&'a str>, Option<&'a str>, Result<&'a str, &'static str>);

    fn shown(rows: &[ImportRow]) -> Vec<RowSummary<'_>> {
        let uri = |row: &'_ ImportRow| {
            row.uri.as_ref().map(|it| it.expose().to_owned().leak() as &str).map_err(|it| *it)
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
    fn a_file_without_the_required_columns_is_rejected() {
        for text in ["", "email,uri\n", "otpauth_uri\n", "name,otpauth_uri\n"] {
            assert!(matches!(read("x.csv", text), Err(FileError::Header(_))), "{text:?}");
        }
    }

    #[test]
    fn a_byte_order_mark_is_not_part_of_the_first_column_name() {
        assert_eq!(read("x.csv", "\u{feff}email,otpauth_uri\na@b.c,o\n").unwrap().len(), 1);
    }
}
