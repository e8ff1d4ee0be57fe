//! The way out: events in the order of time, for archives and for other systems.

use std::time::Duration;

use mfa_core::{StoreError, StoredEvent, Timestamp, UserId};

use super::Auditor;
use crate::database::audit::{ChainRow, Cursor};

/// How old an event is before it is given out. One that happened earlier may be stored later: within this time it is.
const HORIZON: Duration = Duration::from_secs(10);

/// Where an export goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExportCursor(Cursor);

impl ExportCursor {
    /// From the first event of this time on.
    pub const fn from(since: Timestamp) -> Self {
        Self(Cursor::from(since))
    }
}

/// An event on its way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportedEvent {
    /// The event.
    pub event: StoredEvent,
    /// Its MAC in the user's chain, in lower-case hexadecimal.
    pub mac: String,
}

/// Some events, by time and then by id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportPage {
    /// The events.
    pub events: Vec<ExportedEvent>,
    /// Where the next page begins; none where there is none for now.
    pub next: Option<ExportCursor>,
}

impl Auditor {
    /// The next events behind a place, but none of the last ten seconds. Blocks.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store gave no answer: ask for the same page again.
    pub fn export(&self, after: ExportCursor, now: Timestamp) -> Result<ExportPage, StoreError> {
        let rows = self.database.by_time(after.0, now.minus(HORIZON))?;
        let next = rows.last().map(|row| ExportCursor(row.moment()));
        Ok(ExportPage { events: rows.into_iter().map(ExportedEvent::from).collect(), next })
    }
}

impl From<ChainRow> for ExportedEvent {
    fn from(row: ChainRow) -> Self {
        let event = StoredEvent {
            id: row.id,
            user: UserId::new(row.user_id),
            seq: u64::try_from(row.seq).unwrap_or(0),
            at: Timestamp::from_millis(row.at),
            event: row.event,
            method: row.method,
            outcome: row.outcome,
            ip: row.ip,
            user_agent: row.user_agent,
            request_id: row.request_id,
            actor: row.actor,
            reason: row.reason,
        };
        Self { event, mac: row.mac }
    }
}
