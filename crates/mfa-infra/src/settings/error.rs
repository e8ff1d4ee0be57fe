//! Error of loading the settings.

use std::io;
use std::path::Path;

/// Invalid setting, or invalid file of settings, that prevents the start.
///
/// The message names the setting and the remedy. It never contains the value of a secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// Missing value, or value that is not valid.
    #[error("{name} {problem}: {remedy}")]
    Invalid {
        /// Name of the setting.
        name: String,
        /// Problem, worded to follow the name.
        problem: String,
        /// Remedy.
        remedy: String,
    },
    /// Unknown name, most likely a typo.
    #[error("{name} in {place} is not a setting: did you mean {nearest}?")]
    Unknown {
        /// Unknown name, as it was written.
        name: String,
        /// Source that contains it: `the environment`, `.env`, `config/default.toml`.
        place: String,
        /// Most similar known name.
        nearest: String,
    },
    /// Several of these errors.
    #[error("{} settings cannot be used:{}", .0.len(), listed(.0))]
    Several(Vec<SettingsError>),
    /// File that could not be read, parsed or created.
    #[error("{file} {problem}: {remedy}")]
    File {
        /// Path or name of the file.
        file: String,
        /// Problem, worded to follow the name.
        problem: String,
        /// Remedy.
        remedy: String,
        /// Error of the operating system, if there is one.
        #[source]
        source: Option<io::Error>,
    },
}

fn listed(errors: &[SettingsError]) -> String {
    let lines: Vec<_> = errors.iter().map(|error| format!("\n  - {error}")).collect();
    lines.concat()
}

impl SettingsError {
    /// Returns the one error, or all of them as one.
    pub(super) fn all(mut errors: Vec<Self>) -> Option<Self> {
        match errors.len() {
            0 | 1 => errors.pop(),
            _ => {
                let flat = errors.into_iter().flat_map(|error| match error {
                    Self::Several(errors) => errors,
                    one => vec![one],
                });
                Some(Self::Several(flat.collect()))
            }
        }
    }

    /// Returns the name of the setting whose value is missing or not valid.
    pub(super) fn setting(&self) -> Option<&str> {
        match self {
            Self::Invalid { name, .. } => Some(name),
            Self::Unknown { .. } | Self::Several(_) | Self::File { .. } => None,
        }
    }

    /// Returns the error for a missing or invalid value.
    pub(super) fn invalid(name: &str, problem: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::Invalid { name: name.to_owned(), problem: problem.into(), remedy: remedy.into() }
    }

    /// Returns the error for a file with invalid content.
    pub(super) fn content(file: &str, problem: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self::File { file: file.to_owned(), problem: problem.into(), remedy: remedy.into(), source: None }
    }

    /// Returns the error for a failed file operation; `action` is a past participle, such as `read`.
    pub(super) fn io(path: &Path, action: &str, remedy: &str, error: io::Error) -> Self {
        Self::File {
            file: path.display().to_string(),
            problem: format!("could not be {action} ({error})"),
            remedy: remedy.to_owned(),
            source: Some(error),
        }
    }
}
