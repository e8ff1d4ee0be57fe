//! Who may administer others over the network.

use mfa_core::{Account, EventKind, Requirement, Stage, Timestamp, UserId, authorize};

use crate::{AdminCall, Call, FlowError, Flows};

/// What somebody wants to do as an administrator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AdminAct {
    /// To read.
    Look,
    /// To change this user's account.
    Change(UserId),
}

impl Flows {
    /// Takes a caller for an administrator: a token of two factors that says so, of an account whose row still does.
    ///
    /// A locked administrator is none. Whoever changes an account of their own is asked for a second factor of late,
    /// as anybody is: a stolen token buys no recovery codes here either.
    ///
    /// # Errors
    ///
    /// [`FlowError::NotAllowed`]; [`FlowError::StepUpRequired`] for the caller's own account, or what the account refuses.
    pub async fn administrator(
        &self,
        call: &Call,
        act: AdminAct,
        reason: Option<String>,
    ) -> Result<AdminCall, FlowError> {
        let now = self.now();
        let account = self.ports.accounts.find(call.token.user).await?.ok_or(FlowError::TokenInvalid);
        let account = account
            .and_then(|account| self.may_administer(&account, call, act, now).map(|()| account))
            .inspect_err(|refusal| match refusal {
                FlowError::NotAllowed => {
                    self.record_refused_call(
                        Some(call.token.user),
                        EventKind::AdminRefused,
                        None,
                        &call.origin,
                    );
                }
                refusal => self.record_denial(call, None, refusal),
            })?;
        let actor = format!("user:{} ({})", account.user, account.username);
        Ok(AdminCall { actor, reason, origin: call.origin.clone() })
    }

    fn may_administer(
        &self,
        account: &Account,
        call: &Call,
        act: AdminAct,
        now: Timestamp,
    ) -> Result<(), FlowError> {
        let demand = |need| {
            authorize(account, &call.token, need, now)
                .map_err(|refused| FlowError::from_deny_reason(refused, now))
        };
        demand(Requirement::SecondFactor)?;
        match call.token.stage {
            Stage::TwoFactors(_) if call.token.is_superuser && account.is_superuser => {}
            Stage::TwoFactors(_) => return Err(FlowError::NotAllowed),
            Stage::Pending | Stage::OneFactor => return Err(FlowError::WrongStage),
        }
        if act == AdminAct::Change(account.user) {
            demand(Requirement::Change { max_age: self.policy.step_up_max_age })?;
        }
        Ok(())
    }
}
