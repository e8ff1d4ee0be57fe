//! Rules for every package in `Cargo.lock`, on all platforms.
//!
//! The rules are those of `deny.toml`, which cargo-deny reads too. These tests check them with cargo's metadata alone,
//! so that `scripts/test` does not depend on cargo-deny. Known vulnerabilities are checked by cargo-deny only.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{Metadata, Package};
use toml::{Table, Value};

use super::licences;

/// The registry that packages of other authors may come from.
const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// The lists of `deny.toml`.
#[derive(Debug)]
pub(crate) struct Rules {
    /// Licences that a package may be used under.
    licences: BTreeSet<String>,
    /// Further licences of single packages.
    exceptions: BTreeMap<String, BTreeSet<String>>,
    /// Names of banned packages.
    banned: BTreeMap<String, Ban>,
}

/// One ban of `deny.toml`.
#[derive(Debug)]
struct Ban {
    reason: String,
    /// Packages that may depend on the banned one.
    wrappers: BTreeSet<String>,
}

impl Rules {
    /// Reads `deny.toml`.
    pub(crate) fn read() -> Self {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../deny.toml");
        let file: Table = std::fs::read_to_string(path).unwrap().parse().unwrap();
        let list = |section: &str, name: &str| file[section][name].as_array().unwrap().clone();
        let exceptions = list("licenses", "exceptions");
        let bans = list("bans", "deny");
        Self {
            licences: list("licenses", "allow").iter().map(text).collect(),
            exceptions: exceptions.iter().map(|it| (text(&it["crate"]), texts(it, "allow"))).collect(),
            banned: bans
                .iter()
                .map(|it| {
                    let ban = Ban { reason: text(&it["reason"]), wrappers: texts(it, "wrappers") };
                    (text(&it["crate"]), ban)
                })
                .collect(),
        }
    }

    /// Returns one message for each broken rule.
    pub(crate) fn violations(&self, metadata: &Metadata) -> Vec<String> {
        let dependents = dependents(metadata);
        let none = BTreeSet::new();
        metadata
            .packages
            .iter()
            .flat_map(|package| {
                let name = package.name.as_str();
                let source = package.source.as_ref().map(|it| it.repr.as_str());
                let users = dependents.get(name).unwrap_or(&none);
                self.violations_of(name, package.license.as_deref(), source, users)
            })
            .collect()
    }

    fn violations_of(
        &self,
        name: &str,
        licence: Option<&str>,
        source: Option<&str>,
        users: &BTreeSet<&str>,
    ) -> Vec<String> {
        let mut allowed = self.licences.clone();
        allowed.extend(self.exceptions.get(name).into_iter().flatten().cloned());
        let licence = match licence {
            None => Some(format!("{name} names no licence")),
            Some(it) => match licences::satisfied(it, &allowed) {
                None => Some(format!("the licence of {name} is malformed: {it}")),
                Some(false) => Some(format!("the licence of {name} is not allowed: {it}")),
                Some(true) => None,
            },
        };
        let banned = self
            .banned
            .get(name)
            .filter(|ban| ban.wrappers.is_empty() || users.iter().any(|user| !ban.wrappers.contains(*user)))
            .map(|ban| format!("{name} is banned: {}", ban.reason));
        // A package without a source is a crate of this workspace.
        let source = source
            .filter(|it| *it != CRATES_IO)
            .map(|it| format!("{name} comes from {it}: only crates.io is allowed"));
        [licence, banned, source].into_iter().flatten().collect()
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// Returns a list of texts; an absent one is empty.
fn texts(table: &Value, name: &str) -> BTreeSet<String> {
    let list = table.get(name).and_then(Value::as_array);
    list.into_iter().flatten().map(text).collect()
}

/// Returns, for each package, the names of those that depend on it directly.
fn dependents(metadata: &Metadata) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut dependents: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for node in &metadata.resolve.as_ref().unwrap().nodes {
        for id in &node.dependencies {
            dependents
                .entry(metadata[id].name.as_str())
                .or_default()
                .insert(metadata[&node.id].name.as_str());
        }
    }
    dependents
}

/// Returns the packages that `Cargo.lock` names, as `name version`.
pub(crate) fn locked() -> BTreeSet<String> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../Cargo.lock");
    let file: Table = std::fs::read_to_string(path).unwrap().parse().unwrap();
    let text = |package: &Value, name: &str| package[name].as_str().unwrap().to_owned();
    let packages = file["package"].as_array().unwrap();
    packages.iter().map(|it| format!("{} {}", text(it, "name"), text(it, "version"))).collect()
}

