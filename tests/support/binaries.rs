//! The programs as users run them.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use cargo_metadata::Message;

/// The built `mfa-server`.
pub fn server_binary() -> &'static Path {
    &binaries().server
}

/// The built `mfa-admin`.
pub fn admin_binary() -> &'static Path {
    &binaries().admin
}

struct Binaries {
    server: PathBuf,
    admin: PathBuf,
}

fn binaries() -> &'static Binaries {
    static BINARIES: OnceLock<Binaries> = OnceLock::new();
    BINARIES.get_or_init(build)
}

/// Builds both, so that no test runs yesterday's program, and asks cargo where it put them.
///
/// The whole workspace is named because its features are then those that the tests themselves were built with:
/// cargo finds nothing to do after `scripts/test`, where naming two packages would compile Diesel once more.
fn build() -> Binaries {
    let mut cargo = Command::new(env!("CARGO"));
    // Cargo tells a test which package it is of. To the build script of `ring`, which asks for that, it would be a
    // change, and `ring` and all above it would be compiled anew.
    for (name, _) in std::env::vars_os() {
        if ["CARGO_PKG_", "CARGO_MANIFEST_"]
            .iter()
            .any(|it| name.as_encoded_bytes().starts_with(it.as_bytes()))
        {
            cargo.env_remove(name);
        }
    }
    let output = cargo
        .args(["build", "--locked", "--workspace", "--bins", "--message-format=json-render-diagnostics"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .stderr(Stdio::inherit())
        .output()
        .expect("cargo starts");
    assert!(output.status.success(), "the binaries do not build: see cargo's messages above");
    let built: Vec<_> = Message::parse_stream(output.stdout.as_slice())
        .filter_map(|message| match message {
            Ok(Message::CompilerArtifact(artifact)) => Some((artifact.target.name, artifact.executable?)),
            _ => None,
        })
        .collect();
    let path_of = |wanted: &str| match built.iter().find(|(name, _)| name == wanted) {
        Some((_, path)) => path.clone().into_std_path_buf(),
        None => panic!("cargo built no binary {wanted}"),
    };
    Binaries { server: path_of("mfa-server"), admin: path_of("mfa-admin") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_programs_are_built_and_found() {
        assert!(server_binary().is_file());
        assert!(admin_binary().is_file());
    }
}
