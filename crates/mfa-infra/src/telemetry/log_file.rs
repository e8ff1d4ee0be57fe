//! Log file: append, reopen, and escaping of control characters.

use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::fs::File;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use crate::new_file;

/// Destination of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LogTarget {
    /// Standard output.
    Stdout,
    /// Standard error. Not opened by path, which may not be permitted.
    Stderr,
    /// File to which lines are appended.
    File(PathBuf),
}

impl fmt::Display for LogTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stdout => f.write_str("standard output"),
            Self::Stderr => f.write_str("standard error"),
            Self::File(path) => path.display().fmt(f),
        }
    }
}

/// Log file to which lines are appended, and which can be reopened after it was moved.
#[derive(Debug)]
pub(super) struct LogFile {
    target: LogTarget,
    sink: Mutex<Sink>,
}

#[derive(Debug)]
struct Sink {
    /// `None` for standard output and standard error.
    file: Option<File>,
    /// Whether the last write failed, possibly in the middle of a line.
    torn: bool,
}

impl LogFile {
    /// Opens the file for appending. Creates it (mode 0640, restricted by the umask) and its folder if they do not exist, as
    /// [`new_file`] describes.
    ///
    /// # Errors
    ///
    /// The error of the operating system if the folder cannot be created or the file cannot be opened.
    pub(super) fn open(target: LogTarget) -> io::Result<Self> {
        let file = open(&target)?;
        Ok(Self { target, sink: Mutex::new(Sink { file, torn: false }) })
    }

    /// Opens the path again. After that, a file that was moved receives no more lines.
    ///
    /// # Errors
    ///
    /// The error of the operating system. Lines are still written to the file that was open.
    pub(super) fn reopen(&self) -> io::Result<()> {
        let file = open(&self.target)?;
        let mut sink = self.sink.lock().unwrap_or_else(PoisonError::into_inner);
        *sink = Sink { file, torn: false };
        Ok(())
    }

    /// Returns the destination.
    pub(super) const fn target(&self) -> &LogTarget {
        &self.target
    }

    /// Appends one line, without its line feed, in one write.
    ///
    /// # Errors
    ///
    /// The error of the operating system: the line is lost in whole or in part. The next one starts on a new line.
    pub(super) fn append(&self, line: &str) -> io::Result<()> {
        let mut sink = self.sink.lock().unwrap_or_else(PoisonError::into_inner);
        let line = escape_controls(line);
        let bytes = [if sink.torn { "\n" } else { "" }, &line, "\n"].concat();
        let written = match (&mut sink.file, &self.target) {
            (Some(file), _) => file.write_all(bytes.as_bytes()),
            (None, LogTarget::Stderr) => io::stderr().lock().write_all(bytes.as_bytes()),
            (None, _) => {
                let mut stdout = io::stdout().lock();
                stdout.write_all(bytes.as_bytes()).and_then(|()| stdout.flush())
            }
        };
        sink.torn = written.is_err();
        written
    }
}

fn open(target: &LogTarget) -> io::Result<Option<File>> {
    let LogTarget::File(path) = target else { return Ok(None) };
    if let Some(folder) = path.parent() {
        new_file::create_folder(folder, 0o777)?;
    }
    new_file::append(path, 0o640).map(Some)
}

/// Escapes every character that a terminal or viewer interprets instead of displaying.
///
/// The JSON serialiser escapes those below U+0020. The others are DEL, the C1 controls (U+009B starts an ANSI sequence
/// like ESC `[`), the line and paragraph separators, and the bidirectional formatting characters. They occur only in
/// strings.
fn escape_controls(json: &str) -> Cow<'_, str> {
    if !json.chars().any(is_control) {
        return Cow::Borrowed(json);
    }
    let mut escaped = String::with_capacity(json.len().saturating_add(16));
    for c in json.chars() {
        if is_control(c) {
            // All of them are in the basic multilingual plane, and writing to a string does not fail.
            let _ = write!(escaped, "\\u{:04x}", u32::from(c));
        } else {
            escaped.push(c);
        }
    }
    Cow::Owned(escaped)
}

fn is_control(c: char) -> bool {
    matches!(
        c,
        '\0'..='\u{1f}'
            | '\u{7f}'..='\u{9f}'
            | '\u{61c}'
            | '\u{200e}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}'
            | '\u{feff}'
    )
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::path::Path;

    use super::*;

    fn file(path: &Path) -> LogFile {
        LogFile::open(LogTarget::File(path.to_path_buf())).unwrap()
    }

    #[test]
    fn standard_output_and_standard_error_are_logs_as_well() {
        for (target, name) in [(LogTarget::Stdout, "standard output"), (LogTarget::Stderr, "standard error")]
        {
            let log = LogFile::open(target).unwrap();
            log.append("{}").unwrap();
            log.reopen().unwrap();
            assert_eq!(log.target().to_string(), name);
        }
    }

    #[test]
    fn the_folder_is_made_and_others_may_not_read_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b/mfa.log");
        file(&path).append("{}").unwrap();
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o137, 0, "{mode:o}");
        file(&path).append("[]").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "{}\n[]\n", "appended");
    }

    #[test]
    fn a_file_that_was_moved_is_reopened_on_request() {
        let folder = tempfile::tempdir().unwrap();
        let (path, moved) = (folder.path().join("mfa.log"), folder.path().join("mfa.log.1"));
        let log = file(&path);
        log.append("1").unwrap();
        fs::rename(&path, &moved).unwrap();
        log.append("2").unwrap();
        log.reopen().unwrap();
        log.append("3").unwrap();
        assert_eq!(fs::read_to_string(&moved).unwrap(), "1\n2\n");
        assert_eq!(fs::read_to_string(&path).unwrap(), "3\n");
    }

    #[test]
    fn if_reopening_fails_lines_go_to_the_open_file() {
        let folder = tempfile::tempdir().unwrap();
        let (path, moved) = (folder.path().join("mfa.log"), folder.path().join("mfa.log.1"));
        let log = file(&path);
        fs::rename(&path, &moved).unwrap();
        fs::create_dir(&path).unwrap();
        log.reopen().unwrap_err();
        log.append("1").unwrap();
        assert_eq!(fs::read_to_string(&moved).unwrap(), "1\n");
    }

    #[test]
    fn after_a_torn_line_the_next_one_starts_on_a_new_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mfa.log");
        fs::write(&path, "{\"half").unwrap();
        let log = file(&path);
        log.sink.lock().unwrap().torn = true;
        log.append("1").unwrap();
        log.append("2").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "{\"half\n1\n2\n");
    }

    #[test]
    fn a_full_disk_is_an_error() {
        let log = LogFile::open(LogTarget::File("/dev/full".into())).unwrap();
        log.append("1").unwrap_err();
        assert!(log.sink.lock().unwrap().torn);
    }

    #[test]
    fn control_characters_are_escaped() {
        assert_eq!(escape_controls("{\"a\":\"é 日本\"}"), "{\"a\":\"é 日本\"}");
        assert_eq!(escape_controls("\u{7f}\u{9b}31m\u{202e}\u{2028}"), r"\u007f\u009b31m\u202e\u2028");
    }
}
