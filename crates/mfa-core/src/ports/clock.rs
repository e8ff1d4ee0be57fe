//! Port for the current time.

use std::fmt;

use crate::Timestamp;

/// Clock by which every decision is made. Neither SQL's `now()` nor the time of Redis is used.
pub trait Clock: Send + Sync + fmt::Debug {
    /// Returns the current time.
    fn now(&self) -> Timestamp;

    /// Returns whether the clock is trusted.
    ///
    /// `false` while it differs too much from the database's clock. Then no code is verified and no token issued.
    fn is_trusted(&self) -> bool {
        true
    }

    /// Returns the time until which TOTP codes are rejected without being counted, if any.
    ///
    /// Set after a failover: the database may have lost the latest used time steps, and a used code would be accepted
    /// again.
    fn totp_blocked_until(&self) -> Option<Timestamp> {
        None
    }
}
