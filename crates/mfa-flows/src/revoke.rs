//! Logout: revocation of the caller's token.

use mfa_core::{DenylistReason, EventKind, Outcome, Requirement, SecurityEvent};

use crate::call::Call;
use crate::error::FlowError;
use crate::flows::Flows;

impl Flows {
    /// Revokes the caller's token.
    ///
    /// # Errors
    ///
    /// [`FlowError::TokenSpent`] or [`FlowError::TokenRevoked`] if it was not valid any more.
    pub async fn revoke(&self, call: &Call) -> Result<(), FlowError> {
        let now = self.now();
        let (token, origin) = (call.token.clone(), call.origin.clone());
        self.decide(call, Requirement::Read, now, move |account| {
            account.deny_token(&token, DenylistReason::Revoked, now);
            let event = SecurityEvent::new(EventKind::TokenRevoked, Outcome::Success, now, origin.clone());
            account.record(event.with_token(token.for_event()));
            Ok(())
        })
        .await
    }
}
