//! Signal handling: `SIGTERM`, `SIGINT` and `SIGHUP`.

use std::fmt;
use std::fs::File;
use std::io::{self, IsTerminal as _};
use std::time::Duration;

use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;

/// Handlers of the signals of a server. From their creation on, no signal is lost, and none ends the process by itself.
pub struct Signals {
    runtime: Runtime,
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
    /// Whether the server was started in a terminal, and not by a service manager or `nohup`.
    in_terminal: bool,
}

/// Number of times that a server looks for its terminal after `SIGHUP`, and the pause between them: the signal comes before
/// the terminal is gone.
const TERMINAL_CHECKS: u32 = 10;
const TERMINAL_CHECK_PAUSE: Duration = Duration::from_millis(50);

impl Signals {
    /// Catches `SIGTERM`, `SIGINT` and `SIGHUP`.
    ///
    /// # Errors
    ///
    /// The error of the operating system.
    pub fn catch() -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let catch = |kind| {
            let _guard = runtime.enter();
            signal(kind)
        };
        let (terminate, interrupt) = (catch(SignalKind::terminate())?, catch(SignalKind::interrupt())?);
        let hangup = catch(SignalKind::hangup())?;
        Ok(Self { runtime, terminate, interrupt, hangup, in_terminal: io::stdin().is_terminal() })
    }

    /// Waits for `SIGTERM`, `SIGINT`, the end of the server or of the terminal in which it was started; calls `on_hangup`
    /// for each other `SIGHUP`.
    pub(crate) fn wait(self, ended: &mut oneshot::Receiver<()>, on_hangup: impl Fn()) {
        let Self { runtime, mut terminate, mut interrupt, mut hangup, in_terminal } = self;
        runtime.block_on(async {
            loop {
                tokio::select! {
                    _ = terminate.recv() => return,
                    _ = interrupt.recv() => return,
                    _ = &mut *ended => return,
                    _ = hangup.recv() => {
                        on_hangup();
                        if in_terminal && terminal_is_gone().await {
                            return;
                        }
                    }
                }
            }
        });
    }
}

/// Returns whether the controlling terminal of this process was closed.
async fn terminal_is_gone() -> bool {
    for _ in 0..TERMINAL_CHECKS {
        if File::open("/dev/tty").is_err() {
            return true;
        }
        tokio::time::sleep(TERMINAL_CHECK_PAUSE).await;
    }
    false
}

impl fmt::Debug for Signals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signals").finish_non_exhaustive()
    }
}
