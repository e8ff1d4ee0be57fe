//! Export of events in time order, for archives and other systems.

use std::time::Duration;

use mfa_core::{StoreError, StoredEvent, Timestamp, UserId};

use super::auditor::Auditor;
use crate::database::audit::{ChainRow, Cursor};

/// Minimum age of exported events. An event may be stored after a later one, but within this time.
const EXPORT_DELAY: Duration = Duration::from_secs(10);

/// Position at which an export continues.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExportCursor(Cursor);

impl ExportCursor {
    /// Starts at the first event at or after this time.
    pub const fn from(since: Timestamp) -> Self {
        Self(Cursor::from(since))
    }
}

/// Exported event with its MAC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportedEvent {
    /// Stored event.
    pub event: StoredEvent,
    /// MAC in the user's chain, in lower-case hexadecimal.
    pub mac: String,
    /// ID of the token that the event issued or revoked, in lower-case hexadecimal: the ID of a session.
    pub token: Option<String>,
}

/// Page of events, ordered by time and then by id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportPage {
    /// Events of the page.
    pub events: Vec<ExportedEvent>,
    /// Position of the next page; `None` if there are no more events for now.
    pub next: Option<ExportCursor>,
}

impl Auditor {
    /// Returns the events after a position, except those of the last ten seconds. Blocks.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the database did not answer: request the same page again.
    pub fn export(&self, after: ExportCursor, now: Timestamp) -> Result<ExportPage, StoreError> {
        let rows = self.database.by_time(after.0, now.minus(EXPORT_DELAY))?;
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
        Self { event, mac: row.mac, token: row.token_id }
    }
}
