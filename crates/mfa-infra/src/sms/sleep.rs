//! Waiting, on the runtime that the product owns.

use std::time::Duration;

use mfa_core::BoxFuture;
use mfa_sms::Sleep;
use tokio::runtime::Handle;

/// Waits by the timer of this runtime, whoever polls.
#[derive(Clone, Debug)]
pub struct TokioSleep(Handle);

impl TokioSleep {
    /// On a runtime whose timer is on.
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
