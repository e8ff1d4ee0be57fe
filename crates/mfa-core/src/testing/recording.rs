//! A log that is read back, and limits that never hit.

use std::sync::{Mutex, PoisonError};

use crate::{BoxFuture, EventSink, LoggedEvent, RateLimiter, RateRule, RateVerdict, SecurityEvent, UserId};

/// Keeps what it was told.
#[derive(Debug, Default)]
pub struct RecordingEventSink(Mutex<Vec<RecordedEvent>>);

/// One event that a [`RecordingEventSink`] was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedEvent {
    /// Whose.
    pub user: Option<UserId>,
    /// What.
    pub event: SecurityEvent,
    /// Its number and MAC in the chain, where it was stored.
    pub chain: Option<(u64, Vec<u8>)>,
}

impl RecordingEventSink {
    /// Everything told so far.
    pub fn recorded(&self) -> Vec<RecordedEvent> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl EventSink for RecordingEventSink {
    fn record(&self, line: LoggedEvent<'_>) {
        let chain = line.chain.map(|(seq, mac)| (seq, mac.to_vec()));
        let told = RecordedEvent { user: line.user, event: line.event.clone(), chain };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(told);
    }
}

/// Allows everything: for tests of what comes after the limits.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoLimits;

impl RateLimiter for NoLimits {
    fn take<'a>(&'a self, _rule: RateRule, _subject: &'a str) -> BoxFuture<'a, RateVerdict> {
        Box::pin(async { RateVerdict::Allowed { remaining: u32::MAX } })
    }
}
