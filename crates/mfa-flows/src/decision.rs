//! Running a decision on the caller's account: authorization, storage, and logging of denied calls.

use mfa_core::{
    Account, EventKind, FactorKind, LoggedEvent, Origin, Outcome, Phase, Requirement, SecurityEvent,
    StoreError, StoreErrorKind, Timestamp, UserId, authorize,
};

use crate::call::Call;
use crate::error::FlowError;
use crate::flows::Flows;

impl Flows {
    /// Changes the caller's account by a decision that checks admission itself, and logs a denied call.
    ///
    /// A user who no longer exists has no valid token.
    pub(crate) async fn update_caller<T: Send + 'static>(
        &self,
        call: &Call,
        phase: Phase,
        method: Option<FactorKind>,
        decide: impl FnMut(&mut Account) -> Result<T, FlowError> + Send + 'static,
    ) -> Result<T, FlowError> {
        let outcome = self.ports.accounts.update(call.token.user, phase, decide).await?;
        outcome
            .unwrap_or(Err(FlowError::TokenInvalid))
            .inspect_err(|error| self.record_denial(call, method, error))
    }

    /// Changes the caller's account if it admits the call by the same rules as a factor attempt, and logs a denied call.
    pub(crate) async fn decide<T: Send + 'static>(
        &self,
        call: &Call,
        need: Requirement,
        now: Timestamp,
        mut decide: impl FnMut(&mut Account) -> Result<T, FlowError> + Send + 'static,
    ) -> Result<T, FlowError> {
        let (token, policy) = (call.token.clone(), self.policy.phishing_resistant);
        self.update_caller(call, Phase::Begin, None, move |account| {
            authorize(account, &token, need, policy, now)
                .map_err(|reason| FlowError::from_deny_reason(reason, now))?;
            decide(account)
        })
        .await
    }

    /// Returns the caller's account as it is stored, if the token may read it.
    pub(crate) async fn read(&self, call: &Call) -> Result<Account, FlowError> {
        let (now, policy) = (self.now(), self.policy.phishing_resistant);
        let account = self.ports.accounts.find(call.token.user).await?.ok_or(FlowError::TokenInvalid);
        account
            .and_then(|account| match authorize(&account, &call.token, Requirement::Read, policy, now) {
                Ok(()) => Ok(account),
                Err(reason) => Err(FlowError::from_deny_reason(reason, now)),
            })
            .inspect_err(|error| self.record_denial(call, None, error))
    }

    /// Returns a check that fails while the time steps of used codes may be lost, up to a minute after a failover. A code
    /// that fails then is not counted.
    ///
    /// Run it inside a decision: only there has the store been read.
    pub(crate) fn check_steps_known(
        &self,
        now: Timestamp,
    ) -> impl Fn() -> Result<(), FlowError> + Clone + Send + use<> {
        let clock = self.ports.clock.clone();
        move || match clock.totp_blocked_until() {
            Some(until) if now < until => {
                Err(StoreError::new(StoreErrorKind::FailedOver, "TOTP code").into())
            }
            _ => Ok(()),
        }
    }

    /// Logs a call that was denied before a factor was checked. Such calls are not stored, so that nobody can fill the
    /// database with them.
    pub(crate) fn record_denied_call(
        &self,
        user: Option<UserId>,
        kind: EventKind,
        method: Option<FactorKind>,
        origin: &Origin,
    ) {
        let event = SecurityEvent::new(kind, Outcome::Refused, self.now(), origin.clone());
        let event = SecurityEvent { method, ..event };
        self.ports.log.record(LoggedEvent { user, event: &event, chain: None });
    }

    /// Logs a valid token of a user who does not exist. The client gets no reason.
    fn record_unknown_user(&self, call: &Call, method: Option<FactorKind>) {
        let event =
            SecurityEvent::new(EventKind::TokenRefused, Outcome::Refused, self.now(), call.origin.clone());
        let reason = Some("no user has the id in the claim sub".to_owned());
        let event = SecurityEvent { method, reason, ..event };
        self.ports.log.record(LoggedEvent { user: Some(call.token.user), event: &event, chain: None });
    }

    /// Logs a call that the account denied. Other errors are no denial and are not logged here.
    pub(crate) fn record_denial(&self, call: &Call, method: Option<FactorKind>, error: &FlowError) {
        let kind = match error {
            FlowError::AccountLocked { .. } => EventKind::LockedCall,
            FlowError::TokenSpent
            | FlowError::TokenRevoked
            | FlowError::WrongStage
            | FlowError::AccountDisabled
            | FlowError::PhishingResistantRequired
            | FlowError::StepUpRequired { .. } => EventKind::TokenRefused,
            // No account denies a token with this error: there is none.
            FlowError::TokenInvalid => return self.record_unknown_user(call, method),
            FlowError::Cipher(_) => EventKind::DecryptFail,
            _ => return,
        };
        self.record_denied_call(Some(call.token.user), kind, method, &call.origin);
    }
}
