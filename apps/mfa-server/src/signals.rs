//! What the operating system asks of the server.

use std::io;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;

/// Waits until the server is told to stop, or has ended by itself.
pub(crate) async fn told_to_stop(ended: &mut oneshot::Receiver<()>, on_hangup: impl Fn()) -> io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hangup = signal(SignalKind::hangup())?;
    loop {
        tokio::select! {
            _ = terminate.recv() => return Ok(()),
            _ = interrupt.recv() => return Ok(()),
            _ = &mut *ended => return Ok(()),
            _ = hangup.recv() => on_hangup(),
        }
    }
}
