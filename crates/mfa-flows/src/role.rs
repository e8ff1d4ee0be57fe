//! Roles of the administration: read, granted and revoked by administrators.

use mfa_core::{Account, EventKind, Phase, Role, UserId};

use crate::admin::admin_event;
use crate::call::AdminCall;
use crate::error::FlowError;
use crate::flows::Flows;

impl Flows {
    /// Returns the role of a user.
    ///
    /// # Errors
    ///
    /// [`FlowError::Store`].
    pub async fn role_of(&self, _: &AdminCall, account: &Account) -> Result<Role, FlowError> {
        Ok(Role::new(account.is_superuser, self.ports.users.is_helpdesk(account.user).await?))
    }

    /// Grants or revokes the role `helpdesk`, and returns the role of the user then. Administrator rights do not change.
    ///
    /// The event comes before a grant and after a revocation, so that no role is in force without an event.
    ///
    /// # Errors
    ///
    /// [`FlowError::NoSuchUser`]; after [`FlowError::Store`], set it again.
    pub async fn set_helpdesk(
        &self,
        call: &AdminCall,
        user: UserId,
        is_helpdesk: bool,
    ) -> Result<Role, FlowError> {
        let now = self.now();
        if !is_helpdesk {
            self.ports.users.set_helpdesk(user, false, now).await?;
        }
        let name = Role::new(false, is_helpdesk).as_str();
        let described = match &call.reason {
            Some(reason) => format!("role={name}: {reason}"),
            None => format!("role={name}"),
        };
        let call = AdminCall { reason: Some(described), ..call.clone() };
        let event = admin_event(&call, EventKind::AdminRole, now);
        let recorded = self.ports.accounts.update(user, Phase::Begin, move |account| {
            account.record(event.clone());
            if is_helpdesk {
                account.revoke_pass_of_helpdesk();
            }
            account.is_superuser
        });
        let is_superuser = recorded.await?.ok_or(FlowError::NoSuchUser)?;
        if is_helpdesk && !self.ports.users.set_helpdesk(user, true, now).await? {
            return Err(FlowError::NoSuchUser);
        }
        Ok(Role::new(is_superuser, is_helpdesk))
    }
}
