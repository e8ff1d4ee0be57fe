//! Clock of OVH: a signature is valid for a short time by that clock.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use mfa_core::{Clock, Timestamp};

use crate::sms::http::{NoResponse, ProviderClient, RequestUrl};

/// Time for which a measured offset is used.
const VALID_FOR: Duration = Duration::from_hours(1);
/// Time until the next attempt after the offset could not be read.
const RETRY_AFTER: Duration = Duration::from_mins(1);

/// Clock of OVH, as an offset from the local clock.
pub(super) struct RemoteTime {
    at: RequestUrl,
    clock: Arc<dyn Clock>,
    offset: Mutex<Option<Offset>>,
}

#[derive(Clone, Copy)]
struct Offset {
    /// OVH time minus local time, in milliseconds.
    millis: i64,
    read_at: Timestamp,
    valid_for: Duration,
}

impl Offset {
    /// Returns whether the offset is still valid. A local clock that was set back invalidates it.
    fn is_valid_at(self, now: Timestamp) -> bool {
        now >= self.read_at && now.since(self.read_at) < self.valid_for
    }
}

impl RemoteTime {
    pub(super) fn new(at: RequestUrl, clock: Arc<dyn Clock>) -> Self {
        Self { at, clock, offset: Mutex::new(None) }
    }

    /// Returns the time of OVH's clock. Reads it if no valid offset is known.
    ///
    /// If the response is not usable, the last offset applies, or zero: clocks mostly agree.
    ///
    /// # Errors
    ///
    /// [`NoResponse::NotSent`] if OVH cannot be reached, so that no time is lost on the send itself.
    pub(super) fn now(&self, client: &ProviderClient) -> Result<Timestamp, NoResponse> {
        let known = *self.lock();
        let millis = match known {
            Some(known) if known.is_valid_at(self.clock.now()) => known.millis,
            _ => self.read(client, known)?,
        };
        Ok(Timestamp::from_millis(self.clock.now().millis().saturating_add(millis)))
    }

    /// Discards the offset, so that the next call reads the time again.
    pub(super) fn invalidate(&self) {
        if let Some(known) = self.lock().as_mut() {
            known.valid_for = Duration::ZERO;
        }
    }

    fn read(&self, client: &ProviderClient, known: Option<Offset>) -> Result<i64, NoResponse> {
        let remote = match client.quick_get(&self.at) {
            Ok(response) if response.status == 200 => response.json::<i64>(),
            Ok(_) | Err(NoResponse::Lost) => None,
            Err(NoResponse::NotSent) => return Err(NoResponse::NotSent),
        };
        let now = self.clock.now();
        let measured = |seconds: i64| Offset {
            millis: Timestamp::from_seconds(seconds).millis().saturating_sub(now.millis()),
            read_at: now,
            valid_for: VALID_FOR,
        };
        let fallback =
            Offset { millis: known.map_or(0, |it| it.millis), read_at: now, valid_for: RETRY_AFTER };
        let offset = remote.map_or(fallback, measured);
        *self.lock() = Some(offset);
        Ok(offset.millis)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Offset>> {
        self.offset.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
