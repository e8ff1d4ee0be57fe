//! Environment of the installation (`MFA_ENV`): development or production rules.

use std::path::Path;

use super::SettingsError;
use crate::quote;

/// Environment selected by `MFA_ENV`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Environment {
    /// Development on a local machine, with generated keys and other conveniences.
    Development,
    /// Production.
    Production,
    /// Custom environment with its own file in `config/`. As strict as production.
    Named(String),
}

impl Environment {
    /// Selects the environment by the value of `MFA_ENV` and the files in `dir`/`config/`.
    pub(super) fn select(name: Option<&str>, dir: &Path) -> Result<Self, SettingsError> {
        let Some(name) = name.map(str::trim) else { return Ok(Self::Development) };
        let is_word = name.len() <= 32
            && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_'));
        match name {
            "development" => Ok(Self::Development),
            "production" => Ok(Self::Production),
            // `default` has a file too, but is not an environment.
            _ if is_word && name != "default" && dir.join(format!("config/{name}.toml")).is_file() => {
                Ok(Self::Named(name.to_owned()))
            }
            // An empty value is rejected too: it would enable development although `.env` sets production.
            _ => Err(SettingsError::invalid(
                "MFA_ENV",
                match quote::value(name) {
                    _ if name.is_empty() => "is empty".to_owned(),
                    Some(name) => format!("is {name}"),
                    None => "is not valid".to_owned(),
                },
                "use development, production or the name of a file in config/",
            )),
        }
    }

    /// Returns whether the development conveniences are allowed.
    pub fn is_development(&self) -> bool {
        *self == Self::Development
    }

    /// Returns the value of `MFA_ENV` for this environment.
    pub fn name(&self) -> &str {
        match self {
            Self::Development => "development",
            Self::Production => "production",
            Self::Named(name) => name,
        }
    }
}
