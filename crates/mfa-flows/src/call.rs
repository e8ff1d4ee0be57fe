//! Calls of token holders and of administrators, and the limits by client address.

use std::net::{IpAddr, Ipv6Addr};

use mfa_core::{
    AuthenticatedToken, EventKind, LoggedEvent, Origin, Outcome, RateLimitDecision, RateRule, SecurityEvent,
    Stage, UserId,
};

use crate::error::FlowError;
use crate::flows::Flows;

/// Call with a verified token of an accepted stage.
#[derive(Clone, Debug)]
pub struct Call {
    /// Token of the caller.
    pub token: AuthenticatedToken,
    /// Client address, user agent and request id.
    pub origin: Origin,
    /// Whether the client drops the token for the one that the call grants, as a browser with one cookie does. The same
    /// decision then ends the old session.
    pub replaces_token: bool,
}

impl Call {
    /// Returns the call of a client that drops the token for the one that the call grants.
    #[must_use]
    pub fn replacing(self) -> Self {
        Self { replaces_token: true, ..self }
    }
}

/// Call of an administrator.
#[derive(Clone, Debug)]
pub struct AdminCall {
    /// Name of the administrator, for the audit log.
    pub actor: String,
    /// Reason in the administrator's words.
    pub reason: Option<String>,
    /// Client address, user agent and request id.
    pub origin: Origin,
}

/// Token stages that a call accepts.
///
/// Exhaustive, so that each case is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AcceptedStages {
    /// Every valid token.
    Any,
    /// Pending tokens, without enrolment tokens: the second factor is still to be verified.
    Pending,
    /// Access tokens, with one factor or two.
    Access,
    /// Access tokens and enrolment tokens.
    AccessOrEnrolment,
    /// Pending tokens, without enrolment tokens, and access tokens with two factors, to verify a second factor.
    SecondFactor,
    /// Access tokens with two factors.
    TwoFactors,
}

impl AcceptedStages {
    const fn accept(self, stage: Stage) -> bool {
        match self {
            Self::Any => true,
            Self::Pending => matches!(stage, Stage::Pending),
            Self::Access => matches!(stage, Stage::OneFactor | Stage::TwoFactors(_)),
            Self::AccessOrEnrolment => !matches!(stage, Stage::Pending),
            Self::SecondFactor => matches!(stage, Stage::Pending | Stage::TwoFactors(_)),
            Self::TwoFactors => matches!(stage, Stage::TwoFactors(_)),
        }
    }
}

impl Flows {
    /// Verifies the bearer token of a call and its stage. Does no I/O: the account may still deny the token.
    ///
    /// # Errors
    ///
    /// [`FlowError::TokenMissing`], [`FlowError::TokenInvalid`], [`FlowError::TokenExpired`], [`FlowError::WrongStage`].
    pub fn open(
        &self,
        bearer: Option<&str>,
        accepted: AcceptedStages,
        origin: Origin,
    ) -> Result<Call, FlowError> {
        let bearer = bearer.ok_or(FlowError::TokenMissing)?;
        let now = self.now();
        match self.ports.tokens.authenticate(bearer, now) {
            Ok(token) if accepted.accept(token.stage) => Ok(Call { token, origin, replaces_token: false }),
            Ok(token) => {
                self.record_denied_call(Some(token.user), EventKind::TokenRefused, None, &origin);
                Err(FlowError::WrongStage)
            }
            Err(error) => {
                let event = SecurityEvent::new(EventKind::TokenRefused, Outcome::Refused, now, origin);
                let defect = self.ports.tokens.defect(bearer, now).map(|it| it.to_string());
                let event = SecurityEvent { reason: defect, ..event };
                self.ports.log.record(LoggedEvent { user: None, event: &event, chain: None });
                Err(error.into())
            }
        }
    }

    /// Returns the content of a token that is genuine and has not expired. Does no I/O and records nothing: for a display of
    /// when a session ends, not for a decision.
    pub fn valid_token(&self, bearer: &str) -> Option<AuthenticatedToken> {
        self.ports.tokens.authenticate(bearer, self.now()).ok()
    }

    /// Counts a call that checks a code against the limit by client address, and returns how many remain. An IPv6 client
    /// counts by its /64.
    ///
    /// # Errors
    ///
    /// [`FlowError::RateLimited`].
    pub async fn limit_code_checks(&self, user: Option<UserId>, origin: &Origin) -> Result<u32, FlowError> {
        self.limit(RateRule::CodeCheckPerIp, &rate_limit_key(origin.ip()), user, origin).await
    }

    /// Counts a login against the limit by client address, and returns how many remain. Call it before reading anything
    /// that the client sent.
    ///
    /// # Errors
    ///
    /// [`FlowError::RateLimited`].
    pub async fn limit_logins(&self, origin: &Origin) -> Result<u32, FlowError> {
        self.limit(RateRule::LoginPerIp, &rate_limit_key(origin.ip()), None, origin).await
    }

    /// Counts a change that the account has admitted against a limit of its caller.
    ///
    /// Call it after the account was checked: otherwise the holder of a stolen token without a recent second factor could
    /// use up the limit of its owner.
    pub(crate) async fn limit_caller(&self, rule: RateRule, call: &Call) -> Result<(), FlowError> {
        let user = call.token.user;
        self.limit(rule, &user.to_string(), Some(user), &call.origin).await.map(drop)
    }

    pub(crate) async fn limit(
        &self,
        rule: RateRule,
        subject: &str,
        user: Option<UserId>,
        origin: &Origin,
    ) -> Result<u32, FlowError> {
        match self.ports.limiter.take(rule, subject).await {
            RateLimitDecision::Allowed { remaining } => Ok(remaining),
            RateLimitDecision::Limited { retry_after } => {
                self.record_denied_call(user, EventKind::RateLimited, None, origin);
                Err(FlowError::RateLimited { rule, retry_after })
            }
        }
    }
}

/// Returns the key that a client address is counted by: the address, or its /64 for IPv6, since one client has a whole
/// /64.
pub(crate) fn rate_limit_key(ip: Option<IpAddr>) -> String {
    match ip.map(|ip| ip.to_canonical()) {
        Some(IpAddr::V6(ip)) => {
            let network = u128::from(ip) & !u128::from(u64::MAX);
            format!("{}/64", Ipv6Addr::from(network))
        }
        Some(IpAddr::V4(ip)) => ip.to_string(),
        None => "unknown".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ipv6_clients_count_by_their_64_and_mapped_ones_as_ipv4() {
        let key = |text: &str| rate_limit_key(Some(text.parse().unwrap()));
        assert_eq!(key("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
        assert_eq!(key("2001:db8:1:2::9"), key("2001:db8:1:2:ffff::"));
        assert_eq!(key("::ffff:192.0.2.1"), "192.0.2.1");
    }
}
