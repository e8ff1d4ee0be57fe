//! Security events of an account, for its owner.

use mfa_core::{StoredEvent, UserEventsQuery};

use crate::call::Call;
use crate::error::FlowError;
use crate::flows::Flows;

impl Flows {
    /// Returns the caller's own events, highest number first. Works while the account is locked.
    ///
    /// Events of administrators are included, without their address and user agent.
    ///
    /// # Errors
    ///
    /// The account denies the call.
    pub async fn events(&self, call: &Call, page: UserEventsQuery) -> Result<Vec<StoredEvent>, FlowError> {
        self.read(call).await?;
        let events = self.ports.audit_log.list_for_user(call.token.user, page).await?;
        Ok(events.into_iter().map(without_administrator_origin).collect())
    }
}

/// Removes the address and the user agent of an administrator, which the user may not see.
fn without_administrator_origin(event: StoredEvent) -> StoredEvent {
    if event.actor.is_none() { event } else { StoredEvent { ip: None, user_agent: None, ..event } }
}
