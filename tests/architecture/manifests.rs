//! Rules for the `Cargo.toml` of each crate.

/// Returns whether this manifest inherits the lints of the workspace.
///
/// Cargo's metadata does not contain lints, so the text is read. Only the two-line form `[lints]`, `workspace = true`
/// is accepted, so that all manifests have the same form.
pub(crate) fn inherits_workspace_lints(manifest: &str) -> bool {
    let mut lines = manifest.lines().map(str::trim).skip_while(|line| *line != "[lints]").skip(1);
    lines.find(|line| !line.is_empty() && !line.starts_with('#')) == Some("workspace = true")
}

#[test]
fn a_manifest_without_the_lints_of_the_workspace_is_noticed() {
    assert!(inherits_workspace_lints(
        "[package]\nname = \"a\"\n\n[lints]\nworkspace = true\n\n[dependencies]\n"
    ));
    assert!(!inherits_workspace_lints("[package]\nname = \"a\"\n\n[dependencies]\n"));
    assert!(!inherits_workspace_lints("[lints]\n\n[dependencies]\nworkspace = true\n"));
    assert!(!inherits_workspace_lints("[lints.rust]\nunsafe_code = \"allow\"\n"));
}
