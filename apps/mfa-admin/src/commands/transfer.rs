//! `import otpauth`, `export otpauth`

mod export;
mod import;
mod report;
mod rows;

pub(super) use export::run as export;
pub(super) use import::run as import;

use std::io;
use std::path::Path;

/// How the rows of a file are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum FileFormat {
    /// Comma-separated values with a header (RFC 4180).
    Csv,
    /// One JSON document a line.
    JsonLines,
}

impl FileFormat {
    /// By the ending of a name; `None` where it says nothing.
    fn from_path(path: &Path) -> Option<Self> {
        let ending = path.extension()?.to_str()?.to_ascii_lowercase();
        match ending.as_str() {
            "csv" => Some(Self::Csv),
            "jsonl" | "ndjson" | "json" => Some(Self::JsonLines),
            _ => None,
        }
    }
}

/// A file that cannot be read from or written to.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FileError {
    #[error("{path}: {source}")]
    Unusable { path: String, source: io::Error },
    #[error("{0}: the header must name otpauth_uri, and email or username")]
    Header(String),
    #[error("{0} is there already: nothing is written over it")]
    Exists(String),
}

impl FileError {
    fn unusable(path: &Path, source: io::Error) -> Self {
        Self::Unusable { path: path.display().to_string(), source }
    }
}
