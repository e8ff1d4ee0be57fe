//! The release build of the server as a process of its own, and its readings in `/proc`.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use nova_mfa_tests::Installation;

/// A running server. Dropping it ends the process.
#[derive(Debug)]
pub(crate) struct BenchServer {
    pub(crate) address: SocketAddr,
    child: Child,
    // Kept open, because the server would exit on a closed standard output.
    _banner: BufReader<ChildStdout>,
}

/// Returns a program of the release build.
pub(crate) fn program(name: &str) -> PathBuf {
    let folder = std::env::var("MFA_BENCH_PROGRAMS").expect("scripts/bench names the folder of the programs");
    Path::new(&folder).join(name)
}

impl BenchServer {
    /// Starts a server of this installation and waits until it listens.
    pub(crate) fn start(program: &Path, installation: &Installation) -> Self {
        let mut child = Command::new(program)
            .current_dir(installation.folder())
            .env_clear()
            .envs(installation.settings())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the server starts");
        let mut banner = BufReader::new(child.stdout.take().expect("it was piped"));
        let mut lines = std::iter::from_fn(|| {
            let mut line = String::new();
            (banner.read_line(&mut line).expect("the banner is text") > 0).then_some(line)
        });
        let address = lines.find_map(|line| Some(line.split_once("Listening: ")?.1.trim().parse()));
        let address = address.expect("the server listens").expect("an address and a port");
        Self { address, child, _banner: banner }
    }

    /// Returns the processor time that the server has used.
    pub(crate) fn cpu(&self) -> Duration {
        let stat =
            std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).expect("a running process");
        // The name of the program, in parentheses, may contain spaces.
        let fields: Vec<&str> = stat.rsplit(") ").next().unwrap_or_default().split(' ').collect();
        let ticks =
            |place: usize| fields.get(place).and_then(|it| it.parse::<u64>().ok()).unwrap_or_default();
        // Fields 14 and 15 of proc(5), of which the first two are cut off; 100 ticks a second on Linux.
        Duration::from_millis((ticks(11) + ticks(12)) * 10)
    }

    /// Returns a memory reading in MiB: `VmRSS`, `VmHWM` or `RssAnon`.
    pub(crate) fn memory(&self, name: &str) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()));
        let status = status.expect("a running process");
        let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        let kib = line.and_then(|it| it.trim().trim_end_matches(" kB").parse::<f64>().ok());
        kib.unwrap_or_default() / 1_024.0
    }
}

impl Drop for BenchServer {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
