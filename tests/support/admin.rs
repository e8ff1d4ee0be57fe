//! Runner of `mfa-admin` as a separate process.

use std::io::Write as _;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::{Installation, admin_binary};

/// Result of a command.
#[derive(Debug)]
pub struct AdminAnswer {
    /// Exit code.
    pub code: Option<i32>,
    /// JSON document on standard output; null if there is none.
    pub json: Value,
    /// Text on standard error.
    pub stderr: String,
}

impl Installation {
    /// Runs `mfa-admin --json` with these arguments and this standard input, in the working folder.
    pub fn admin(&self, words: &[&str], input: &str) -> AdminAnswer {
        let mut child = self.spawn_admin(words);
        // A command that reads no input may have exited already.
        let _ = child.stdin.take().map(|mut stdin| stdin.write_all(input.as_bytes()));
        let output = child.wait_with_output().expect("mfa-admin ends");
        AdminAnswer {
            code: output.status.code(),
            json: serde_json::from_slice(&output.stdout).unwrap_or_default(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Starts `mfa-admin --json` with these arguments without waiting for it.
    pub fn spawn_admin(&self, words: &[&str]) -> Child {
        Command::new(admin_binary())
            .arg("--json")
            .args(words)
            .current_dir(self.folder())
            .env_clear()
            .envs(self.settings())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("mfa-admin starts")
    }

    /// Runs `mfa-admin` without `--json`. Returns its exit code and standard output.
    pub fn admin_text(&self, words: &[&str]) -> (Option<i32>, String) {
        let output = Command::new(admin_binary())
            .args(words)
            .current_dir(self.folder())
            .env_clear()
            .envs(self.settings())
            .output()
            .expect("mfa-admin runs");
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Creates a user with this password and returns its id.
    pub fn admin_creates_user(&self, name: &str, password: &str) -> i64 {
        let email = format!("{name}@example.com");
        let words = ["user", "create", "--email", &email, "--username", name, "--password-stdin"];
        let answer = self.admin(&words, password);
        answer.json.get("id").and_then(Value::as_i64).unwrap_or_else(|| panic!("no user: {answer:?}"))
    }
}
