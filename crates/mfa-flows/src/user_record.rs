//! Changes of a user's password and rights by an administrator.

use mfa_core::{Account, EventKind, SecretText, UserId};

use crate::call::AdminCall;
use crate::error::FlowError;
use crate::flows::Flows;

impl Flows {
    /// Replaces a user's password and ends all sessions. The hash is of bcrypt if the policy says that another program
    /// verifies passwords too.
    ///
    /// # Errors
    ///
    /// [`FlowError::NoSuchUser`]; after [`FlowError::Store`], set it again.
    pub async fn set_password(
        &self,
        call: &AdminCall,
        user: UserId,
        password: SecretText,
    ) -> Result<(), FlowError> {
        let hasher = &self.ports.hasher;
        let digest = if self.policy.bcrypt_passwords {
            hasher.hash_bcrypt(password).await?
        } else {
            hasher.hash(password).await?
        };
        if !self.ports.users.set_password(user, digest).await? {
            return Err(FlowError::NoSuchUser);
        }
        let now = self.now();
        let end = move |account: &mut Account| account.revoke_sessions(now, None);
        self.administer(call, user, EventKind::AdminPassword, now, end).await
    }

    /// Grants or revokes administrator rights.
    ///
    /// # Errors
    ///
    /// [`FlowError::NoSuchUser`]; after [`FlowError::Store`], set it again.
    pub async fn set_superuser(
        &self,
        call: &AdminCall,
        user: UserId,
        is_superuser: bool,
    ) -> Result<(), FlowError> {
        if !self.ports.users.set_superuser(user, is_superuser).await? {
            return Err(FlowError::NoSuchUser);
        }
        self.administer(call, user, EventKind::AdminSuperuser, self.now(), |_| ()).await
    }
}
