//! Profile of the token's user: identity and MFA status, for the account page.

use mfa_core::Role;

use crate::access_pass::remaining;
use crate::call::Call;
use crate::error::FlowError;
use crate::flows::Flows;
use crate::status::AccountStatus;

/// Identity of a user and MFA status of the account.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each decides about a part of a page of its own")]
pub struct Profile {
    /// E-mail address.
    pub email: String,
    /// Whether the user may administer others.
    pub is_superuser: bool,
    /// Role in the administration.
    pub role: Role,
    /// Whether the account has a second factor.
    pub has_factor: bool,
    /// Whether the token came from an access pass: what it enrols replaces all factors, so none is shown.
    pub enrols_by_pass: bool,
    /// Whether an unused recovery code was imported, whose form is not known.
    pub has_imported_codes: bool,
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
        let stored = self.read(call).await?;
        let enrols_by_pass = stored.enrols_by_pass(&call.token);
        let account = remaining(&stored, &call.token).into_owned();
        let status = self.status_of(call, &account)?;
        let has_factor = account.has_factor();
        let is_superuser = account.is_superuser;
        // Without a second factor, a role gives nothing.
        let is_helpdesk = has_factor && !is_superuser && self.ports.users.is_helpdesk(account.user).await?;
        Ok(Profile {
            role: Role::new(is_superuser, is_helpdesk),
            enrols_by_pass,
            has_imported_codes: mfa_recovery::has_legacy(&account.recovery),
            email: account.email,
            is_superuser,
            has_factor,
            status,
        })
    }
}
