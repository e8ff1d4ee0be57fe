//! Sources of the settings: a working directory and an environment.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::{env, fmt};

use super::error::SettingsError;
use super::table;

/// Working directory (for `.env`, `config/` and relative paths) and environment from which settings are loaded.
///
/// A parameter of [`Settings::load`](super::Settings::load), so that a test needs no process of its own. `Debug` shows
/// no value.
#[derive(Clone)]
pub struct Sources {
    /// Working directory.
    pub dir: PathBuf,
    /// Environment variables.
    pub env: BTreeMap<String, String>,
}

impl Sources {
    /// Returns the working directory and the environment of this process. Nothing else reads its environment.
    ///
    /// # Errors
    ///
    /// [`SettingsError`] if the working directory does not exist or a setting is not UTF-8. Other variables may have any
    /// value.
    pub fn from_process() -> Result<Self, SettingsError> {
        let dir = env::current_dir().map_err(|error| {
            SettingsError::io(".".as_ref(), "found", "start in an existing directory", error)
        })?;
        Ok(Self { dir, env: utf8_variables(env::vars_os())? })
    }
}

impl fmt::Debug for Sources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sources").field("dir", &self.dir).finish_non_exhaustive()
    }
}

fn utf8_variables(
    vars: impl Iterator<Item = (OsString, OsString)>,
) -> Result<BTreeMap<String, String>, SettingsError> {
    let (mut variables, mut errors) = (BTreeMap::new(), Vec::new());
    for (name, value) in vars {
        let Ok(name) = name.into_string() else { continue };
        match value.into_string() {
            Ok(value) => {
                variables.insert(name, value);
            }
            Err(_) if name.starts_with("MFA_") || table::find(&name).is_some() => {
                errors.push(SettingsError::invalid(&name, "is not UTF-8", "use UTF-8 text"));
            }
            Err(_) => {}
        }
    }
    SettingsError::all(errors).map_or(Ok(variables), Err)
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::ffi::OsStringExt;

    use super::*;

    #[test]
    fn only_a_setting_that_is_not_utf8_is_refused() {
        let broken = || OsString::from_vec(vec![0xff]);
        let other = utf8_variables([("LS_COLORS".into(), broken()), ("A".into(), "b".into())].into_iter());
        assert_eq!(other.unwrap(), BTreeMap::from([("A".to_owned(), "b".to_owned())]));
        let ours = utf8_variables([("JWT_SECRET_KEY".into(), broken())].into_iter());
        assert_eq!(ours.unwrap_err().to_string(), "JWT_SECRET_KEY is not UTF-8: use UTF-8 text");
    }

    #[test]
    fn debug_shows_no_value() {
        let env = BTreeMap::from([("JWT_SECRET_KEY".to_owned(), "hunter2".to_owned())]);
        assert!(!format!("{:?}", Sources { dir: "x".into(), env }).contains("hunter2"));
    }
}
