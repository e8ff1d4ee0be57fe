//! New files and folders that belong to the owner of their folder.
//!
//! A command that root runs in the folder of a service, such as `sudo mfa-admin doctor`, would otherwise leave files that
//! the service's own user cannot open.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::fd::AsFd as _;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

/// Root, who may give files away.
const ROOT: u32 = 0;

/// Opens a file for appending. Creates it with this mode (restricted by the umask) if it does not exist.
///
/// # Errors
///
/// The error of the operating system.
pub(crate) fn append(path: &Path, mode: u32) -> io::Result<File> {
    // Only a file that this call creates is given away: one that exists may be a link to another user's file.
    match OpenOptions::new().append(true).create_new(true).mode(mode).open(path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => OpenOptions::new().append(true).open(path),
        created => created.and_then(|file| give_to_owner_of_folder(file, path)),
    }
}

/// Creates a file with this mode (restricted by the umask).
///
/// # Errors
///
/// `AlreadyExists` if it exists, or another error of the operating system.
pub(crate) fn create(path: &Path, mode: u32) -> io::Result<File> {
    let file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
    give_to_owner_of_folder(file, path)
}

/// Creates a folder and those above it with this mode (restricted by the umask) if they do not exist.
///
/// # Errors
///
/// The error of the operating system.
pub(crate) fn create_folder(path: &Path, mode: u32) -> io::Result<()> {
    if path.as_os_str().is_empty() || path.is_dir() {
        return Ok(());
    }
    if let Some(parent) = path.parent() {
        create_folder(parent, mode)?;
    }
    match DirBuilder::new().mode(mode).create(path) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        created => created.and_then(|()| give_to_owner_of_folder(File::open(path)?, path).map(drop)),
    }
}

fn give_to_owner_of_folder(file: File, path: &Path) -> io::Result<File> {
    let folder = path.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    let owner = fs::metadata(folder)?;
    if file.metadata()?.uid() == ROOT && owner.uid() != ROOT {
        std::os::unix::fs::fchown(file.as_fd(), Some(owner.uid()), Some(owner.gid()))?;
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOBODY: u32 = 65534;

    fn owner(path: &Path) -> u32 {
        fs::metadata(path).unwrap().uid()
    }

    #[test]
    fn what_root_creates_belongs_to_the_owner_of_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let is_root = owner(folder.path()) == ROOT;
        let expected = if is_root { NOBODY } else { owner(folder.path()) };
        std::os::unix::fs::chown(folder.path(), Some(expected), None).unwrap();
        let (logs, log) = (folder.path().join("a/logs"), folder.path().join("a/logs/mfa.log"));
        create_folder(&logs, 0o700).unwrap();
        drop(append(&log, 0o640).unwrap());
        drop(create(&logs.join("key"), 0o600).unwrap());
        for path in [&folder.path().join("a"), &logs, &log, &logs.join("key")] {
            assert_eq!(owner(path), expected, "{}", path.display());
        }
        assert_eq!(fs::metadata(&log).unwrap().mode() & 0o027, 0);
    }

    #[test]
    fn an_existing_file_keeps_its_owner_and_content() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mfa.log");
        fs::write(&path, "first\n").unwrap();
        let before = owner(&path);
        if before == ROOT {
            std::os::unix::fs::chown(folder.path(), Some(NOBODY), None).unwrap();
        }
        drop(append(&path, 0o640).unwrap());
        assert_eq!((owner(&path), fs::read_to_string(&path).unwrap().as_str()), (before, "first\n"));
        assert_eq!(create(&path, 0o600).unwrap_err().kind(), ErrorKind::AlreadyExists);
    }
}
