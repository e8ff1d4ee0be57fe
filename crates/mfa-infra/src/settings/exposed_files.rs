//! Files with secrets that every user of the machine can read or change.

use std::fs::{self, File, Metadata};
use std::path::{Path, PathBuf};

use super::error::SettingsError;

/// File with a secret that every user of the machine can read or change. Production refuses it.
///
/// Access by the group of the file is allowed: certificates are often shared that way, for example with `ssl-cert`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExposedFile {
    /// Setting that names the file, or name of a file of settings.
    name: String,
    path: PathBuf,
    mode: u32,
}

impl ExposedFile {
    /// Examines the file at this path, following symbolic links. Returns `None` if it is protected or cannot be examined.
    pub fn find(name: &str, path: &Path) -> Option<Self> {
        Self::examine(name, path, &fs::metadata(path).ok()?)
    }

    /// Examines an open file, so that it cannot be exchanged before it is read.
    pub(super) fn from_open_file(name: &str, path: &Path, file: &File) -> Option<Self> {
        Self::examine(name, path, &file.metadata().ok()?)
    }

    /// A pipe or a terminal has no content that others could read later.
    #[cfg(unix)]
    fn examine(name: &str, path: &Path, metadata: &Metadata) -> Option<Self> {
        /// Read and write access of others.
        const OTHERS: u32 = 0o006;
        let mode = std::os::unix::fs::MetadataExt::mode(metadata) & 0o777;
        let is_exposed = metadata.is_file() && mode & OTHERS != 0;
        is_exposed.then(|| Self { name: name.to_owned(), path: path.to_owned(), mode })
    }

    #[cfg(not(unix))]
    fn examine(_: &str, _: &Path, _: &Metadata) -> Option<Self> {
        None
    }

    /// Returns what is wrong, with the name of the setting and the path.
    pub fn detail(&self) -> String {
        let (path, mode) = (self.path.display(), self.mode);
        format!("{} is {path}, a secret that every user can access (mode {mode:04o})", self.name)
    }

    /// Returns what to do.
    pub fn remedy(&self) -> String {
        remedy(&[self])
    }

    /// Refuses these files, if there are any.
    pub(super) fn refuse(files: &[Self], environment: &str) -> Result<(), SettingsError> {
        let Some(first) = files.first() else { return Ok(()) };
        let others = files.iter().skip(1).map(|it| format!(", as is {} {}", it.name, it.path.display()));
        let others: String = others.collect();
        let (path, mode) = (first.path.display(), first.mode);
        Err(SettingsError::invalid(
            &first.name,
            format!(
                "is {path}, a secret that every user can access (mode {mode:04o}){others}; {environment} refuses this"
            ),
            remedy(&files.iter().collect::<Vec<_>>()),
        ))
    }
}

/// The mount of a secret in a container is often read-only, so its mode is set where the secret is declared.
fn remedy(files: &[&ExposedFile]) -> String {
    let mut paths: Vec<_> = files.iter().map(|it| quoted(&it.path)).collect();
    paths.dedup();
    format!(
        "run chmod o-rwx {} (a secret mounted in a container: set its mode to 0400 or 0440, in Kubernetes with \
         defaultMode and fsGroup), and let the user of the server read it",
        paths.join(" ")
    )
}

/// Returns the path as an argument of a shell.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let is_plain = text.chars().all(|c| c.is_ascii_alphanumeric() || "/._-+@:,".contains(c));
    if is_plain { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}
