//! Whose token this is, for the routes of a backend that embeds the product.

use std::time::Duration;

use mfa_core::UserId;

use crate::{Call, FlowError, Flows};

/// The user of a token, as the row has it now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenHolder {
    /// The key of the row.
    pub user: UserId,
    /// The name to log in with.
    pub username: String,
    /// The e-mail address.
    pub email: String,
    /// Whether the user may administer others.
    pub is_superuser: bool,
}

impl Flows {
    /// Whose token this is, where the row knows nothing against it: the user may log in, the token is neither spent nor
    /// revoked, and its session goes on. Works while the account is locked.
    ///
    /// # Errors
    ///
    /// What the account refuses; [`FlowError::Store`] where it could not be asked.
    pub async fn holder(&self, call: &Call) -> Result<TokenHolder, FlowError> {
        let account = self.read(call).await?;
        Ok(TokenHolder {
            user: account.user,
            username: account.username,
            email: account.email,
            is_superuser: account.is_superuser,
        })
    }

    /// Demands that the second factor of this token was shown no longer ago than that (RFC 9470). Does no I/O.
    ///
    /// # Errors
    ///
    /// [`FlowError::StepUpRequired`]: it was shown earlier, or never.
    pub fn demand_recent(&self, call: &Call, max_age: Duration) -> Result<(), FlowError> {
        let now = self.now();
        if call.token.auth_time.is_some_and(|at| now.since(at) <= max_age) {
            return Ok(());
        }
        let refusal = FlowError::StepUpRequired { max_age };
        self.record_denial(call, None, &refusal);
        Err(refusal)
    }
}
