//! Writer of a file of TOTP secrets.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Stdout, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use mfa_flows::TotpExport;
use serde_json::json;

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
        let Some(path) = path else {
            return Ok(Self::JsonLines(BufWriter::new(ExportSink::Stdout(io::stdout()))));
        };
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
        let file = file.map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => FileError::AlreadyExists(path.display().to_string()),
            _ => FileError::io(path, error),
        })?;
        let target = BufWriter::new(ExportSink::File(file));
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

    /// Writes one row.
    ///
    /// # Errors
    ///
    /// [`io::Error`] of the destination.
    pub(crate) fn write(&mut self, export: &TotpExport) -> io::Result<()> {
        let TotpExport { email, username, uri } = export;
        match self {
            Self::Csv(writer) => Ok(writer.write_record([email.as_str(), username, uri.expose()])?),
            Self::JsonLines(target) => {
                let line = json!({ "email": email, "username": username, "otpauth_uri": uri.expose() });
                writeln!(target, "{line}")
            }
        }
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
        match target.into_inner().map_err(io::IntoInnerError::into_error)? {
            ExportSink::File(file) => file.sync_all(),
            ExportSink::Stdout(mut stdout) => stdout.flush(),
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
