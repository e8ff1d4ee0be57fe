//! Sessions: access tokens with two factors that the account accepts.
//!
//! The event that issued a token names it, so a session is listed without a write of its own. Whether a token is accepted is
//! decided by the rule of every call: [`authorize`].

use std::time::Duration;

use mfa_core::{
    Account, AuthenticatedToken, DenylistReason, EventKind, FactorKind, IssuedTokenEvent, Outcome, Phase,
    PhishingResistantPolicy, Requirement, SecurityEvent, Stage, Timestamp, TokenId, UserId, authorize,
};
use mfa_jwt::ACCESS_TOKEN_LIFETIME;

use crate::admin::admin_event;
use crate::call::{AdminCall, Call};
use crate::error::FlowError;
use crate::flows::Flows;

/// Maximum difference between the clocks of two servers, and between the time of an event and its commit.
const SKEW: Duration = Duration::from_mins(1);

/// Session of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// ID of the session: that of its token.
    pub id: TokenId,
    /// Whether the caller's token is the one of this session.
    pub is_current: bool,
    /// Time when the token was issued.
    pub created_at: Timestamp,
    /// Address of the client that verified the factor. `None` if an administrator issued the token.
    pub ip: Option<String>,
    /// User agent of that client.
    pub user_agent: Option<String>,
    /// Factor that was verified. `None` if an administrator issued the token.
    pub method: Option<String>,
}

impl Flows {
    /// Returns the caller's sessions, newest first. Works while the account is locked.
    ///
    /// # Errors
    ///
    /// The account denies the call; [`FlowError::Store`].
    pub async fn sessions(&self, call: &Call) -> Result<Vec<Session>, FlowError> {
        let account = self.read(call).await?;
        self.active_sessions(&account, Some(&call.token.id)).await
    }

    /// Ends one of the caller's sessions: revokes its token. If it is the caller's own, this is a logout.
    ///
    /// # Errors
    ///
    /// [`FlowError::NoSuchSession`] if the user has no such session, or it has ended; the account denies the call.
    pub async fn revoke_session(&self, call: &Call, id: TokenId) -> Result<(), FlowError> {
        self.read(call).await?;
        let (now, policy) = (self.now(), self.policy.phishing_resistant);
        let session = self.session_token(call.token.user, id, now).await?;
        let (caller, origin) = (call.token.clone(), call.origin.clone());
        self.decide(call, Requirement::Read, now, move |account| {
            if !is_active(account, &session, policy, now) {
                return Err(FlowError::NoSuchSession);
            }
            account.end_session(&session, &caller, now);
            let event = SecurityEvent::new(EventKind::TokenRevoked, Outcome::Success, now, origin.clone());
            account.record(event.with_token(session.for_event()));
            Ok(())
        })
        .await
    }

    /// Ends every session of the caller but the current one, and returns how many were listed.
    ///
    /// Raises the session number, which also ends tokens that no list contains: those of the Python backend, pending tokens
    /// and tokens with one factor.
    ///
    /// # Errors
    ///
    /// The account denies the call; [`FlowError::Store`].
    pub async fn revoke_other_sessions(&self, call: &Call) -> Result<usize, FlowError> {
        self.read(call).await?;
        let (now, policy) = (self.now(), self.policy.phishing_resistant);
        let sessions = self.session_tokens(call.token.user, now).await?;
        let (caller, origin) = (call.token.clone(), call.origin.clone());
        self.decide(call, Requirement::Read, now, move |account| {
            let others = sessions.iter().filter(|it| it.id != caller.id);
            let ended = others.filter(|it| is_active(account, it, policy, now)).count();
            account.revoke_sessions(now, Some(&caller));
            let event = SecurityEvent::new(EventKind::TokenRevoked, Outcome::Success, now, origin.clone());
            account.record(SecurityEvent { reason: Some("all other sessions".to_owned()), ..event });
            Ok(ended)
        })
        .await
    }

    /// Returns the sessions of a user for an administrator, newest first, and logs the access.
    ///
    /// # Errors
    ///
    /// [`FlowError::NoSuchUser`]; [`FlowError::Store`].
    pub async fn sessions_of(&self, call: &AdminCall, user: UserId) -> Result<Vec<Session>, FlowError> {
        let account = self.find_account(user).await?.ok_or(FlowError::NoSuchUser)?;
        self.record_admin_event(call, Some(user), EventKind::AdminShow, Outcome::Success);
        self.active_sessions(&account, None).await
    }

