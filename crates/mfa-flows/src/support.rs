//! Calls of the helpdesk: an administrator, or a user with the role `helpdesk`, helps a user.

use mfa_core::{
    Account, EventKind, Lock, Phase, RateRule, Role, StoreErrorKind, Timestamp, UserId, user_actor,
};

use crate::admin::admin_event;
use crate::call::{AdminCall, Call};
use crate::error::FlowError;
use crate::flows::Flows;

/// Action that the helpdesk may take.
///
/// Exhaustive, so that the rights on each action are decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SupportAction {
    /// List users and read statistics.
    List,
    /// View this user and the user's events.
    View(UserId),
    /// Show the form of a change: as for a change, which is not counted yet.
    Prepare(UserId),
    /// Unlock this user or issue an access pass.
    Change(UserId),
}

impl SupportAction {
    /// Returns the user of the action.
    const fn user(self) -> Option<UserId> {
        match self {
            Self::List => None,
            Self::View(user) | Self::Prepare(user) | Self::Change(user) => Some(user),
        }
    }

    const fn is_change(self) -> bool {
        match self {
            Self::List | Self::View(_) => false,
            Self::Prepare(_) | Self::Change(_) => true,
        }
    }
}

/// Call of an administrator or of the helpdesk.
#[derive(Clone, Debug)]
pub struct SupportCall {
    admin: AdminCall,
    role: Role,
}

impl SupportCall {
    /// Creates the call of an operator on the command line, who has the rights of an administrator.
    pub const fn by_operator(admin: AdminCall) -> Self {
        Self { admin, role: Role::Admin }
    }

    /// Returns actor, reason and origin.
    pub const fn admin(&self) -> &AdminCall {
        &self.admin
    }

    /// Returns the role of the caller.
    pub const fn role(&self) -> Role {
        self.role
    }
}

impl Flows {
    /// Authorises a caller as an administrator or as the helpdesk, which helps users without a role and never itself.
    ///
    /// The role is read with each call, outside of any decision: a revoked one ends at once, without a new token.
    ///
    /// # Errors
    ///
    /// As [`Flows::administrator`]; [`FlowError::NotAllowed`] also for a user that the helpdesk may not help.
    pub async fn support(
        &self,
        call: &Call,
        action: SupportAction,
        reason: Option<String>,
    ) -> Result<SupportCall, FlowError> {
        let now = self.now();
        let authorised = self.authorise_support(call, action, now).await;
        let (actor, role) = authorised.inspect_err(|error| self.record_denied_administration(call, error))?;
        if let SupportAction::Change(_) = action {
            self.limit_caller(RateRule::ChangePerAdmin, call).await?;
        }
        Ok(SupportCall { admin: AdminCall { actor, reason, origin: call.origin.clone() }, role })
    }

    async fn authorise_support(
        &self,
        call: &Call,
        action: SupportAction,
        now: Timestamp,
    ) -> Result<(String, Role), FlowError> {
        let caller = self.ports.accounts.find(call.token.user).await?.ok_or(FlowError::TokenInvalid)?;
        self.authorise_second_factor(&caller, call, now)?;
        let role = match (caller.is_superuser, call.token.is_superuser) {
            (true, true) => Role::Admin,
            // The token is older than the rights.
            (true, false) => Role::None,
            (false, _) => Role::new(false, self.ports.users.is_helpdesk(caller.user).await?),
        };
        match role {
            Role::None => return Err(FlowError::NotAllowed),
            Role::Helpdesk => self.check_may_help(caller.user, action).await?,
            Role::Admin => {}
        }
        self.authorise_change(&caller, call, action.is_change(), now)?;
        Ok((user_actor(caller.user, &caller.username), role))
    }

    /// Checks that the user of the action has no role and is not the caller. A user who does not exist has no role.
    async fn check_may_help(&self, caller: UserId, action: SupportAction) -> Result<(), FlowError> {
        let Some(user) = action.user() else { return Ok(()) };
        if user == caller {
            return Err(FlowError::NotAllowed);
        }
        let Some(account) = self.ports.accounts.find(user).await? else { return Ok(()) };
        let role = Role::new(account.is_superuser, self.ports.users.is_helpdesk(user).await?);
        if role == Role::None { Ok(()) } else { Err(FlowError::NotAllowed) }
    }

    /// Unlocks an account for an administrator or the helpdesk. The helpdesk ends no final lock, and the strikes stay: who
    /// guesses codes over days meets a longer lock each time.
    ///
    /// # Errors
    ///
    /// [`FlowError::NoSuchUser`]; [`FlowError::NotAllowed`] for a final lock, or if the user became an administrator.
    pub async fn unlock_for(&self, call: &SupportCall, user: UserId) -> Result<(), FlowError> {
        if call.role() == Role::Admin {
            return self.unlock_user(call.admin(), user).await;
        }
        let now = self.now();
        let event = admin_event(call.admin(), EventKind::AdminUnlock, now);
        let role = call.role();
        let decided = self.ports.accounts.update(user, Phase::Begin, move |account| {
            if account.is_superuser {
                return Err(FlowError::NotAllowed);
            }
            unlock_by(account, role, now)?;
            account.record(event.clone());
            Ok(())
        });
        match decided.await {
            Ok(decided) => decided.unwrap_or(Err(FlowError::NoSuchUser)),
            // A row that cannot be read is repaired by an administrator only.
            Err(error) if error.kind() == StoreErrorKind::Corrupt => Err(FlowError::NotAllowed),
            Err(error) => Err(error.into()),
        }
    }
}

/// Ends the lock with the rights of this role: the helpdesk ends no final lock, and keeps the strikes.
pub(crate) fn unlock_by(account: &mut Account, role: Role, now: Timestamp) -> Result<(), FlowError> {
    match (role, account.lock(now)) {
        (Role::Admin, _) => account.unlock(),
        (Role::None | Role::Helpdesk, Some(Lock::UntilAdministrator)) => return Err(FlowError::NotAllowed),
        (Role::None | Role::Helpdesk, _) => account.end_lock(),
    }
    Ok(())
}
