//! Rows of a file: who, and which secret.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use mfa_core::SecretText;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::{FileError, FileFormat};

/// The longest line of JSON that is read.
const LONGEST: u64 = 64 * 1024;

/// One row.
#[derive(Debug)]
pub(super) struct ImportRow {
    /// Its number in the file, the first one after a header being 1.
    pub(super) number: u64,
    /// The user's address.
    pub(super) email: Option<String>,
    /// The user's name.
    pub(super) username: Option<String>,
    /// The secret with its parameters; or what is wrong with the row.
    pub(super) uri: Result<SecretText, &'static str>,
}

/// The rows of a file, one after the other.
pub(super) struct ImportRows {
    source: RowSource,
    number: u64,
    about: u64,
}

enum RowSource {
    Csv { reader: Box<csv::Reader<Box<dyn Read>>>, email: Option<usize>, username: Option<usize>, uri: usize },
    Lines(Box<dyn BufRead>),
}

#[derive(Deserialize)]
struct FileLine {
    #[serde(default)]
    email: Option<String>,
    #[serde(default)]
    username: Option<String>,
    otpauth_uri: String,
}

impl ImportRows {
    /// Opens a file: CSV or JSON lines by the ending of its name, else by how it begins.
    ///
    /// # Errors
    ///
    /// [`FileError`].
    pub(super) fn open(path: &Path) -> Result<Self, FileError> {
        let unusable = |error| FileError::unusable(path, error);
        let about = count_lines(path).map_err(unusable)?;
        let mut file = BufReader::new(File::open(path).map_err(unusable)?);
        let begins = file.fill_buf().map_err(unusable)?;
        let first = begins.iter().find(|byte| !byte.is_ascii_whitespace());
        let guessed = if first == Some(&b'{') { FileFormat::JsonLines } else { FileFormat::Csv };
        let source = match FileFormat::from_path(path).unwrap_or(guessed) {
            FileFormat::JsonLines => RowSource::Lines(Box::new(file)),
            FileFormat::Csv => csv_source(path, Box::new(file))?,
        };
        Ok(Self { source, number: 0, about })
    }

    /// About how many there are; 0 where that cannot be known.
    pub(super) const fn about(&self) -> u64 {
        self.about
    }

    /// The next rows, at most `most`; none at the end.
    ///
    /// # Errors
    ///
    /// [`io::Error`] of the file.
    pub(super) fn page(&mut self, most: usize) -> io::Result<Vec<ImportRow>> {
        let mut page = Vec::new();
        while page.len() < most {
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
                    let named = |at: &Option<usize>| at.and_then(field).map(str::to_owned);
                    return match read {
                        Ok(false) => Ok(None),
                        Ok(true) => Ok(Some(ImportRow {
                            number,
                            email: named(email),
                            username: named(username),
                            uri: field(*uri)
                                .map(|it| SecretText::new(it.to_owned()))
                                .ok_or("it has no otpauth_uri"),
                        })),
                        Err(error) => match error.into_kind() {
                            csv::ErrorKind::Io(error) => Err(error),
                            csv::ErrorKind::Utf8 { .. } => Ok(Some(broken(number, "it is not UTF-8 text"))),
                            _ => Ok(Some(broken(number, "it has another number of fields than the header"))),
                        },
                    };
                }
                RowSource::Lines(file) => {
                    let mut line = Zeroizing::new(Vec::new());
                    let read = file.by_ref().take(LONGEST).read_until(b'\n', &mut line)?;
                    if read == 0 {
                        return Ok(None);
                    }
                    if u64::try_from(read).is_ok_and(|read| read == LONGEST) && line.last() != Some(&b'\n') {
                        return Err(io::Error::new(
                            io::ErrorKind::InvalidData,
                            "a line is longer than 64 KiB",
                        ));
                    }
                    if line.iter().all(u8::is_ascii_whitespace) {
                        continue;
                    }
                    return Ok(Some(match serde_json::from_slice::<FileLine>(&line) {
                        Ok(it) => ImportRow {
                            number,
                            email: it.email.filter(|it| !it.is_empty()),
                            username: it.username.filter(|it| !it.is_empty()),
                            uri: Ok(SecretText::new(it.otpauth_uri)),
                        },
                        // What serde says may quote the row.
                        Err(_) => broken(number, "it is not a JSON object with a text otpauth_uri"),
                    }));
                }
            }
        }
    }
}

fn csv_source(path: &Path, file: Box<dyn Read>) -> Result<RowSource, FileError> {
    let mut reader = csv::ReaderBuilder::new().from_reader(file);
    let headers = reader.headers().map_err(|error| FileError::unusable(path, error.into()))?.clone();
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

fn broken(number: u64, why: &'static str) -> ImportRow {
    ImportRow { number, email: None, username: None, uri: Err(why) }
}

/// For the progress bar. What can be read only once is not counted.
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

    /// Number, address, name and URI of a row.
    type RowSummary<'a> = (u64, Option<&'a str>, Option<&'a str>, Result<&'a str, &'static str>);

    fn shown(rows: &[ImportRow]) -> Vec<RowSummary<'_>> {
        let uri = |row: &'_ ImportRow| {
            row.uri.as_ref().map(|it| it.expose().to_owned().leak() as &str).map_err(|it| *it)
        };
        rows.iter().map(|row| (row.number, row.email.as_deref(), row.username.as_deref(), uri(row))).collect()
    }

    #[test]
    fn both_formats_say_the_same() {
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
    fn a_row_that_is_not_understood_is_a_row_and_holds_up_no_other() {
        let csv = "email,otpauth_uri\na@b.c\nb@b.c,otpauth://b\nc@b.c,\n";
        let rows = read("x.csv", csv).unwrap();
        assert!(rows[0].uri.is_err() && rows[1].uri.is_ok());
        assert_eq!(rows[2].uri.as_ref().unwrap_err(), &"it has no otpauth_uri");
        let lines = "secret-not-json\n{\"email\":\"b@b.c\",\"otpauth_uri\":\"otpauth://b\"}\n";
        let rows = read("x.jsonl", lines).unwrap();
        assert!(rows[0].uri.is_err() && rows[1].uri.is_ok());
    }

    #[test]
    fn a_file_without_the_columns_is_refused_as_a_whole() {
        for text in ["", "email,uri\n", "otpauth_uri\n", "name,otpauth_uri\n"] {
            assert!(matches!(read("x.csv", text), Err(FileError::Header(_))), "{text:?}");
        }
    }

    #[test]
    fn a_byte_order_mark_is_no_part_of_the_first_name() {
        assert_eq!(read("x.csv", "\u{feff}email,otpauth_uri\na@b.c,o\n").unwrap().len(), 1);
    }
}
