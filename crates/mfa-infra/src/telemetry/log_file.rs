//! Log file: append and reopen.

use std::fmt;
use std::fs::File;
use std::io::{self, ErrorKind, Write};
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

    /// Appends whole lines, in one write if the system takes all of them. Returns the number of lines that are lost, in
    /// whole or in part. The next line starts on a new line.
    pub(super) fn append(&self, lines: &[u8]) -> u64 {
        let mut sink = self.sink.lock().unwrap_or_else(PoisonError::into_inner);
        let Sink { file, torn } = &mut *sink;
        let left = match (file, &self.target) {
            (Some(file), _) => write(file, *torn, lines),
            (None, LogTarget::Stderr) => write(&mut io::stderr().lock(), *torn, lines),
            (None, _) => write(&mut io::stdout().lock(), *torn, lines),
        };
        if let Some(end) = lines.strip_suffix(left).and_then(<[u8]>::last) {
            *torn = *end != b'\n';
        }
        let lost = left.split_inclusive(|it| *it == b'\n').count();
        u64::try_from(lost).unwrap_or(u64::MAX)
    }
}

/// Writes lines, after a line feed if the last line was torn. Returns what was not written.
fn write<'a>(to: &mut impl Write, torn: bool, lines: &'a [u8]) -> &'a [u8] {
    if torn && to.write_all(b"\n").is_err() {
        return lines;
    }
    let mut left = lines;
    while !left.is_empty() {
        match to.write(left) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Ok(0) | Err(_) => return left,
            Ok(count) => left = left.get(count..).unwrap_or_default(),
        }
    }
    if to.flush().is_err() { lines } else { left }
}

fn open(target: &LogTarget) -> io::Result<Option<File>> {
    let LogTarget::File(path) = target else { return Ok(None) };
    if let Some(folder) = path.parent() {
        new_file::create_folder(folder, 0o777)?;
    }
    new_file::append(path, 0o640).map(Some)
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
            assert_eq!(log.append(b"{}\n"), 0);
            log.reopen().unwrap();
            assert_eq!(log.target().to_string(), name);
        }
    }

    #[test]
    fn the_folder_is_made_and_others_may_not_read_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b/mfa.log");
        assert_eq!(file(&path).append(b"{}\n"), 0);
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o137, 0, "{mode:o}");
        assert_eq!(file(&path).append(b"[]\n"), 0);
        assert_eq!(fs::read_to_string(&path).unwrap(), "{}\n[]\n", "appended");
    }

    #[test]
    fn a_file_that_was_moved_is_reopened_on_request() {
        let folder = tempfile::tempdir().unwrap();
        let (path, moved) = (folder.path().join("mfa.log"), folder.path().join("mfa.log.1"));
        let log = file(&path);
        assert_eq!(log.append(b"1\n"), 0);
        fs::rename(&path, &moved).unwrap();
        assert_eq!(log.append(b"2\n"), 0);
        log.reopen().unwrap();
        assert_eq!(log.append(b"3\n"), 0);
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
        assert_eq!(log.append(b"1\n"), 0);
        assert_eq!(fs::read_to_string(&moved).unwrap(), "1\n");
    }

    #[test]
    fn after_a_torn_line_the_next_one_starts_on_a_new_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mfa.log");
        fs::write(&path, "{\"half").unwrap();
        let log = file(&path);
        log.sink.lock().unwrap().torn = true;
        assert_eq!(log.append(b"1\n"), 0);
        assert_eq!(log.append(b"2\n"), 0);
        assert_eq!(fs::read_to_string(&path).unwrap(), "{\"half\n1\n2\n");
    }

    #[test]
    fn lines_that_a_full_disk_does_not_take_are_counted() {
        let log = LogFile::open(LogTarget::File("/dev/full".into())).unwrap();
        assert_eq!(log.append(b"1\n2\n"), 2);
    }

    #[test]
    fn a_line_is_torn_if_only_its_start_was_written() {
        struct Disk(Vec<u8>, usize);
        impl Write for Disk {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                let count = bytes.len().min(self.1 - self.0.len());
                self.0.extend_from_slice(&bytes[..count]);
                Ok(count)
            }

            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let mut disk = Disk(Vec::new(), 4);
        assert_eq!(write(&mut disk, false, b"1\n234\n5\n"), b"4\n5\n");
        assert_eq!(write(&mut disk, true, b"6\n"), b"6\n");
        disk.1 = 9;
        assert_eq!(write(&mut disk, true, b"6\n7\n"), b"");
        assert_eq!(disk.0, b"1\n23\n6\n7\n");
    }
}
