//! Files of TOTP secrets as `otpauth` URIs, in CSV or JSON Lines: reader and writer.

mod format;
mod reader;
mod writer;

pub(crate) use format::FileError;
pub(crate) use reader::{ImportRow, ImportRows};
pub(crate) use writer::{ExportSink, ExportWriter};
