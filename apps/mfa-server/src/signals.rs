//! Signal handling: `SIGTERM`, `SIGINT` and `SIGHUP`.

use std::fmt;
use std::io;

use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;

/// Handlers of the signals of a server. From their creation on, no signal is lost, and none ends the process by itself.
pub struct Signals {
    runtime: Runtime,
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
}

impl Signals {
    /// Catches `SIGTERM`, `SIGINT` and `SIGHUP`.
    ///
    /// # Errors
    ///
    /// The error of the operating system.
    pub fn catch() -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
        let catch = |kind| {
            let _guard = runtime.enter();
            signal(kind)
        };
        let (terminate, interrupt) = (catch(SignalKind::terminate())?, catch(SignalKind::interrupt())?);
        let hangup = catch(SignalKind::hangup())?;
        Ok(Self { runtime, terminate, interrupt, hangup })
    }

    /// Waits for `SIGTERM`, `SIGINT` or the end of the server; calls `on_hangup` for each `SIGHUP`.
    pub(crate) fn wait(self, ended: &mut oneshot::Receiver<()>, on_hangup: impl Fn()) {
        let Self { runtime, mut terminate, mut interrupt, mut hangup } = self;
        runtime.block_on(async {
            loop {
                tokio::select! {
                    _ = terminate.recv() => return,
                    _ = interrupt.recv() => return,
                    _ = &mut *ended => return,
                    _ = hangup.recv() => on_hangup(),
                }
            }
        });
    }
}

impl fmt::Debug for Signals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signals").finish_non_exhaustive()
    }
}
