//! Recording event sink and unlimited rate limiter for tests.

use std::sync::{Mutex, PoisonError};

use crate::{
    BoxFuture, EventSink, LoggedEvent, RateLimitDecision, RateLimiter, RateRule, SecurityEvent, UserId,
};

/// Event sink that stores every event it receives.
#[derive(Debug, Default)]
pub struct RecordingEventSink(Mutex<Vec<RecordedEvent>>);

/// Event received by a [`RecordingEventSink`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedEvent {
    /// User whose event it is, if known.
    pub user: Option<UserId>,
    /// The event.
    pub event: SecurityEvent,
    /// Number and MAC of the event in the chain, if it was stored.
    pub chain: Option<(u64, Vec<u8>)>,
}

impl RecordingEventSink {
    /// Returns every event received so far.
    pub fn recorded(&self) -> Vec<RecordedEvent> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl EventSink for RecordingEventSink {
    fn record(&self, line: LoggedEvent<'_>) {
        let chain = line.chain.map(|(seq, mac)| (seq, mac.to_vec()));
        let recorded = RecordedEvent { user: line.user, event: line.event.clone(), chain };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(recorded);
    }
}

/// Rate limiter that allows every attempt.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoLimits;

impl RateLimiter for NoLimits {
    fn take<'a>(&'a self, _rule: RateRule, _subject: &'a str) -> BoxFuture<'a, RateLimitDecision> {
        Box::pin(async { RateLimitDecision::Allowed { remaining: u32::MAX } })
    }
}
