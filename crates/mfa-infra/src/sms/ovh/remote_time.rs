//! What time OVH believes it is: signatures are good for a short while by its clock.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use mfa_core::{Clock, Timestamp};

use crate::sms::http::{NoResponse, ProviderClient, RequestUrl};

/// How long a difference that was read is believed.
const BELIEVED_FOR: Duration = Duration::from_hours(1);
/// How long to wait before reading again where it could not be read.
const AGAIN_IN: Duration = Duration::from_mins(1);

/// The difference between OVH's clock and ours.
pub(super) struct RemoteTime {
    at: RequestUrl,
    clock: Arc<dyn Clock>,
    known: Mutex<Option<Difference>>,
}

#[derive(Clone, Copy)]
struct Difference {
    /// OVH's time less ours, in milliseconds.
    millis: i64,
    read_at: Timestamp,
    believed_for: Duration,
}

impl Difference {
    /// A clock that was set back makes it a difference to another clock.
    fn holds_at(self, now: Timestamp) -> bool {
        now >= self.read_at && now.since(self.read_at) < self.believed_for
    }
}

impl RemoteTime {
    pub(super) fn new(at: RequestUrl, clock: Arc<dyn Clock>) -> Self {
        Self { at, clock, known: Mutex::new(None) }
    }

    /// The time by OVH's clock. Asks where the difference is not known, or not any more.
    ///
    /// Where it answers nothing of use the last difference stays, or none: clocks mostly agree.
    ///
    /// # Errors
    ///
    /// [`NoResponse::NotSent`] where it cannot be reached, so that no time is lost on a second try to.
    pub(super) fn now(&self, caller: &ProviderClient) -> Result<Timestamp, NoResponse> {
        let known = *self.lock();
        let millis = match known {
            Some(known) if known.holds_at(self.clock.now()) => known.millis,
            _ => self.read(caller, known)?,
        };
        Ok(Timestamp::from_millis(self.clock.now().millis().saturating_add(millis)))
    }

    /// Makes the next call ask anew.
    pub(super) fn doubt(&self) {
        if let Some(known) = self.lock().as_mut() {
            known.believed_for = Duration::ZERO;
        }
    }

    fn read(&self, caller: &ProviderClient, known: Option<Difference>) -> Result<i64, NoResponse> {
        let theirs = match caller.look_up(&self.at) {
            Ok(answer) if answer.status == 200 => answer.json::<i64>(),
            Ok(_) | Err(NoResponse::Lost) => None,
            Err(NoResponse::NotSent) => return Err(NoResponse::NotSent),
        };
        let now = self.clock.now();
        let difference = |seconds: i64| Difference {
            millis: Timestamp::from_seconds(seconds).millis().saturating_sub(now.millis()),
            read_at: now,
            believed_for: BELIEVED_FOR,
        };
        let stand_in =
            Difference { millis: known.map_or(0, |it| it.millis), read_at: now, believed_for: AGAIN_IN };
        let difference = theirs.map_or(stand_in, difference);
        *self.lock() = Some(difference);
        Ok(difference.millis)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Difference>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