/// Returns the packages of other authors that this workspace lists itself.
pub(crate) fn direct_dependencies(metadata: &Metadata) -> Vec<&Package> {
    let resolve = metadata.resolve.as_ref().unwrap();
    let direct: BTreeSet<_> = resolve
        .nodes
        .iter()
        .filter(|node| metadata.workspace_members.contains(&node.id))
        .flat_map(|node| &node.dependencies)
        .filter(|id| !metadata.workspace_members.contains(id))
        .collect();
    direct.into_iter().map(|id| &metadata[id]).collect()
}

/// Returns a message for each package that offers a copyleft licence (GPL, LGPL, AGPL), even if it offers others.
pub(crate) fn copyleft<'a>(packages: impl IntoIterator<Item = &'a Package>) -> Vec<String> {
    packages
        .into_iter()
        .filter_map(|package| Some((package, package.license.as_deref()?)))
        .filter(|(_, licence)| offers_copyleft(licence))
        .map(|(package, licence)| format!("{} is under {licence}", package.name))
        .collect()
}

fn offers_copyleft(licence: &str) -> bool {
    licence.contains("GPL")
}

#[test]
fn a_package_that_breaks_a_rule_is_reported() {
    let rules = Rules::read();
    let violations = |name: &str, licence: Option<&str>, source: &str| {
        rules.violations_of(name, licence, Some(source), &BTreeSet::new())
    };
    assert_eq!(violations("good", Some("MIT OR Apache-2.0"), CRATES_IO), [""; 0]);
    assert_eq!(violations("choice", Some("Apache-2.0 OR GPL-2.0-only"), CRATES_IO), [""; 0]);
    for licence in
        ["AGPL-3.0-only", "GPL-3.0-or-later", "LGPL-2.1-or-later", "SSPL-1.0", "MIT AND GPL-3.0-only"]
    {
        let expected = format!("the licence of bad is not allowed: {licence}");
        assert_eq!(violations("bad", Some(licence), CRATES_IO), [expected]);
    }
    assert_eq!(violations("bad", Some("MIT OR"), CRATES_IO), ["the licence of bad is malformed: MIT OR"]);
    assert_eq!(violations("bad", None, CRATES_IO), ["bad names no licence"]);
    let git = "git+https://example.com/bad";
    let expected = format!("bad comes from {git}: only crates.io is allowed");
    assert_eq!(violations("bad", Some("MIT"), git), [expected]);
    assert_eq!(violations("libotp", Some("MIT"), CRATES_IO), ["libotp is banned: its licence is the GPL"]);
}

#[test]
fn a_package_with_an_exception_is_reported_elsewhere() {
    let rules = Rules::read();
    let violations = |name: &str, licence: &str, users: &[&str]| {
        rules.violations_of(name, Some(licence), Some(CRATES_IO), &users.iter().copied().collect())
    };
    assert_eq!(violations("webauthn-rs-core", "MPL-2.0", &["mfa-passkey"]), [""; 0]);
    assert_eq!(violations("other", "MPL-2.0", &[]), ["the licence of other is not allowed: MPL-2.0"]);
    assert_eq!(violations("rsa", "MIT", &["crypto-glue"]), [""; 0]);
    let expected = "rsa is banned: its timing leaks the private key (RUSTSEC-2023-0071)";
    assert_eq!(violations("rsa", "MIT", &["crypto-glue", "mfa-jwt"]), [expected]);
}

#[test]
fn the_bans_name_what_was_decided() {
    let banned: Vec<_> = Rules::read().banned.into_keys().collect();
    assert_eq!(
        banned,
        ["actix-governor", "crypto-glue", "jsonwebtoken", "libotp", "rsa", "webauthn-rs-core"]
    );
}

#[test]
fn a_licence_that_offers_copyleft_is_noticed() {
    for licence in ["AGPL-3.0-only", "GPL-3.0-or-later", "MIT OR LGPL-2.1-or-later"] {
        assert!(offers_copyleft(licence), "{licence}");
    }
    assert!(!offers_copyleft("MIT OR Apache-2.0"));
}
