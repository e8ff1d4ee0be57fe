//! Built programs, found through cargo.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use cargo_metadata::Message;

/// Path of the built `mfa-server`.
pub fn server_binary() -> &'static Path {
    &binaries().server
}

/// Path of the built `mfa-admin`.
pub fn admin_binary() -> &'static Path {
    &binaries().admin
}

/// Path of the built `software-authenticator` of the examples.
pub fn authenticator_binary() -> &'static Path {
    &binaries().authenticator
}

struct Binaries {
    server: PathBuf,
    admin: PathBuf,
    authenticator: PathBuf,
}

fn binaries() -> &'static Binaries {
    static BINARIES: OnceLock<Binaries> = OnceLock::new();
    BINARIES.get_or_init(build)
}

/// Builds the programs, so that no test runs an outdated one, and reads their paths from cargo's output.
///
/// The whole workspace is built, so that its features are those that the tests were built with:
/// cargo then has nothing to do after `scripts/test`, but for two packages it would compile Diesel again.
fn build() -> Binaries {
    let mut cargo = Command::new(env!("CARGO"));
    // Cargo sets the package variables of a test. The build script of `ring` reads them, so inheriting them would
    // compile `ring` and all its dependants again.
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
    Binaries {
        server: path_of("mfa-server"),
        admin: path_of("mfa-admin"),
        authenticator: path_of("software-authenticator"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_programs_are_built_and_found() {
        assert!(server_binary().is_file());
        assert!(admin_binary().is_file());
        assert!(authenticator_binary().is_file());
    }
}
