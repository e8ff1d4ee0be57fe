//! Live server for the commands of a document: the real programs on the real clock.
//!
//! Programs that would make a test wait or depend on the machine are replaced by scripts of the same name, first in the
//! `PATH`: `cargo run` prints the banner of the running server or runs the built `mfa-admin`, `sleep` returns at once,
//! and `oathtool` prints the next code that a server accepts.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, OnceLock};
use std::time::Duration;

use mfa_core::Timestamp;
use mfa_totp::{Parameters, TimeStep};
use nova_mfa_tests::{Client, admin_binary, authenticator_binary, server_binary};
use tempfile::TempDir;

use super::answers;
use super::markdown::{Document, Fence};

/// Address of the server in the documents.
const ADDRESS_IN_DOCUMENTS: &str = "127.0.0.1:8200";
/// The same address as the banner writes it, because browsers refuse passkeys on an IP address.
const NAME_IN_DOCUMENTS: &str = "localhost:8200";

/// Server running in a folder of its own, started with the fewest possible settings.
#[derive(Debug)]
pub(super) struct Live {
    folder: TempDir,
    address: String,
    server: Child,
}

impl Live {
    /// Starts a server.
    pub(super) fn start(settings: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let banner = folder.path().join("banner");
        let mut server = Command::new(server_binary())
            .current_dir(folder.path())
            .env_clear()
            .env("MFA_BIND", "127.0.0.1:0")
            .envs(settings.iter().copied())
            .stdin(Stdio::null())
            .stdout(File::create(&banner).unwrap())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let address = loop {
            let said = std::fs::read_to_string(&banner).unwrap();
            let complete = said.rsplit_once('\n').map_or("", |(complete, _)| complete);
            if let Some((_, address)) = complete.lines().find_map(|line| line.split_once("Listening: ")) {
                break address.to_owned();
            }
            assert!(server.try_wait().unwrap().is_none(), "the server did not start");
            std::thread::sleep(Duration::from_millis(10));
        };
        Self { folder, address, server }
    }

    /// Returns a client of the server.
    pub(super) fn client(&self) -> Client {
        Client::new(self.address.parse().unwrap())
    }

    /// Returns the working folder.
    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Runs the `sh` blocks of a document in one shell. Panics if one fails or its output differs from the block that
    /// follows it.
    pub(super) fn follows(&self, document: &Document) {
        let output = tempfile::tempdir().unwrap();
        let steps: Vec<_> = steps(document).collect();
        assert!(steps.len() > 5, "{} has few commands: {}", document.path, steps.len());
        let programs = output.path().join("bin");
        self.stand_ins(&programs);
        let script = script(&steps, output.path()).replace(ADDRESS_IN_DOCUMENTS, &self.address);
        let localhost = self.address.replace("127.0.0.1", "localhost");
        let script = script.replace(NAME_IN_DOCUMENTS, &localhost);
        let script = format!("PATH='{}':$PATH\n{script}", programs.display());
        let status = Command::new("bash")
            .arg("-c")
            .arg(script)
            .current_dir(self.folder())
            .env("LC_ALL", "C.UTF-8")
            .stdin(Stdio::null())
            .status()
            .unwrap();
        let read = |name: String| {
            let text = std::fs::read_to_string(output.path().join(name)).unwrap_or_default();
            text.replace(&self.address, ADDRESS_IN_DOCUMENTS).replace(&localhost, NAME_IN_DOCUMENTS)
        };
        let mut faults = Vec::new();
        for (n, (command, shown)) in steps.iter().enumerate() {
            let (printed, said) = (read(format!("{n}.out")), read(format!("{n}.err")));
            let place = format!("{}, line {}", document.path, command.line);
            if !output.path().join(format!("{n}.done")).exists() {
                faults.push(format!("{place}: it failed\n{}\n{printed}\n{said}", command.text));
                break;
            }
            let difference = shown.and_then(|shown| answers::difference(&shown.text, &printed, &said));
            faults.extend(difference.map(|it| format!("{place}: {it}\nAll of it:\n{printed}\n{said}")));
        }
        assert!(faults.is_empty() && status.success(), "\n{}\n", faults.join("\n\n"));
    }

