//! Where security events are told.

use std::fmt;

use crate::LoggedEvent;

/// Tells security events to whoever watches: the log, the metrics.
///
/// Events that were stored come from the store, after the commit and with their place in the chain; refusals, which
/// are not stored, come from the flows.
pub trait EventSink: Send + Sync + fmt::Debug {
    /// Tells one. Must not fail and must not take long.
    fn record(&self, line: LoggedEvent<'_>);
}
