//! What happened to an account, for its owner.

use mfa_core::{StoredEvent, UserEventsQuery};

use crate::{Call, FlowError, Flows};

impl Flows {
    /// The caller's own events, newest first, by their numbers. Works while the account is locked.
    ///
    /// What an administrator did is among them, but not from where.
    ///
    /// # Errors
    ///
    /// What the account refuses.
    pub async fn events(&self, call: &Call, page: UserEventsQuery) -> Result<Vec<StoredEvent>, FlowError> {
        self.read(call).await?;
        let events = self.ports.trail.list_for_user(call.token.user, page).await?;
        Ok(events.into_iter().map(as_its_owner_sees_it).collect())
    }
}

/// The address and the agent of an administrator are no affair of the user's.
fn as_its_owner_sees_it(event: StoredEvent) -> StoredEvent {
    if event.actor.is_none() { event } else { StoredEvent { ip: None, user_agent: None, ..event } }
}