    /// Writes the replacements for programs that wait or build.
    fn stand_ins(&self, folder: &Path) {
        let admin = admin_binary().display();
        let authenticator = authenticator_binary().display();
        let banner = self.folder().join("banner");
        let programs = [
            ("sleep", "exit 0".to_owned()),
            ("mfa-admin", format!("exec '{admin}' \"$@\"")),
            (
                "cargo",
                format!(
                    "case \"$*\" in\n\
                     *'-p mfa-admin -- '*) while [ \"$1\" != -- ]; do shift; done; shift; exec '{admin}' \"$@\" ;;\n\
                     *'--bin software-authenticator -- '*) while [ \"$1\" != -- ]; do shift; done; shift; \
                     exec '{authenticator}' \"$@\" ;;\n\
                     run) cat '{}' ;;\n\
                     *) echo \"the test does not know: cargo $*\" >&2; exit 1 ;;\n\
                     esac",
                    banner.display()
                ),
            ),
            (
                "oathtool",
                format!(
                    "exec 3<>/dev/tcp/127.0.0.1/{}\nprintf '%s\\n' \"${{@: -1}}\" >&3\nexec cat <&3",
                    codes_port()
                ),
            ),
        ];
        std::fs::create_dir(folder).unwrap();
        for (name, body) in programs {
            let path = folder.join(name);
            std::fs::write(&path, format!("#!/usr/bin/env bash\n{body}\n")).unwrap();
            std::fs::set_permissions(&path, PermissionsExt::from_mode(0o755)).unwrap();
        }
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        drop(self.server.kill());
        drop(self.server.wait());
    }
}

/// Returns each `sh` block with the block of its output.
fn steps(document: &Document) -> impl Iterator<Item = (&Fence, Option<&Fence>)> {
    let fences = &document.fences;
    let answer =
        |n: usize| fences.get(n + 1).filter(|it| ["json", "http", "text"].contains(&it.language.as_str()));
    let commands = fences.iter().enumerate().filter(|(_, fence)| fence.language == "sh");
    commands.map(move |(n, fence)| (fence, answer(n)))
}

/// Returns one script of all blocks, which stops at the first failure. The output of each block goes to its own file.
fn script(steps: &[(&Fence, Option<&Fence>)], output: &Path) -> String {
    let mut script = "set -euo pipefail\n".to_owned();
    for (n, (command, _)) in steps.iter().enumerate() {
        let at = |kind: &str| -> PathBuf { output.join(format!("{n}.{kind}")) };
        let (out, err, done) = (at("out"), at("err"), at("done"));
        let (out, err, done, command) = (out.display(), err.display(), done.display(), &command.text);
        write!(script, "exec >'{out}' 2>'{err}'\n{command}\n: >'{done}'\n").expect("a String takes all");
    }
    script
}

/// Returns the port that the replacement for `oathtool` connects to. Each code is of a later step than the previous
/// one of its secret and within the window. If the window has no such step yet, it waits for one.
fn codes_port() -> u16 {
    static PORT: OnceLock<u16> = OnceLock::new();
    *PORT.get_or_init(|| {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                std::thread::spawn(|| answer_with_a_code(stream.unwrap()));
            }
        });
        port
    })
}

fn answer_with_a_code(mut stream: std::net::TcpStream) {
    let mut secret = String::new();
    BufReader::new(&stream).read_line(&mut secret).unwrap();
    writeln!(stream, "{}", next_code(secret.trim())).unwrap();
}

/// Second of a step from which on it may be over when the server checks the code.
const TOO_LATE: i64 = 24;

fn next_code(secret: &str) -> String {
    static LAST: Mutex<BTreeMap<String, i64>> = Mutex::new(BTreeMap::new());
    let step = {
        let (step, begun) = (now() / 30, now() % 30);
        let oldest = if begun < TOO_LATE { step - 1 } else { step };
        let mut last = LAST.lock().unwrap();
        let step = last.get(secret).map_or(oldest, |last| (last + 1).max(oldest));
        last.insert(secret.to_owned(), step);
        step
    };
    while now() / 30 + 1 < step {
        std::thread::sleep(Duration::from_millis(200));
    }
    let secret = mfa_totp::import_secret(secret).expect("the secret that was shown");
    let code = TimeStep::at(Timestamp::from_seconds(step * 30)).code(&secret, Parameters::default()).unwrap();
    code.to_text().expose().to_owned()
}

/// Returns the seconds since 1970.
#[expect(
    clippy::disallowed_methods,
    reason = "the programs under test live on the system's clock, and so do their codes"
)]
fn now() -> i64 {
    let since_1970 = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    since_1970.as_secs().try_into().unwrap()
}
