//! Authorisation of administrators over the network.

use mfa_core::{Account, EventKind, RateRule, Requirement, Stage, Timestamp, UserId, authorize, user_actor};

use crate::call::{AdminCall, Call};
use crate::error::FlowError;
use crate::flows::Flows;

/// Action that an administrator requests.
///
/// Exhaustive, so that each action has an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AdminAction {
    /// Read data.
    Read,
    /// Show the form of a change: as for a change, which is not counted yet.
    Prepare,
    /// Change this user's account.
    Change(UserId),
}

impl Flows {
    /// Authorises a caller as an administrator: the token has two factors and the superuser claim, and the account is
    /// still a superuser.
    ///
    /// A locked administrator is denied. Every change needs a recent second factor: a stolen token of an administrator
    /// changes nobody's protection. If the policy requires a phishing-resistant factor of the administrator, the token must
    /// have one.
    ///
    /// # Errors
    ///
    /// [`FlowError::NotAllowed`]; [`FlowError::PhishingResistantRequired`]; [`FlowError::StepUpRequired`] and
    /// [`FlowError::RateLimited`] for changes, or the account denies the call.
    pub async fn administrator(
        &self,
        call: &Call,
        act: AdminAction,
        reason: Option<String>,
    ) -> Result<AdminCall, FlowError> {
        let now = self.now();
        let account = self.ports.accounts.find(call.token.user).await?.ok_or(FlowError::TokenInvalid);
        let account = account
            .and_then(|account| self.authorise(&account, call, act, now).map(|()| account))
            .inspect_err(|error| self.record_denied_administration(call, error))?;
        if let AdminAction::Change(_) = act {
            self.limit_caller(RateRule::ChangePerAdmin, call).await?;
        }
        let actor = user_actor(account.user, &account.username);
        Ok(AdminCall { actor, reason, origin: call.origin.clone() })
    }

    /// Logs a call that was denied to somebody who may not administer, or not with this token.
    pub(crate) fn record_denied_administration(&self, call: &Call, error: &FlowError) {
        match error {
            FlowError::NotAllowed | FlowError::PhishingResistantRequired => {
                let user = Some(call.token.user);
                self.record_denied_call(user, EventKind::AdminRefused, None, &call.origin);
            }
            error => self.record_denial(call, None, error),
        }
    }

    fn authorise(
        &self,
        account: &Account,
        call: &Call,
        act: AdminAction,
        now: Timestamp,
    ) -> Result<(), FlowError> {
        self.authorise_second_factor(account, call, now)?;
        if !(call.token.is_superuser && account.is_superuser) {
            return Err(FlowError::NotAllowed);
        }
        self.authorise_change(account, call, act != AdminAction::Read, now)
    }

    /// Checks that the token has two factors and that the account admits it.
    pub(crate) fn authorise_second_factor(
        &self,
        account: &Account,
        call: &Call,
        now: Timestamp,
    ) -> Result<(), FlowError> {
        self.check_requirement(account, call, Requirement::SecondFactor, now)?;
        match call.token.stage {
            Stage::TwoFactors(_) => Ok(()),
            Stage::Pending | Stage::Enrolment | Stage::OneFactor => Err(FlowError::WrongStage),
        }
    }

    /// Checks the factor that the policy requires of the caller, and a recent one for a change.
    pub(crate) fn authorise_change(
        &self,
        account: &Account,
        call: &Call,
        is_change: bool,
        now: Timestamp,
    ) -> Result<(), FlowError> {
        if self.policy.phishing_resistant.covers(account) && !call.token.stage.is_phishing_resistant() {
            return Err(FlowError::PhishingResistantRequired);
        }
        if is_change {
            let need = Requirement::Change { max_age: self.policy.step_up_max_age };
            self.check_requirement(account, call, need, now)?;
        }
        Ok(())
    }

    fn check_requirement(
        &self,
        account: &Account,
        call: &Call,
        need: Requirement,
        now: Timestamp,
    ) -> Result<(), FlowError> {
        authorize(account, &call.token, need, self.policy.phishing_resistant, now)
            .map_err(|reason| FlowError::from_deny_reason(reason, now))
    }
}
