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
    /// Change this user's account.
    Change(UserId),
}

impl Flows {
    /// Authorises a caller as an administrator: the token has two factors and the superuser claim, and the account is
    /// still a superuser.
    ///
    /// A locked administrator is denied. To change their own account, administrators need a recent second factor as
    /// every user does: a stolen token yields no recovery codes here either. If the policy requires a phishing-resistant
    /// factor of the administrator, the token must have one.
    ///
    /// # Errors
    ///
    /// [`FlowError::NotAllowed`]; [`FlowError::PhishingResistantRequired`]; [`FlowError::StepUpRequired`] for the caller's own account, [`FlowError::RateLimited`]
    /// for changes, or the account denies the call.
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
            .inspect_err(|error| match error {
                FlowError::NotAllowed | FlowError::PhishingResistantRequired => {
                    self.record_denied_call(
                        Some(call.token.user),
                        EventKind::AdminRefused,
                        None,
                        &call.origin,
                    );
                }
                error => self.record_denial(call, None, error),
            })?;
        if let AdminAction::Change(_) = act {
            self.limit_caller(RateRule::ChangePerAdmin, call).await?;
        }
        let actor = user_actor(account.user, &account.username);
        Ok(AdminCall { actor, reason, origin: call.origin.clone() })
    }

    fn authorise(
        &self,
        account: &Account,
        call: &Call,
        act: AdminAction,
        now: Timestamp,
    ) -> Result<(), FlowError> {
        let policy = self.policy.phishing_resistant;
        let check = |need| {
            authorize(account, &call.token, need, policy, now)
                .map_err(|reason| FlowError::from_deny_reason(reason, now))
        };
        check(Requirement::SecondFactor)?;
        match call.token.stage {
            Stage::TwoFactors(_) if call.token.is_superuser && account.is_superuser => {}
            Stage::TwoFactors(_) => return Err(FlowError::NotAllowed),
            Stage::Pending | Stage::Enrolment | Stage::OneFactor => return Err(FlowError::WrongStage),
        }
        if policy.covers(account) && !call.token.stage.is_phishing_resistant() {
            return Err(FlowError::PhishingResistantRequired);
        }
        if act == AdminAction::Change(account.user) {
            check(Requirement::Change { max_age: self.policy.step_up_max_age })?;
        }
        Ok(())
    }
}
