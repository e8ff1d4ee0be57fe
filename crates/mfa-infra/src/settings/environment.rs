//! Which rules are in force: those of a trial, or those of production.

use std::path::Path;

use super::SettingsError;

/// What `MFA_ENV` chose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Environment {
    /// A trial on one's own machine, with its conveniences.
    Development,
    /// The real thing.
    Production,
    /// One more, which has a file of its own in `config/`. As strict as production.
    Named(String),
}

impl Environment {
    /// By the value of `MFA_ENV`, and the folder that holds `config/`.
    pub(super) fn choose(name: Option<&str>, dir: &Path) -> Result<Self, SettingsError> {
        let Some(name) = name.map(str::trim) else { return Ok(Self::Development) };
        let is_word = name.len() <= 32
            && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_'));
        match name {
            "development" => Ok(Self::Development),
            "production" => Ok(Self::Production),
            // `default` has a file too, and is no environment.
            _ if is_word && name != "default" && dir.join(format!("config/{name}.toml")).is_file() => {
                Ok(Self::Named(name.to_owned()))
            }
            // An empty one too: it would turn the conveniences on behind the back of a `.env` that says production.
            _ => Err(SettingsError::refused(
                "MFA_ENV",
                if name.is_empty() { "is empty".to_owned() } else { format!("is {}", name.escape_debug()) },
                "give development or production, or the name of a file in config/",
            )),
        }
    }

    /// Whether the conveniences of a trial are allowed.
    pub fn is_development(&self) -> bool {
        *self == Self::Development
    }

    /// As `MFA_ENV` has it.
    pub fn name(&self) -> &str {
        match self {
            Self::Development => "development",
            Self::Production => "production",
            Self::Named(name) => name,
        }
    }
}
