//! Ending a token before its time: logout.

use mfa_core::{DenylistReason, EventKind, Outcome, Requirement, SecurityEvent};

use crate::{Call, FlowError, Flows};

impl Flows {
    /// Refuses the presented token from now on.
    ///
    /// # Errors
    ///
    /// [`FlowError::TokenSpent`] or [`FlowError::TokenRevoked`] where it is refused already.
    pub async fn revoke(&self, call: &Call) -> Result<(), FlowError> {
        let now = self.now();
        let (token, origin) = (call.token.clone(), call.origin.clone());
        self.decide(call, Requirement::Read, now, move |account| {
            account.deny_token(&token, DenylistReason::Revoked, now);
            account.record(SecurityEvent::new(
                EventKind::TokenRevoked,
                Outcome::Success,
                now,
                origin.clone(),
            ));
            Ok(())
        })
        .await
    }
}
