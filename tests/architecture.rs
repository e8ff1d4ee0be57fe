//! What `docs/architecture.md` says about the crates, held against what cargo knows of them.

use std::process::Command;

use cargo_metadata::{Metadata, MetadataCommand};

mod arrows;
mod manifests;
mod packages;

#[test]
fn the_crates_depend_on_each_other_only_as_the_map_allows() {
    assert_none(&arrows::forbidden(&arrows::members(&metadata())));
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
fn no_crate_that_we_list_is_under_a_licence_that_binds_its_users() {
    assert_none(&packages::with_unfit_licence(&packages::direct_dependencies(&metadata())));
}

#[test]
fn no_crate_that_we_refuse_comes_in_through_another() {
    let metadata = metadata();
    assert_none(&packages::refused(metadata.packages.iter().map(|package| package.name.as_str())));
}

fn assert_none(violations: &[String]) {
    assert!(violations.is_empty(), "\n{}\n", violations.join("\n"));
}

/// The workspace and its dependencies on this platform, which are those that a build has fetched.
fn metadata() -> Metadata {
    let version = Command::new(env!("CARGO")).arg("-vV").output().unwrap();
    let version = String::from_utf8(version.stdout).unwrap();
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
    MetadataCommand::new()
        .cargo_path(env!("CARGO"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .other_options(["--locked", "--filter-platform", host].map(str::to_owned))
        .exec()
        .unwrap()
}
