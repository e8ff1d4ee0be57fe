//! Tests of the crate map in `docs/architecture.md` and of the rules for dependencies in `deny.toml`.

use std::collections::BTreeSet;

use cargo_metadata::{Metadata, MetadataCommand};

mod arrows;
mod enums;
mod licences;
mod manifests;
mod modules;
mod packages;
mod source;
mod texts;
mod types;

#[test]
fn the_crates_depend_on_each_other_only_as_the_map_allows() {
    assert_none(&arrows::forbidden(&arrows::members(&metadata())));
}

#[test]
fn modules_do_not_import_each_other_in_a_circle() {
    for folder in source::source_folders() {
        let circles = modules::circles(&folder);
        assert!(circles.is_empty(), "{}\n{}\n", folder.display(), circles.join("\n"));
    }
}

#[test]
fn no_text_contains_an_idiom() {
    assert_none(&texts::idioms());
}

#[test]
fn no_two_types_have_the_same_name() {
    assert_none(&types::names_used_twice());
}

#[test]
fn every_public_enum_says_whether_it_may_grow() {
    assert_none(&enums::undecided());
}

#[test]
fn every_crate_inherits_the_lints_of_the_workspace() {
    let strays: Vec<_> = metadata()
        .workspace_packages()
        .into_iter()
        .filter(|package| {
            let manifest = std::fs::read_to_string(&package.manifest_path).unwrap();
            !manifests::inherits_workspace_lints(&manifest)
        })
        .map(|package| format!("{} lacks `[lints] workspace = true`", package.name))
        .collect();
    assert_none(&strays);
}

#[test]
fn every_package_of_the_lock_file_follows_the_rules_of_deny_toml() {
    let metadata = metadata();
    let checked: BTreeSet<_> =
        metadata.packages.iter().map(|it| format!("{} {}", it.name, it.version)).collect();
    assert_eq!(checked, packages::locked());
    assert_none(&packages::Rules::read().violations(&metadata));
}

#[test]
fn no_direct_dependency_offers_a_copyleft_licence() {
    let metadata = metadata();
    let direct = packages::direct_dependencies(&metadata);
    assert!(direct.len() > 30, "{}", direct.len());
    assert_none(&packages::copyleft(direct));
}

fn assert_none(violations: &[String]) {
    assert!(violations.is_empty(), "\n{}\n", violations.join("\n"));
}

/// The workspace and all its dependencies, with every feature and on every platform.
///
/// Cargo downloads the packages that this platform does not build. `cargo fetch --locked` does that beforehand, for a
/// machine without a network.
fn metadata() -> Metadata {
    MetadataCommand::new()
        .cargo_path(env!("CARGO"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .other_options(["--locked", "--all-features"].map(str::to_owned))
        .exec()
        .unwrap()
}
