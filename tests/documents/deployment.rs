//! Tests of the settings and versions named in `deploy/` and the documents.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use mfa_infra::settings::{Settings, Sources};
use nova_mfa_tests::{ENCRYPTION_KEY, JWT_SECRET};

use super::markdown::{files_under, root};

/// How the names of settings begin.
const FAMILIES: [&str; 12] = [
    "MFA_",
    "JWT_",
    "OVH_",
    "TWILIO_",
    "REDIS_",
    "TRUSTED_",
    "LOGIN_",
    "TLS_",
    "DATABASE_",
    "PUBLIC_",
    "HOOK_",
    "INTROSPECTION_",
];

/// Names of those families that are no settings: of the tests, and what a document's own commands call something.
const OTHERS: [&str; 2] = ["MFA_TEST_DATABASE_URL", "MFA_TEST_REDIS_URL"];

#[test]
fn every_setting_mentioned_in_the_documents_exists() {
    let settings = settings();
    let mut strays = Vec::new();
    for path in files().into_iter().chain(files_under("docs").into_iter().map(|it| root().join(it))) {
        let text = std::fs::read_to_string(&path).unwrap();
        let is_known = |name: &str| settings.contains(name) || OTHERS.contains(&name);
        let unknown = names(&text)
            .into_iter()
            .filter(|name| !is_known(name) && !name.strip_suffix("_FILE").is_some_and(is_known));
        strays.extend(unknown.map(|name| format!("{}: {name}", path.display())));
    }
    assert!(strays.is_empty(), "\n{}\n", strays.join("\n"));
}

/// The names of all settings: `.env.example` is held to the table by a test of its own.
pub(super) fn settings() -> BTreeSet<String> {
    let example = std::fs::read_to_string(root().join(".env.example")).unwrap();
    let lines = example.lines().filter_map(|line| line.strip_prefix('#')?.split_once('='));
    let names: BTreeSet<_> = lines.map(|(name, _)| name.to_owned()).filter(|it| !it.contains(' ')).collect();
    assert!(names.len() > 50, "{names:?}");
    names
}

fn files() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root().join("deploy")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            // Made by make-secrets, of one installation.
            if path.ends_with("secrets") || path.ends_with("tls") {
            } else if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path);
            }
        }
    }
    found
}

/// What looks like the name of a setting.
fn names(text: &str) -> BTreeSet<&str> {
    let words = text.split(|c: char| !(c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_'));
    words.filter(|word| FAMILIES.iter().any(|it| word.len() > it.len() && word.starts_with(it))).collect()
}

#[test]
fn the_image_and_the_documents_use_the_rust_version_of_the_workspace() {
    let read = |path: &str| std::fs::read_to_string(root().join(path)).unwrap();
    let manifest = read("Cargo.toml");
    let version =
        manifest.lines().find_map(|it| it.strip_prefix("rust-version = \"")?.strip_suffix('"')).unwrap();
    assert!(read("deploy/Dockerfile").contains(&format!("FROM rust:{version}-slim-bookworm AS build")));
    for document in ["README.md", "docs/quickstart.md", "docs/fr/quickstart.md"] {
        assert!(read(document).contains(&format!("Rust {version} ")), "{document} names another Rust");
    }
}

#[test]
fn the_example_of_a_production_installation_is_valid() {
    let folder = tempfile::tempdir().unwrap();
    let secrets = folder.path().join("secrets");
    std::fs::create_dir(&secrets).unwrap();
    let mut example = std::fs::read_to_string(root().join("deploy/env.example")).unwrap();
    example = example.replace("/etc/nova-mfa/secrets", secrets.to_str().unwrap());
    // Every line of it, also those that wait to be taken in.
    let lines = example.lines().map(|line| match line.strip_prefix('#') {
        Some(setting) if !setting.starts_with(' ') => setting,
        _ => line,
    });
    let dotenv = lines.collect::<Vec<_>>().join("\n");
    let sealing = format!("2026-11:{ENCRYPTION_KEY}");
    let given = BTreeMap::from([
        ("database_url", "postgresql://nova_mfa:secret@127.0.0.1/nova_mfa"),
        ("jwt_secret_key", JWT_SECRET),
        ("mfa_encryption_keys", &sealing),
        ("hook_secret", JWT_SECRET),
    ]);
    for name in dotenv.lines().filter_map(|line| line.split_once("_FILE=")?.1.rsplit_once('/')) {
        let text = given.get(name.1).copied().unwrap_or("0123456789abcdef");
        std::fs::write(secrets.join(name.1), text).unwrap();
    }
    std::fs::write(folder.path().join(".env"), dotenv).unwrap();
    let settings = Settings::load(&Sources { dir: folder.path().to_owned(), env: BTreeMap::new() }).unwrap();
    assert_eq!(settings.sms.providers.len(), 2);
    assert!(!settings.login.enabled);
}

#[test]
fn setting_names_are_found_in_text() {
    let found = names("environment: MFA_BIND=0.0.0.0, `JWT_SECRET_KEY_FILE`; MFA_ and mfa_env are none");
    assert_eq!(found.into_iter().collect::<Vec<_>>(), ["JWT_SECRET_KEY_FILE", "MFA_BIND"]);
}
