//! User of a token, for the routes of a backend that embeds the product.

use std::time::Duration;

use mfa_core::UserId;

use crate::call::Call;
use crate::error::FlowError;
use crate::flows::Flows;

/// User of a token, as currently stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenHolder {
    /// User id.
    pub user: UserId,
    /// User name.
    pub username: String,
    /// E-mail address.
    pub email: String,
    /// Whether the user may administer others.
    pub is_superuser: bool,
}

impl Flows {
    /// Returns the user of the token if the account does not deny it: the user is active, the token is neither spent nor
    /// revoked, and its session has not ended. Works while the account is locked.
    ///
    /// # Errors
    ///
    /// The account denies the call; [`FlowError::Store`] if it could not be read.
    pub async fn holder(&self, call: &Call) -> Result<TokenHolder, FlowError> {
        let account = self.read(call).await?;
        Ok(TokenHolder {
            user: account.user,
            username: account.username,
            email: account.email,
            is_superuser: account.is_superuser,
        })
    }

    /// Checks that the token's second factor was verified at most `max_age` ago (RFC 9470). Does no I/O.
    ///
    /// # Errors
    ///
    /// [`FlowError::StepUpRequired`]: it was verified earlier, or never.
    pub fn demand_recent(&self, call: &Call, max_age: Duration) -> Result<(), FlowError> {
        let now = self.now();
        if call.token.auth_time.is_some_and(|at| now.since(at) <= max_age) {
            return Ok(());
        }
        let error = FlowError::StepUpRequired { max_age };
        self.record_denial(call, None, &error);
        Err(error)
    }
}