    /// Ends one session of a user for an administrator.
    ///
    /// # Errors
    ///
    /// [`FlowError::NoSuchUser`]; [`FlowError::NoSuchSession`] if the user has no such session, or it has ended.
    pub async fn revoke_session_of(
        &self,
        call: &AdminCall,
        user: UserId,
        id: TokenId,
    ) -> Result<(), FlowError> {
        self.find_account(user).await?.ok_or(FlowError::NoSuchUser)?;
        let (now, policy) = (self.now(), self.policy.phishing_resistant);
        let session = self.session_token(user, id, now).await?;
        let event = admin_event(call, EventKind::TokenRevoked, now).with_token(session.for_event());
        let decided = self.ports.accounts.update(user, Phase::Begin, move |account| {
            if !is_active(account, &session, policy, now) {
                return Err(FlowError::NoSuchSession);
            }
            // With a full denylist this ends all sessions of the user.
            account.deny_token(&session, DenylistReason::Revoked, now);
            account.record(event.clone());
            Ok(())
        });
        decided.await?.ok_or(FlowError::NoSuchUser)?
    }

    /// Revokes every token of an account, and returns how many sessions were listed.
    ///
    /// # Errors
    ///
    /// [`FlowError::NoSuchUser`]; [`FlowError::Store`].
    pub async fn revoke_all(&self, call: &AdminCall, user: UserId) -> Result<usize, FlowError> {
        let (now, policy) = (self.now(), self.policy.phishing_resistant);
        let sessions = self.session_tokens(user, now).await?;
        let event = admin_event(call, EventKind::AdminRevokeAll, now);
        let decided = self.ports.accounts.update(user, Phase::Begin, move |account| {
            let ended = sessions.iter().filter(|it| is_active(account, it, policy, now)).count();
            account.revoke_sessions(now, None);
            account.record(event.clone());
            ended
        });
        decided.await?.ok_or(FlowError::NoSuchUser)
    }

    async fn active_sessions(
        &self,
        account: &Account,
        current: Option<&TokenId>,
    ) -> Result<Vec<Session>, FlowError> {
        let (now, policy) = (self.now(), self.policy.phishing_resistant);
        let issued = self.issued_tokens(account.user, now).await?;
        let active = issued.into_iter().filter(|it| is_active(account, &session_token(it), policy, now));
        Ok(active.map(|it| session(it, current)).collect())
    }

    async fn session_token(
        &self,
        user: UserId,
        id: TokenId,
        now: Timestamp,
    ) -> Result<AuthenticatedToken, FlowError> {
        let tokens = self.session_tokens(user, now).await?;
        tokens.into_iter().find(|it| it.id == id).ok_or(FlowError::NoSuchSession)
    }

    async fn session_tokens(
        &self,
        user: UserId,
        now: Timestamp,
    ) -> Result<Vec<AuthenticatedToken>, FlowError> {
        Ok(self.issued_tokens(user, now).await?.iter().map(session_token).collect())
    }

    /// Returns the events whose tokens may not have expired.
    async fn issued_tokens(&self, user: UserId, now: Timestamp) -> Result<Vec<IssuedTokenEvent>, FlowError> {
        let since = now.minus(ACCESS_TOKEN_LIFETIME.saturating_add(SKEW));
        Ok(self.ports.audit_log.list_issued_tokens(user, since).await?)
    }
}

/// Returns the token that an event issued. It expires as [`mfa_jwt`] signed it: whole seconds after the whole second of the
/// event.
fn session_token(issued: &IssuedTokenEvent) -> AuthenticatedToken {
    let event = &issued.event;
    let issued_at = Timestamp::from_seconds(event.at.seconds());
    AuthenticatedToken {
        user: event.user,
        id: issued.token.id,
        stage: Stage::TwoFactors(event.method.as_deref().and_then(FactorKind::parse)),
        session: issued.token.session,
        issued_at: event.at,
        expires_at: issued_at.plus(ACCESS_TOKEN_LIFETIME),
        auth_time: Some(event.at),
        is_superuser: false,
    }
}

fn session(issued: IssuedTokenEvent, current: Option<&TokenId>) -> Session {
    let IssuedTokenEvent { event, token } = issued;
    // The user may not see the address and the user agent of an administrator.
    let by_user = event.actor.is_none();
    Session {
        id: token.id,
        is_current: current == Some(&token.id),
        created_at: event.at,
        ip: event.ip.filter(|_| by_user),
        user_agent: event.user_agent.filter(|_| by_user),
        method: event.method,
    }
}

/// Returns whether a call with this token is accepted.
fn is_active(
    account: &Account,
    token: &AuthenticatedToken,
    policy: PhishingResistantPolicy,
    now: Timestamp,
) -> bool {
    now < token.expires_at && authorize(account, token, Requirement::Read, policy, now).is_ok()
}
