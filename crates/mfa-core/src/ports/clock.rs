//! What time it is.

use std::fmt;

use crate::Timestamp;

/// The one clock that every decision is made by; never SQL's `now()`, never Redis's.
pub trait Clock: Send + Sync + fmt::Debug {
    /// The time now.
    fn now(&self) -> Timestamp;
}
