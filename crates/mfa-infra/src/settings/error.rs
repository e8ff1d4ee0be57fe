//! Why the settings were refused, in words for who has to put it right.

use std::io;
use std::path::Path;

/// A setting, or a file that holds settings, that stops the start.
///
/// The message names the setting and the cure. It never holds the value of a secret.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// A value that cannot be used, or one that is missing.
    #[error("{name} {problem}: {cure}")]
    Refused {
        /// The setting.
        name: String,
        /// What is wrong with it; fits after the name.
        problem: String,
        /// What to do.
        cure: String,
    },
    /// A name that NOVA MFA does not know: most likely a slip of the pen.
    #[error("{name} in {place} is not a setting: did you mean {nearest}?")]
    Unknown {
        /// The unknown name, as it was written.
        name: String,
        /// Where it stood: `the environment`, `.env`, `config/default.toml`.
        place: String,
        /// The known name that is most like it.
        nearest: String,
    },
    /// A file that could not be read, understood or made.
    #[error("{file} {problem}: {cure}")]
    File {
        /// Which file.
        file: String,
        /// What is wrong with it; fits after the name.
        problem: String,
        /// What to do.
        cure: String,
        /// What the operating system said, where it was asked.
        #[source]
        source: Option<io::Error>,
    },
}

impl SettingsError {
    pub(super) fn refused(name: &str, problem: impl Into<String>, cure: impl Into<String>) -> Self {
        Self::Refused { name: name.to_owned(), problem: problem.into(), cure: cure.into() }
    }

    /// A file whose content is at fault.
    pub(super) fn content(file: &str, problem: impl Into<String>, cure: impl Into<String>) -> Self {
        Self::File { file: file.to_owned(), problem: problem.into(), cure: cure.into(), source: None }
    }

    /// A file that the operating system would not give us.
    pub(super) fn io(path: &Path, doing: &str, cure: &str, error: io::Error) -> Self {
        Self::File {
            file: path.display().to_string(),
            problem: format!("could not be {doing} ({error})"),
            cure: cure.to_owned(),
            source: Some(error),
        }
    }
}
