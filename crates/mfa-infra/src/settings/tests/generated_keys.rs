//! Tests of generated secrets.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU8, Ordering};

use mfa_core::{Entropy, EntropyError};
use mfa_jwt::check_secret_strength;

use super::*;

/// Deterministic entropy that never repeats a value.
#[derive(Debug, Default)]
struct Counter(AtomicU8);

impl Entropy for Counter {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), EntropyError> {
        let mut state = u32::from(self.0.fetch_add(1, Ordering::Relaxed)) + 1;
        for byte in buffer {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            *byte = (state >> 24) as u8;
        }
        Ok(())
    }
}

#[derive(Debug)]
struct Broken;

impl Entropy for Broken {
    fn fill(&self, _: &mut [u8]) -> Result<(), EntropyError> {
        Err(EntropyError)
    }
}

fn files(fixture: &Fixture) -> BTreeSet<String> {
    let entries = fs::read_dir(fixture.dir.path().join("data")).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn keys_are_generated_once_and_reused() {
    let fixture = Fixture::new();
    let settings = fixture.load().unwrap();
    assert!(!settings.data_dir.exists(), "loading creates nothing");
    let entropy = Counter::default();
    let keys = settings.keys(&entropy).unwrap();
    check_secret_strength(&keys.jwt_secret).unwrap();
    assert_eq!(keys.encryption.len(), 1);
    let password = settings.demo_password(&entropy).unwrap().unwrap();
    assert_eq!(password.expose().len(), 16);
    assert_eq!(settings.keys(&entropy).unwrap(), keys);
    assert_eq!(settings.demo_password(&Broken).unwrap(), Some(password));
    let expected = ["demo-password", "encryption-keys", "jwt-secret-key"].map(str::to_owned);
    assert_eq!(files(&fixture), BTreeSet::from(expected), "no temporary file is left");
}

#[test]
fn configured_keys_are_not_generated() {
    let fixture = Fixture::production();
    let settings = fixture.load().unwrap();
    let keys = settings.keys(&Broken).unwrap();
    assert_eq!(keys.jwt_secret.expose(), SECRET);
    assert_eq!(settings.demo_password(&Broken).unwrap(), None);
    assert!(!fixture.dir.path().join("data").exists());
}

#[test]
fn without_randomness_nothing_is_created() {
    let fixture = Fixture::new();
    let error = fixture.load().unwrap().keys(&Broken).unwrap_err().to_string();
    assert!(error.contains("cannot read random bytes"), "{error}");
    assert_eq!(files(&fixture), BTreeSet::new());
}

#[test]
fn starts_at_the_same_time_agree_on_one_key() {
    let fixture = Fixture::new();
    let settings = fixture.load().unwrap();
    let entropy = Counter::default();
    let all: Vec<_> = std::thread::scope(|scope| {
        let starts: Vec<_> = (0..8).map(|_| scope.spawn(|| settings.keys(&entropy).unwrap())).collect();
        starts.into_iter().map(|start| start.join().unwrap()).collect()
    });
    assert!(all.iter().all(|keys| *keys == all[0]));
    assert_eq!(files(&fixture).len(), 2);
}

#[test]
fn an_empty_key_file_is_not_replaced_in_silence() {
    for (file, remedy) in [
        ("data/jwt-secret-key", "delete the file to generate a new one"),
        (
            "data/encryption-keys",
            "restore it from a backup; if nothing was enrolled yet, delete the file and move",
        ),
    ] {
        let fixture = Fixture::new().file(file, "");
        private(&fixture.dir.path().join(file), 0o600);
        let error = fixture.load().unwrap().keys(&Counter::default()).unwrap_err().to_string();
        assert!(error.contains("it is empty") && error.contains(remedy), "{error}");
    }
}

#[test]
fn a_key_file_with_other_content_is_named_and_no_setting_is_blamed() {
    for (file, remedy) in
        [("data/jwt-secret-key", "delete the file"), ("data/encryption-keys", "restore it from a backup")]
    {
        let fixture = Fixture::new().file(file, "hunter2");
        let error = fixture.load().unwrap().keys(&Counter::default()).unwrap_err().to_string();
        assert!(error.contains(file) && error.contains(remedy), "{error}");
        assert!(!error.contains("MFA_ENCRYPTION_KEYS") && !error.contains("hunter2"), "{error}");
    }
    let fixture = Fixture::new().file("data/demo-password", "\n");
    let error = fixture.load().unwrap().demo_password(&Counter::default()).unwrap_err().to_string();
    assert!(error.contains("it is empty") && error.contains("the next start gives the demo user"), "{error}");
}

#[cfg(unix)]
#[test]
fn a_data_folder_that_is_a_file_or_a_link_to_nowhere_is_named() {
    let file = Fixture::new().file("data", "");
    let link = Fixture::new();
    std::os::unix::fs::symlink("nowhere", link.dir.path().join("data")).unwrap();
    for fixture in [file, link] {
        let error = fixture.load().unwrap().keys(&Counter::default()).unwrap_err().to_string();
        assert!(
            error.ends_with("data is not a folder: remove it, or set MFA_DATA_DIR to a folder"),
            "{error}"
        );
    }
}

#[cfg(unix)]
#[test]
fn only_the_owner_may_read_generated_files() {
    use std::os::unix::fs::MetadataExt;
    let fixture = Fixture::new();
    fixture.load().unwrap().keys(&Counter::default()).unwrap();
    let mode = |path: &str| fs::metadata(fixture.dir.path().join(path)).unwrap().mode() & 0o777;
    assert_eq!(mode("data"), 0o700);
    assert_eq!(mode("data/jwt-secret-key"), 0o600);
    assert_eq!(mode("data/encryption-keys"), 0o600);
}

#[cfg(unix)]
#[test]
fn a_key_file_that_others_can_read_is_rejected_with_the_remedy() {
    let fixture = Fixture::new();
    let settings = fixture.load().unwrap();
    settings.keys(&Counter::default()).unwrap();
    let path = fixture.dir.path().join("data/jwt-secret-key");
    private(&path, 0o640);
    let error = settings.keys(&Counter::default()).unwrap_err().to_string();
    let remedy = format!("run chmod 600 {} as its owner", path.display());
    assert!(error.contains("mode 640") && error.ends_with(&remedy), "{error}");
}

fn private(path: &std::path::Path, mode: u32) {
    #[cfg(unix)]
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
    #[cfg(not(unix))]
    let _ = (path, mode);
}
