//! Ending a token before its time: logout.

use mfa_core::{EventKind, Need, Outcome, SecurityEvent, TokenMark};

use crate::{Call, Flows, Refusal};

impl Flows {
    /// Refuses the presented token from now on.
    ///
    /// # Errors
    ///
    /// [`Refusal::TokenSpent`] or [`Refusal::TokenRevoked`] where it is refused already.
    pub async fn revoke(&self, call: &Call) -> Result<(), Refusal> {
        let now = self.now();
        let (token, origin) = (call.token.clone(), call.origin.clone());
        self.decide(call, Need::Read, now, move |account| {
            account.mark_token(&token, TokenMark::Revoked, now);
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
