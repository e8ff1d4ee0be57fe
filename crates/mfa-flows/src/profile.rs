//! Whose account a token opens, and how it is protected: what a page about it begins with.

use crate::{AccountStatus, Call, FlowError, Flows};

/// Whose account it is, and how it is protected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// The user's e-mail address.
    pub email: String,
    /// Whether the user may administer others.
    pub is_superuser: bool,
    /// Whether the account has a second factor.
    pub has_factor: bool,
    /// How it is protected.
    pub status: AccountStatus,
}

impl Flows {
    /// Whose account the caller's token opens, and how it is protected. Works while the account is locked.
    ///
    /// # Errors
    ///
    /// What the account refuses.
    pub async fn profile(&self, call: &Call) -> Result<Profile, FlowError> {
        let account = self.read(call).await?;
        let status = self.status_of(call, &account)?;
        let has_factor = account.has_factor();
        Ok(Profile { email: account.email, is_superuser: account.is_superuser, has_factor, status })
    }
}
