//! What the operator is told of sends.

use std::fmt;

use crate::{LowConversion, SendId, SendReport};

/// Where the operator is told of sends: the log and the counters. No line holds a number, a text or a code.
pub trait SmsObserver: Send + Sync + fmt::Debug {
    /// What happened at each gateway, and what became of the send.
    fn dispatched(&self, send: &SendId, country: &str, dispatch: &SendReport);

    /// A send was refused, because too few codes of its prefix or its country came back.
    fn closed(&self, low: &LowConversion);

    /// Something could not be recorded of a send; what it was for goes on.
    fn not_recorded(&self, send: &SendId, error: &mfa_core::StoreError);
}
