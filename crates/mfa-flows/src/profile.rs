//! Profile of the token's user: identity and MFA status, for the account page.

use crate::call::Call;
use crate::error::FlowError;
use crate::flows::Flows;
use crate::status::AccountStatus;

/// Identity of a user and MFA status of the account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// E-mail address.
    pub email: String,
    /// Whether the user may administer others.
    pub is_superuser: bool,
    /// Whether the account has a second factor.
    pub has_factor: bool,
    /// MFA status.
    pub status: AccountStatus,
}

impl Flows {
    /// Returns the caller's identity and MFA status. Works while the account is locked.
    ///
    /// # Errors
    ///
    /// The account denies the call.
    pub async fn profile(&self, call: &Call) -> Result<Profile, FlowError> {
        let account = self.read(call).await?;
        let status = self.status_of(call, &account)?;
        let has_factor = account.has_factor();
        Ok(Profile { email: account.email, is_superuser: account.is_superuser, has_factor, status })
    }
}
