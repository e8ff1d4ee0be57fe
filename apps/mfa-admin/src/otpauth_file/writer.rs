//! Writer of a file of TOTP secrets.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Stdout, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use mfa_flows::TotpExport;
use serde_json::json;
use zeroize::Zeroizing;

use super::format::{FileError, FileFormat};

/// Writer of exported secrets, in the format of the file extension.
pub(crate) enum ExportWriter {
    Csv(Box<csv::Writer<BufWriter<ExportSink>>>),
    JsonLines(BufWriter<ExportSink>),
}

/// Destination of an export.
pub(crate) enum ExportSink {
    File(File),
    Stdout(Stdout),
}

impl ExportWriter {
    /// Creates the file with mode 0600, or writes to standard output if there is no path.
    ///
    /// CSV if the file name ends in `.csv`, otherwise JSON Lines.
    ///
    /// # Errors
    ///
    /// [`FileError::AlreadyExists`] if the file exists; [`FileError::Io`].
    pub(crate) fn create(path: Option<&Path>) -> Result<Self, FileError> {
        let target = BufWriter::new(ExportSink::create(path)?);
        let Some(path) = path else { return Ok(Self::JsonLines(target)) };
        Ok(match FileFormat::from_path(path) {
            Some(FileFormat::Csv) => {
                let mut writer = csv::Writer::from_writer(target);
                writer
                    .write_record(["email", "username", "otpauth_uri"])
                    .map_err(|error| FileError::io(path, error.into()))?;
                Self::Csv(Box::new(writer))
            }
            Some(FileFormat::JsonLines) | None => Self::JsonLines(target),
        })
    }

    /// Writes one row for each app.
    ///
    /// # Errors
    ///
    /// [`io::Error`] of the destination.
    pub(crate) fn write(&mut self, export: &TotpExport) -> io::Result<()> {
        let TotpExport { email, username, uris } = export;
        for uri in uris {
            match self {
                Self::Csv(writer) => {
                    let cells = [email.as_str(), username, uri.expose()];
                    // Zeroized like the secret itself.
                    writer.write_record(cells.map(|cell| Zeroizing::new(mfa_flows::defuse_cell(cell))))?;
                }
                Self::JsonLines(target) => {
                    let line = json!({ "email": email, "username": username, "otpauth_uri": uri.expose() });
                    writeln!(target, "{line}")?;
                }
            }
        }
        Ok(())
    }

    /// Flushes all rows and syncs the file to disk.
    ///
    /// # Errors
    ///
    /// [`io::Error`] of the destination.
    pub(crate) fn finish(self) -> io::Result<()> {
        let target = match self {
            Self::Csv(writer) => writer.into_inner().map_err(|error| io::Error::other(error.to_string()))?,
            Self::JsonLines(target) => target,
        };
        ExportSink::finish(target)
    }
}

impl ExportSink {
    /// Creates the file with mode 0600, or selects standard output if there is no path.
    ///
    /// # Errors
    ///
    /// [`FileError::AlreadyExists`] if the file exists; [`FileError::Io`].
    pub(crate) fn create(path: Option<&Path>) -> Result<Self, FileError> {
        let Some(path) = path else { return Ok(Self::Stdout(io::stdout())) };
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
        file.map(Self::File).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => FileError::AlreadyExists(path.display().to_string()),
            _ => FileError::io(path, error),
        })
    }

    /// Writes what is buffered, and syncs a file to disk.
    ///
    /// # Errors
    ///
    /// [`io::Error`] of the destination.
    pub(crate) fn finish(buffer: BufWriter<Self>) -> io::Result<()> {
        match buffer.into_inner().map_err(io::IntoInnerError::into_error)? {
            Self::File(file) => file.sync_all(),
            Self::Stdout(mut stdout) => stdout.flush(),
        }
    }
}

impl Write for ExportSink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::File(file) => file.write(bytes),
            Self::Stdout(stdout) => stdout.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::File(file) => file.flush(),
            Self::Stdout(stdout) => stdout.flush(),
        }
    }
}

#[cfg(test)]
mod tests {
    use mfa_core::SecretText;
    use proptest::prelude::*;

    use super::super::ImportRows;
    use super::*;

    /// E-mail address and user name of a row.
    type ReadUser = (Option<String>, Option<String>);

    /// Returns the exported file, and its rows after an import.
    fn round_trip(users: &[(String, String)]) -> (String, Vec<ReadUser>) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("export.csv");
        let mut writer = ExportWriter::create(Some(&path)).unwrap();
        for (email, username) in users {
            let uris = vec![SecretText::new("otpauth://totp/NOVA:ada?secret=A".to_owned())];
            let (email, username) = (email.clone(), username.clone());
            writer.write(&TotpExport { email, username, uris }).unwrap();
        }
        writer.finish().unwrap();
        let rows = ImportRows::open(&path).unwrap().page(100).unwrap();
        assert!(rows.iter().all(|it| it.uri.as_ref().unwrap().expose().starts_with("otpauth://")));
        let rows = rows.into_iter().map(|it| (it.email, it.username)).collect();
        (std::fs::read_to_string(path).unwrap(), rows)
    }

    #[test]
    fn a_phone_number_and_a_formula_are_text_in_the_file_and_unchanged_after_an_import() {
        let users = ["+33612345612", "=HYPERLINK(\"//x\")", "-2", "@ada", "x;=1", "'=1"];
        let users: Vec<_> = users.map(|name| (format!("{name}@example.com"), name.to_owned())).into();
        let (text, rows) = round_trip(&users);
        assert!(text.contains("\n'+33612345612@example.com,'+33612345612,otpauth://"), "{text}");
        assert!(!text.contains(",=") && !text.contains("\"=") && !text.contains(";="), "{text}");
        assert_eq!(rows, users.into_iter().map(|(a, b)| (Some(a), Some(b))).collect::<Vec<_>>());
    }

    proptest! {
        #[test]
        fn every_user_survives_an_export_and_an_import(name in "[=+@'\t\r\n;,\"-]{0,4}[a-z0-9\"]{1,8}") {
            let (_, rows) = round_trip(&[(name.clone(), name.clone())]);
            // A cell with our quote in front is exact. Otherwise blanks around a name are no part of it.
            let is_protected = mfa_flows::defuse_cell(&name) != name && !name.starts_with('\'');
            let name = if is_protected { name } else { mfa_core::trim_login(&name).to_owned() };
            prop_assert_eq!(rows, [(Some(name.clone()), Some(name))]);
        }
    }
}
