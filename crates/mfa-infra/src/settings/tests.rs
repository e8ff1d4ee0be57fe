//! Tests of the settings as a whole. Each passes a folder and an environment.

mod complete;
#[cfg(unix)]
mod exposed_files;
mod generated_keys;
mod layers;
mod mail;
mod production;
mod secrets_elsewhere;
mod values;

use std::collections::BTreeMap;
use std::fs;

use tempfile::TempDir;

use super::{Settings, SettingsError, Sources};

/// Strong secret, which no message may contain.
const SECRET: &str = "b2f7Qm1xV8s0KzJ4tYp6RcLw9aHdEu3N";
/// Bytes 0 to 31.
const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
/// Bytes 1 to 32.
const OTHER_KEY: &str = "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=";

/// Working directory and environment of a test.
struct Fixture {
    dir: TempDir,
    env: BTreeMap<String, String>,
}

impl Fixture {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap(), env: BTreeMap::new() }
    }

    /// With every setting that production requires.
    fn production() -> Self {
        Self::new()
            .set("MFA_ENV", "production")
            .set("DATABASE_URL", "postgresql://nova:hunter2@db/nova")
            .set("JWT_SECRET_KEY", SECRET)
            .set("MFA_ENCRYPTION_KEYS", &format!("k1:{KEY}"))
    }

    fn set(mut self, name: &str, value: &str) -> Self {
        self.env.insert(name.into(), value.into());
        self
    }

    fn unset(mut self, name: &str) -> Self {
        self.env.remove(name);
        self
    }

    fn file(self, path: &str, text: &str) -> Self {
        let path = self.dir.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        #[cfg(unix)]
        fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
        self
    }

    #[cfg(unix)]
    fn mode(self, path: &str, mode: u32) -> Self {
        let path = self.dir.path().join(path);
        fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
        self
    }

    fn load(&self) -> Result<Settings, SettingsError> {
        Settings::load(&Sources { dir: self.dir.path().to_owned(), env: self.env.clone() })
    }

    fn error(&self) -> String {
        let message = self.load().expect_err("it was accepted").to_string();
        for secret in [SECRET, KEY, "hunter2"] {
            assert!(!message.contains(secret), "{message}");
        }
        message
    }

    /// Returns the value and the source that `config show` prints.
    fn shown(&self, name: &str) -> (Option<String>, String) {
        let settings = self.load().unwrap();
        let row = settings.displayed().iter().find(|row| row.name == name).unwrap();
        (row.value.clone(), row.source.clone())
    }
}

/// Returns a fixture with one setting in its environment.
fn with(name: &str, value: &str) -> Fixture {
    Fixture::new().set(name, value)
}
