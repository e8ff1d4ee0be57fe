//! Server as a separate process, with the system clock.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use crate::{Client, Installation, server_binary};

/// Timeout of a graceful stop, with a margin.
const STOP_TIMEOUT: Duration = Duration::from_secs(12);

/// Running server process. Dropping it kills the process.
#[derive(Debug)]
pub struct ServerProcess {
    child: Option<Child>,
    client: Client,
    // Kept open, because the server would exit on a closed standard output.
    _banner: BufReader<ChildStdout>,
}

/// Failed start of a server.
#[derive(Debug)]
pub struct StartError {
    /// Exit code; `None` if the process was killed.
    pub code: Option<i32>,
    /// Text on standard error.
    pub stderr: String,
}

impl Installation {
    /// Starts a server and waits until it listens.
    #[track_caller]
    pub fn start(&self) -> ServerProcess {
        self.try_start().unwrap_or_else(|refusal| panic!("the server does not start: {refusal:?}"))
    }

    /// Starts a server that may fail to start.
    ///
    /// # Errors
    ///
    /// Exit code and standard error of a server that exited before it listened.
    pub fn try_start(&self) -> Result<ServerProcess, StartError> {
        self.run(&mut Command::new(server_binary()))
    }

    /// Starts a server under a wrapper program, such as `prlimit --nofile=64`.
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
    /// Returns a client of the server.
    pub const fn client(&self) -> Client {
        self.client
    }

    /// Kills the server without a graceful stop.
    pub fn kill(self) {
        drop(self);
    }

    /// Sets a resource limit of the running process with a `prlimit` option, such as `--fsize=1`.
    pub fn limit(&self, limit: &str) {
        let child = self.child.as_ref().expect("it runs");
        let set = Command::new("prlimit").args([&format!("--pid={}", child.id()), limit]).status();
        assert!(set.expect("the system has prlimit (util-linux)").success(), "{limit}");
    }

    /// Sends SIGTERM without waiting for the exit.
    pub fn terminate(&self) {
        self.signal("-TERM");
    }

    /// Sends SIGHUP: the server reopens its log and reloads its certificate.
    pub fn hang_up(&self) {
        self.signal("-HUP");
    }

    fn signal(&self, name: &str) {
        let child = self.child.as_ref().expect("it runs");
        let status = Command::new("kill").arg(name).arg(child.id().to_string()).status();
        assert!(status.expect("the system has kill").success());
    }

    /// Waits for the exit of a stopping server.
    pub fn wait(mut self) -> ExitStatus {
        let mut child = self.child.take().expect("it runs");
        let id = child.id();
        let (ended, end) = mpsc::channel();
        let waiter = std::thread::spawn(move || ended.send(child.wait()));
        let status = end.recv_timeout(STOP_TIMEOUT).unwrap_or_else(|_| {
            drop(Command::new("kill").arg("-KILL").arg(id.to_string()).status());
            panic!("the server did not exit within {STOP_TIMEOUT:?}")
        });
        drop(waiter.join());
        status.expect("one call waited for it")
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
