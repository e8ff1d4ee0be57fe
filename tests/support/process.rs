//! The server as a process of its own, with the system's clock.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use crate::{Client, Installation, server_binary};

/// How long a server that was told to stop may take, and a little for the machine.
const LAST: Duration = Duration::from_secs(12);

/// A server that runs. Dropping it kills it.
#[derive(Debug)]
pub struct ServerProcess {
    child: Option<Child>,
    client: Client,
    // Kept, because a server that speaks to nobody would end.
    _banner: BufReader<ChildStdout>,
}

/// A start that was refused.
#[derive(Debug)]
pub struct StartError {
    /// The exit code; none for a server that was killed.
    pub code: Option<i32>,
    /// What it said on standard error.
    pub stderr: String,
}

impl Installation {
    /// Starts a server, and waits until it listens.
    #[track_caller]
    pub fn start(&self) -> ServerProcess {
        self.try_start().unwrap_or_else(|refusal| panic!("the server does not start: {refusal:?}"))
    }

    /// The same, where it may be refused.
    ///
    /// # Errors
    ///
    /// What the server ended with before it listened.
    pub fn try_start(&self) -> Result<ServerProcess, StartError> {
        self.run(&mut Command::new(server_binary()))
    }

    /// Starts a server by way of a program that sets its surroundings and becomes it, such as `prlimit --nofile=64`.
    #[track_caller]
    pub fn start_under(&self, words: &[&str]) -> ServerProcess {
        let (program, arguments) = words.split_first().expect("the name of a program");
        let started = self.run(Command::new(program).args(arguments).arg(server_binary()));
        started.unwrap_or_else(|refusal| panic!("the server does not start under {words:?}: {refusal:?}"))
    }

    fn run(&self, command: &mut Command) -> Result<ServerProcess, StartError> {
        let mut child = command
            .current_dir(self.folder())
            .env_clear()
            .envs(self.settings())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("mfa-server starts");
        let mut banner = BufReader::new(child.stdout.take().expect("it was piped"));
        let mut line = String::new();
        while banner.read_line(&mut line).expect("the banner is text") > 0 {
            if let Some((_, address)) = line.split_once("Listening: ") {
                let address = address.trim().parse().expect("an address and a port");
                return Ok(ServerProcess {
                    child: Some(child),
                    client: Client::new(address),
                    _banner: banner,
                });
            }
            line.clear();
        }
        let output = child.wait_with_output().expect("it ended");
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        Err(StartError { code: output.status.code(), stderr })
    }
}

impl ServerProcess {
    /// What calls it.
    pub const fn client(&self) -> Client {
        self.client
    }

    /// Ends it as a power cut would.
    pub fn kill(self) {
        drop(self);
    }

    /// Sets a limit of the system on it while it runs, as `prlimit` names it: `--fsize=1`.
    pub fn limit(&self, limit: &str) {
        let child = self.child.as_ref().expect("it runs");
        let set = Command::new("prlimit").args([&format!("--pid={}", child.id()), limit]).status();
        assert!(set.expect("the system has prlimit (util-linux)").success(), "{limit}");
    }

    /// Tells it to stop, and goes on.
    pub fn terminate(&self) {
        self.signal("-TERM");
    }

    /// Tells it to read anew what lies in files, as after a rotation of the log.
    pub fn hang_up(&self) {
        self.signal("-HUP");
    }

    fn signal(&self, name: &str) {
        let child = self.child.as_ref().expect("it runs");
        let told = Command::new("kill").arg(name).arg(child.id().to_string()).status();
        assert!(told.expect("the system has kill").success());
    }

    /// Waits for its end, which is near.
    pub fn wait(mut self) -> ExitStatus {
        let mut child = self.child.take().expect("it runs");
        let id = child.id();
        let (ended, end) = mpsc::channel();
        let waiter = std::thread::spawn(move || ended.send(child.wait()));
        let status = end.recv_timeout(LAST).unwrap_or_else(|_| {
            drop(Command::new("kill").arg("-KILL").arg(id.to_string()).status());
            panic!("the server runs on, ten seconds after it was told to stop")
        });
        drop(waiter.join());
        status.expect("it was waited for once")
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            drop(child.kill());
            drop(child.wait());
        }
    }
}
