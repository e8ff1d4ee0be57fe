//! Port for the log and the metrics of sends.

use std::fmt;

use crate::{LowConversion, SendId, SendReport};

/// Receiver of send reports. None contains a number, a text or a code.
pub trait SmsObserver: Send + Sync + fmt::Debug {
    /// Records the attempts and the outcome of a send.
    fn send_finished(&self, send: &SendId, country: &str, dispatch: &SendReport);

    /// Records a send that was rejected, because too few codes of its prefix, country or user were used.
    fn closed(&self, low: &LowConversion);

    /// Records that the send log could not be updated. The send itself continues.
    fn not_recorded(&self, send: &SendId, error: &mfa_core::StoreError);
}
