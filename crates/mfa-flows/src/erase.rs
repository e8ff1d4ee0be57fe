//! Erasure of a user's data.

use mfa_core::{Account, EventKind, Phase, UserId};

use crate::admin::admin_event;
use crate::call::{AdminCall, rate_limit_key};
use crate::error::FlowError;
use crate::flows::Flows;

impl Flows {
    /// Erases a user's data besides the row of `users` itself: factors, recovery codes, phone numbers, state of tokens and
    /// sessions, a role, the log of SMS, and the personal data of events, also of those that the user caused as an administrator.
    /// The chains of events stay verifiable.
    ///
    /// The account comes first. That ends every session and marks the time, so that a request in progress stores no address
    /// and no number afterwards.
    ///
    /// # Errors
    ///
    /// [`FlowError::NoSuchUser`]; after [`FlowError::Store`], erase again.
    pub async fn erase_user(&self, call: &AdminCall, user: UserId) -> Result<(), FlowError> {
        let (now, clock) = (self.now(), self.ports.clock.clone());
        // The time of the decision, not of the call: no request that it overtakes is later.
        let erase = move |account: &mut Account| account.erase(clock.now());
        self.administer(call, user, EventKind::AdminErase, now, erase).await?;
        self.ports.users.set_helpdesk(user, false, now).await?;
        self.ports.users.erase_details(user, rate_limit_key).await?;
        for administered in self.ports.users.administered_by(user).await? {
            self.erase_actor(call, administered, user).await?;
        }
        Ok(())
    }

    /// Erases the name and the origin of an administrator from the events of another user. The chain of that user records
    /// it first, so that it never lacks data without a reason.
    async fn erase_actor(&self, call: &AdminCall, user: UserId, actor: UserId) -> Result<(), FlowError> {
        let event = admin_event(call, EventKind::ActorErase, self.now());
        let record = move |account: &mut Account| account.record(event.clone());
        // A deleted user has no row to record it, and the verification of such a chain does not require it.
        let _deleted = self.ports.accounts.update(user, Phase::Begin, record).await?;
        Ok(self.ports.users.erase_actor(user, actor).await?)
    }
}
