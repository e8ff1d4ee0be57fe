//! A call by somebody with a token, or by an administrator.

use std::net::{IpAddr, Ipv6Addr};

use mfa_core::{
    Account, AuthenticatedToken, EventKind, FactorKind, LoggedEvent, Origin, Outcome, RateRule, RateVerdict,
    Requirement, SecurityEvent, Stage, StoreError, StoreErrorKind, Timestamp, UserId, authorize,
};

use crate::{FlowError, Flows};

/// A call by somebody who presented a genuine token of a stage that fits.
#[derive(Clone, Debug)]
pub struct Call {
    /// The token.
    pub token: AuthenticatedToken,
    /// From where.
    pub origin: Origin,
}

/// A call by an administrator.
#[derive(Clone, Debug)]
pub struct AdminCall {
    /// Who.
    pub actor: String,
    /// Why, in the administrator's words.
    pub reason: Option<String>,
    /// From where.
    pub origin: Origin,
}

/// Which stages of token a call takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AcceptedStages {
    /// Every genuine token.
    Any,
    /// A pending token: the second factor is owed.
    Pending,
    /// A token of a login that has passed, with one factor or two.
    Access,
    /// A pending token, or one of two factors: to show a second factor.
    SecondFactor,
    /// A token of two factors.
    TwoFactors,
}

impl AcceptedStages {
    const fn takes(self, stage: Stage) -> bool {
        match self {
            Self::Any => true,
            Self::Pending => matches!(stage, Stage::Pending),
            Self::Access => matches!(stage, Stage::OneFactor | Stage::TwoFactors(_)),
            Self::SecondFactor => matches!(stage, Stage::Pending | Stage::TwoFactors(_)),
            Self::TwoFactors => matches!(stage, Stage::TwoFactors(_)),
        }
    }
}

impl Flows {
    /// Reads the token of a call and holds it to the stages that the call takes. Does no I/O.
    ///
    /// # Errors
    ///
    /// [`FlowError::TokenMissing`], [`FlowError::TokenInvalid`], [`FlowError::TokenExpired`], [`FlowError::WrongStage`].
    pub fn open(
        &self,
        bearer: Option<&str>,
        accepts: AcceptedStages,
        origin: Origin,
    ) -> Result<Call, FlowError> {
        let bearer = bearer.ok_or(FlowError::TokenMissing)?;
        let now = self.now();
        match self.ports.tokens.authenticate(bearer, now) {
            Ok(token) if accepts.takes(token.stage) => Ok(Call { token, origin }),
            Ok(token) => {
                self.record_refused_call(Some(token.user), EventKind::TokenRefused, None, &origin);
                Err(FlowError::WrongStage)
            }
            Err(error) => {
                self.record_refused_call(None, EventKind::TokenRefused, None, &origin);
                Err(error.into())
            }
        }
    }

    /// Takes one try of a client address from the limit on calls that check a code. IPv6 clients count by /64.
    ///
    /// # Errors
    ///
    /// [`FlowError::RateLimited`].
    pub async fn limit_code_checks(&self, user: Option<UserId>, origin: &Origin) -> Result<u32, FlowError> {
        self.limit(RateRule::CodeCheckPerIp, &network(origin.ip()), user, origin).await
    }

    pub(crate) async fn limit(
        &self,
        rule: RateRule,
        subject: &str,
        user: Option<UserId>,
        origin: &Origin,
    ) -> Result<u32, FlowError> {
        match self.ports.limiter.take(rule, subject).await {
            RateVerdict::Allowed { remaining } => Ok(remaining),
            RateVerdict::Limited { retry_after } => {
                self.record_refused_call(user, EventKind::RateLimited, None, origin);
                Err(FlowError::RateLimited { rule, retry_after })
            }
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.ports.clock.now()
    }

    /// Now, where it can be relied on.
    pub(crate) fn trusted_now(&self) -> Result<Timestamp, FlowError> {
        if self.ports.clock.is_trusted() { Ok(self.now()) } else { Err(FlowError::ClockSkew) }
    }

    /// Asks whether the steps of used codes are known: after a failover they may be lost for a minute, and a code that is
    /// refused then is not counted. To be asked inside a decision, which is when the store has been looked at.
    pub(crate) fn steps_guard(
        &self,
        now: Timestamp,
    ) -> impl Fn() -> Result<(), FlowError> + Clone + Send + use<> {
        let clock = self.ports.clock.clone();
        move || match clock.totp_blocked_until() {
            Some(until) if now < until => Err(StoreError::new(StoreErrorKind::Unknown, "failover").into()),
            _ => Ok(()),
        }
    }

    /// Tells of a call that was refused before a factor was looked at. Such calls go to the log alone, so that nobody
    /// grows the database with them.
    pub(crate) fn record_refused_call(
        &self,
        user: Option<UserId>,
        kind: EventKind,
        method: Option<FactorKind>,
        origin: &Origin,
    ) {
        let event = SecurityEvent::new(kind, Outcome::Refused, self.now(), origin.clone());
        let event = SecurityEvent { method, ..event };
        self.ports.log.record(LoggedEvent { user, event: &event, chain: None });
    }

    /// The same for what an account refused.
    pub(crate) fn record_denial(&self, call: &Call, method: Option<FactorKind>, refusal: &FlowError) {
        let kind = match refusal {
            FlowError::AccountLocked { .. } => EventKind::LockedCall,
            FlowError::TokenSpent
            | FlowError::TokenRevoked
            | FlowError::WrongStage
            | FlowError::AccountDisabled
            | FlowError::StepUpRequired { .. }
            | FlowError::TokenInvalid => EventKind::TokenRefused,
            FlowError::Cipher(_) => EventKind::DecryptFail,
            _ => return,
        };
        self.record_refused_call(Some(call.token.user), kind, method, &call.origin);
    }

    /// Runs a decision on the caller's account, behind the same admission as the ceremony, and tells what it refused.
    pub(crate) async fn decide<T: Send + 'static>(
        &self,
        call: &Call,
        need: Requirement,
        now: Timestamp,
        mut decide: impl FnMut(&mut Account) -> Result<T, FlowError> + Send + 'static,
    ) -> Result<T, FlowError> {
        let token = call.token.clone();
        let outcome = self
            .ports
            .accounts
            .update(call.token.user, move |account| {
                authorize(account, &token, need, now)
                    .map_err(|refused| FlowError::from_deny_reason(refused, now))?;
                decide(account)
            })
            .await?
            .unwrap_or(Err(FlowError::TokenInvalid));
        outcome.inspect_err(|refusal| self.record_denial(call, None, refusal))
    }

    /// The caller's account as it is stored, where the token may read it.
    pub(crate) async fn read(&self, call: &Call) -> Result<Account, FlowError> {
        let now = self.now();
        let account = self.ports.accounts.find(call.token.user).await?.ok_or(FlowError::TokenInvalid);
        account
            .and_then(|account| match authorize(&account, &call.token, Requirement::Read, now) {
                Ok(()) => Ok(account),
                Err(refused) => Err(FlowError::from_deny_reason(refused, now)),
            })
            .inspect_err(|refusal| self.record_denial(call, None, refusal))
    }
}

/// What an address is counted by: itself, or for IPv6 its /64, since one client has a whole one.
pub(crate) fn network(ip: Option<IpAddr>) -> String {
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
        let of = |text: &str| network(Some(text.parse().unwrap()));
        assert_eq!(of("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
        assert_eq!(of("2001:db8:1:2::9"), of("2001:db8:1:2:ffff::"));
        assert_eq!(of("::ffff:192.0.2.1"), "192.0.2.1");
    }
}
