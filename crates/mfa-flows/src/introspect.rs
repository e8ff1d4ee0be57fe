//! Whether a token is active now (RFC 7662): for backends that hold no key, or must know at once of a logout.

use mfa_core::{Account, AuthenticatedToken, Requirement, Stage, Timestamp, authorize};
use mfa_jwt::TokenMetadata;

use crate::{FlowError, Flows};

/// A token that is active now, and whose it is.
#[derive(Clone, Debug)]
pub struct ActiveToken {
    /// The token, in its own words.
    pub token: TokenMetadata,
    /// The name that its user logs in with, as the row has it now.
    pub username: String,
    /// The user's e-mail address, as the row has it now.
    pub email: String,
}

impl Flows {
    /// Whether this token opens anything now: it is genuine, and the row knows nothing against it. `None` says no, and
    /// not why.
    ///
    /// # Errors
    ///
    /// [`FlowError::Store`] where the row could not be asked: it is not known.
    pub async fn introspect(&self, token: &str) -> Result<Option<ActiveToken>, FlowError> {
        let now = self.now();
        let Ok(token) = self.ports.tokens.describe(token, now) else { return Ok(None) };
        let Some(account) = self.ports.accounts.find(token.presented.user).await? else { return Ok(None) };
        if !is_active(&account, &token.presented, now) {
            return Ok(None);
        }
        let Account { username, email, .. } = account;
        Ok(Some(ActiveToken { token, username, email }))
    }
}

/// A pending token from before a lock may still look on while the lock is in force, and buys nothing any more: to
/// others it has ended.
fn is_active(account: &Account, token: &AuthenticatedToken, now: Timestamp) -> bool {
    let before_lock = account.internal.pending_tokens_spent_until.is_some_and(|lock| token.issued_at <= lock);
    let ended_by_lock = token.stage == Stage::Pending && before_lock;
    !ended_by_lock && authorize(account, token, Requirement::Read, now).is_ok()
}
