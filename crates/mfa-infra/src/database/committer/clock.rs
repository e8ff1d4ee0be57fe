//! Monotonic clock for waits and deadlines.

use std::time::Instant;

/// Returns the current monotonic time.
#[expect(
    clippy::disallowed_methods,
    reason = "waiting is measured by the monotonic clock; no rule is decided by it"
)]
pub(crate) fn now() -> Instant {
    Instant::now()
}
