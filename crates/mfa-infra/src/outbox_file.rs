//! Files of messages that are not sent in development: one JSON line a message, for its owner only.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use serde::de::DeserializeOwned;

/// File mode: only the owner can read messages, which may contain codes.
const MODE: u32 = 0o600;

/// Number of bytes read from the end of the file: dozens of messages.
const TAIL_LEN: u64 = 16 * 1024;

/// Opens the file to append a line, and creates it and its folder. Restricts the mode of an existing file first.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    if let Some(folder) = path.parent().filter(|it| *it != Path::new("")) {
        fs::create_dir_all(folder)?;
    }
    let file = OpenOptions::new().append(true).create(true).mode(MODE).open(path)?;
    file.set_permissions(Permissions::from_mode(MODE))?;
    Ok(file)
}

/// Returns at most `max` messages, newest first; none if the file does not exist yet.
///
/// # Errors
///
/// The error of the operating system if the file exists but cannot be read.
pub(crate) fn newest<T: DeserializeOwned>(path: &Path, max: usize) -> io::Result<Vec<T>> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL_LEN)))?;
    let mut tail = Vec::new();
    file.take(TAIL_LEN).read_to_end(&mut tail)?;
    // The first line may be truncated, and the last one incomplete: both are skipped as invalid JSON.
    let lines = tail.rsplit(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok());
    Ok(lines.take(max).collect())
}
