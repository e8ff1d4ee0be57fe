//! Asynchronous sleep on a given Tokio runtime.

use std::time::Duration;

use mfa_core::BoxFuture;
use mfa_sms::Sleep;
use tokio::runtime::Handle;

/// Sleeps on the timer of one runtime, whichever runtime polls the future.
#[derive(Clone, Debug)]
pub struct TokioSleep(Handle);

impl TokioSleep {
    /// Uses a runtime whose timer is enabled.
    pub const fn new(runtime: Handle) -> Self {
        Self(runtime)
    }
}

impl Sleep for TokioSleep {
    fn pause(&self, span: Duration) -> BoxFuture<'_, ()> {
        let _inside = self.0.enter();
        Box::pin(tokio::time::sleep(span))
    }
}
