//! Secrets that the server makes for itself.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU8, Ordering};

use mfa_core::{Entropy, EntropyError};
use mfa_jwt::check_secret_strength;

use super::*;

/// Never the same bytes twice.
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

fn files(place: &Place) -> BTreeSet<String> {
    let entries = fs::read_dir(place.dir.path().join("data")).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn keys_are_made_once_and_found_again() {
    let place = Place::new();
    let settings = place.load().unwrap();
    assert!(!settings.data_dir.exists(), "loading makes nothing");
    let entropy = Counter::default();
    let keys = settings.keys(&entropy).unwrap();
    check_secret_strength(&keys.jwt_secret).unwrap();
    assert_eq!(keys.encryption.len(), 1);
    let password = settings.demo_password(&entropy).unwrap().unwrap();
    assert_eq!(password.expose().len(), 16);
    assert_eq!(settings.keys(&entropy).unwrap(), keys);
    assert_eq!(settings.demo_password(&Broken).unwrap(), Some(password));
    let expected = ["demo-password", "encryption-keys", "jwt-secret-key"].map(str::to_owned);
    assert_eq!(files(&place), BTreeSet::from(expected), "no draft is left");
}

#[test]
fn keys_that_were_given_are_not_made() {
    let place = Place::production();
    let settings = place.load().unwrap();
    let keys = settings.keys(&Broken).unwrap();
    assert_eq!(keys.jwt_secret.expose(), SECRET);
    assert_eq!(settings.demo_password(&Broken).unwrap(), None);
    assert!(!place.dir.path().join("data").exists());
}

#[test]
fn without_chance_nothing_is_made() {
    let place = Place::new();
    let error = place.load().unwrap().keys(&Broken).unwrap_err().to_string();
    assert!(error.contains("no randomness"), "{error}");
    assert_eq!(files(&place), BTreeSet::new());
}

#[test]
fn starts_at_the_same_time_agree_on_one_key() {
    let place = Place::new();
    let settings = place.load().unwrap();
    let entropy = Counter::default();
    let all: Vec<_> = std::thread::scope(|scope| {
        let starts: Vec<_> = (0..8).map(|_| scope.spawn(|| settings.keys(&entropy).unwrap())).collect();
        starts.into_iter().map(|start| start.join().unwrap()).collect()
    });
    assert!(all.iter().all(|keys| *keys == all[0]));
    assert_eq!(files(&place).len(), 2);
}

#[test]
fn an_empty_key_file_is_not_replaced_in_silence() {
    let place = Place::new().file("data/jwt-secret-key", "");
    let path = place.dir.path().join("data/jwt-secret-key");
    private(&path, 0o600);
    let error = place.load().unwrap().keys(&Counter::default()).unwrap_err().to_string();
    assert!(error.contains("it is empty"), "{error}");
}

#[cfg(unix)]
#[test]
fn only_the_owner_may_read_what_is_made() {
    use std::os::unix::fs::MetadataExt;
    let place = Place::new();
    place.load().unwrap().keys(&Counter::default()).unwrap();
    let mode = |path: &str| fs::metadata(place.dir.path().join(path)).unwrap().mode() & 0o777;
    assert_eq!(mode("data"), 0o700);
    assert_eq!(mode("data/jwt-secret-key"), 0o600);
    assert_eq!(mode("data/encryption-keys"), 0o600);
}

#[cfg(unix)]
#[test]
fn a_key_file_that_others_may_read_is_refused_with_the_cure() {
    let place = Place::new();
    let settings = place.load().unwrap();
    settings.keys(&Counter::default()).unwrap();
    let path = place.dir.path().join("data/jwt-secret-key");
    private(&path, 0o640);
    let error = settings.keys(&Counter::default()).unwrap_err().to_string();
    let cure = format!("run chmod 600 {} as its owner", path.display());
    assert!(error.contains("mode 640") && error.ends_with(&cure), "{error}");
}

fn private(path: &std::path::Path, mode: u32) {
    #[cfg(unix)]
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
    #[cfg(not(unix))]
    let _ = (path, mode);
}
