//! What time it is.

use std::fmt;

use crate::Timestamp;

/// The one clock that every decision is made by; never SQL's `now()`, never Redis's.
pub trait Clock: Send + Sync + fmt::Debug {
    /// The time now.
    fn now(&self) -> Timestamp;

    /// Whether the time can be relied on: false while it differs too much from the database's, and then no code is
    /// checked and no token issued.
    fn is_trusted(&self) -> bool {
        true
    }

    /// Until when codes of the authenticator app are refused without being counted: the store may have lost which steps
    /// were used last, and a used code would be good again.
    fn totp_blocked_until(&self) -> Option<Timestamp> {
        None
    }
}
