//! Tests of `scripts/` and `.ci/run`: each explains itself, and a sum of results counts every failure.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use super::markdown::root;

fn scripts() -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root().join("scripts")).unwrap().map(|it| it.unwrap().path());
    let mut scripts: Vec<_> = entries.filter(|it| it.is_file()).collect();
    scripts.push(root().join(".ci/run"));
    scripts
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn every_script_prints_its_help() {
    let scripts = scripts();
    assert!(scripts.len() > 9, "{scripts:?}");
    for script in scripts {
        for flag in ["--help", "-h"] {
            let output = Command::new(&script).arg(flag).output().unwrap();
            let help = text(&output.stdout);
            let name = script.strip_prefix(root()).unwrap().to_str().unwrap();
            assert!(output.status.success() && output.stderr.is_empty(), "{name}: {output:?}");
            assert!(help.contains(&format!("  {name}")), "{name} does not show how it is called: {help}");
            assert!(!help.contains("set -euo"), "{name}: the help ends with the first comment: {help}");
        }
    }
}

/// The simulation of `docs/scaling.md` agrees with queueing theory and with the measured machine.
#[test]
fn the_simulation_agrees_with_known_results() {
    let output = Command::new(root().join("scripts/simulate")).arg("--check").output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stdout));
    assert!(text(&output.stdout).contains("0 off"));
}

/// Runs `.ci/run` in a folder of its own, where each check prints the given line and exits with the given code.
fn ci(checks: &[(&str, &str, i32)]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    for name in ["bin", "scripts", ".ci"] {
        std::fs::create_dir(folder.path().join(name)).unwrap();
    }
    let write = |path: &Path, text: &str| {
        std::fs::write(path, text).unwrap();
        std::fs::set_permissions(path, PermissionsExt::from_mode(0o755)).unwrap();
    };
    write(&folder.path().join("bin/cargo"), "#!/bin/sh\n");
    for (name, line, code) in checks {
        write(&folder.path().join("scripts").join(name), &format!("#!/bin/sh\necho '{line}'\nexit {code}\n"));
    }
    let run = folder.path().join(".ci/run");
    std::fs::copy(root().join(".ci/run"), &run).unwrap();
    let command = "PATH=$0/bin:$PATH HOME=$0 exec \"$0/.ci/run\"";
    Command::new("bash").arg("-c").arg(command).arg(folder.path()).output().unwrap()
}

#[track_caller]
fn assert_sum(checks: &[(&str, &str, i32)], sum: &str, code: i32) {
    let output = ci(checks);
    let printed = text(&output.stdout);
    let sums: Vec<_> =
        printed.lines().filter(|it| it.ends_with(" failed") && it.starts_with(char::is_numeric)).collect();
    assert_eq!(sums, [sum], "{printed}");
    assert_eq!(printed.lines().last(), Some(sum));
    assert_eq!(output.status.code(), Some(code), "{printed}");
}

#[test]
fn the_results_of_all_checks_are_summed() {
    let [test, deployment, clients] = ["test", "check-deployment", "check-clients"];
    let fine = (deployment, "20 passed, 0 failed", 0);
    let also_fine = (clients, "3 passed, 0 failed", 0);
    assert_sum(&[(test, "100 passed, 0 failed", 0), fine, also_fine], "123 passed, 0 failed", 0);
    // The others still run.
    assert_sum(&[(test, "99 passed, 1 failed", 1), fine, also_fine], "122 passed, 1 failed", 1);
    // No result, a failure without a count, and a missing script.
    assert_sum(&[(test, "error", 0), fine, also_fine], "23 passed, 1 failed", 1);
    assert_sum(&[(test, "100 passed, 0 failed", 3), fine, also_fine], "123 passed, 1 failed", 1);
    assert_sum(&[(test, "100 passed, 0 failed", 0), fine], "120 passed, 1 failed", 1);
}
