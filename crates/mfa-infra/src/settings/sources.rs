//! Where settings are read from.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::{env, fmt};

use super::{SettingsError, table};

/// What settings are read from: a working folder (for `.env`, `config/` and relative paths) and an environment.
///
/// Handed in, so that a test needs no process of its own. `Debug` shows no value.
#[derive(Clone)]
pub struct Sources {
    /// The working folder.
    pub dir: PathBuf,
    /// The environment.
    pub env: BTreeMap<String, String>,
}

impl Sources {
    /// Those of this process. The only place that reads its environment.
    ///
    /// # Errors
    ///
    /// [`SettingsError`] when the working folder is gone, or a setting is not UTF-8. Other names may hold what they
    /// like.
    pub fn of_process() -> Result<Self, SettingsError> {
        let dir = env::current_dir().map_err(|error| {
            SettingsError::io(".".as_ref(), "found", "start in a folder that exists", error)
        })?;
        Ok(Self { dir, env: readable(env::vars_os())? })
    }
}

impl fmt::Debug for Sources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sources").field("dir", &self.dir).finish_non_exhaustive()
    }
}

fn readable(
    vars: impl Iterator<Item = (OsString, OsString)>,
) -> Result<BTreeMap<String, String>, SettingsError> {
    let mut readable = BTreeMap::new();
    for (name, value) in vars {
        let Ok(name) = name.into_string() else { continue };
        match value.into_string() {
            Ok(value) => {
                readable.insert(name, value);
            }
            Err(_) if name.starts_with("MFA_") || table::find(&name).is_some() => {
                return Err(SettingsError::refused(&name, "is not UTF-8", "give it as UTF-8 text"));
            }
            Err(_) => {}
        }
    }
    Ok(readable)
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::ffi::OsStringExt;

    use super::*;

    #[test]
    fn only_a_setting_that_is_not_utf8_is_refused() {
        let broken = || OsString::from_vec(vec![0xff]);
        let other = readable([("LS_COLORS".into(), broken()), ("A".into(), "b".into())].into_iter());
        assert_eq!(other.unwrap(), BTreeMap::from([("A".to_owned(), "b".to_owned())]));
        let ours = readable([("JWT_SECRET_KEY".into(), broken())].into_iter());
        assert_eq!(ours.unwrap_err().to_string(), "JWT_SECRET_KEY is not UTF-8: give it as UTF-8 text");
    }

    #[test]
    fn debug_shows_no_value() {
        let env = BTreeMap::from([("JWT_SECRET_KEY".to_owned(), "hunter2".to_owned())]);
        assert!(!format!("{:?}", Sources { dir: "x".into(), env }).contains("hunter2"));
    }
}
