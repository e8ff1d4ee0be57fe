//! Port for the log and the metrics of security events.

use std::fmt;

use crate::LoggedEvent;

/// Receiver of security events, such as the log or the metrics.
///
/// The store passes stored events after the commit, with their place in the chain. The flows pass denied requests,
/// which are not stored.
pub trait EventSink: Send + Sync + fmt::Debug {
    /// Records one event. It must not fail and must not block.
    fn record(&self, line: LoggedEvent<'_>);
}
