//! Formats of a file of TOTP secrets, and the errors of reading and writing one.

use std::io;
use std::path::Path;

/// Format of the rows of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FileFormat {
    /// Comma-separated values with a header (RFC 4180).
    Csv,
    /// One JSON document per line.
    JsonLines,
}

impl FileFormat {
    /// Returns the format that the file extension stands for, or `None` if it is unknown.
    pub(super) fn from_path(path: &Path) -> Option<Self> {
        let extension = path.extension()?.to_str()?.to_ascii_lowercase();
        match extension.as_str() {
            "csv" => Some(Self::Csv),
            "jsonl" | "ndjson" | "json" => Some(Self::JsonLines),
            _ => None,
        }
    }
}

/// File that cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FileError {
    #[error("cannot use {path}: {source}")]
    Io { path: String, source: io::Error },
    #[error("cannot import {0}: the header must contain otpauth_uri, and email or username")]
    Header(String),
    #[error("{0} already exists and is not overwritten: choose another file name")]
    AlreadyExists(String),
}

impl FileError {
    /// Creates an error for this file.
    pub(crate) fn io(path: &Path, source: io::Error) -> Self {
        Self::Io { path: path.display().to_string(), source }
    }
}
