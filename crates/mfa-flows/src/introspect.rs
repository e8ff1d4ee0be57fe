//! Token introspection (RFC 7662), for backends without the key or those that must notice a logout at once.

use mfa_core::{Account, AuthenticatedToken, PhishingResistantPolicy, Requirement, Timestamp, authorize};
use mfa_jwt::TokenMetadata;

use crate::error::FlowError;
use crate::flows::Flows;

/// Active token and its user.
#[derive(Clone, Debug)]
pub struct ActiveToken {
    /// Claims of the token.
    pub token: TokenMetadata,
    /// Current user name.
    pub username: String,
    /// Current e-mail address.
    pub email: String,
}

impl Flows {
    /// Returns the token's claims if the token is active: it is valid and the account does not deny it. `None` means
    /// inactive, without a reason.
    ///
    /// # Errors
    ///
    /// [`FlowError::Store`] if the account could not be read: the token's state is unknown.
    pub async fn introspect(&self, token: &str) -> Result<Option<ActiveToken>, FlowError> {
        let now = self.now();
        let Ok(token) = self.ports.tokens.describe(token, now) else { return Ok(None) };
        let Some(account) = self.ports.accounts.find(token.presented.user).await? else { return Ok(None) };
        if !is_active(&account, &token.presented, self.policy.phishing_resistant, now) {
            return Ok(None);
        }
        let Account { username, email, .. } = account;
        Ok(Some(ActiveToken { token, username, email }))
    }
}

/// Returns whether a token is active. A pending token from before a lock may still read the status during the lock but
/// can never be exchanged, so it counts as inactive.
fn is_active(
    account: &Account,
    token: &AuthenticatedToken,
    policy: PhishingResistantPolicy,
    now: Timestamp,
) -> bool {
    let before_lock = account.internal.pending_tokens_spent_until.is_some_and(|lock| token.issued_at <= lock);
    let ended_by_lock = token.stage.is_pending() && before_lock;
    !ended_by_lock && authorize(account, token, Requirement::Read, policy, now).is_ok()
}
