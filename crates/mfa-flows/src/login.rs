//! The first factor, for a server that runs on its own.

use mfa_core::{
    Account, Credentials, EventKind, Origin, Outcome, PasswordCheck, RateRule, SecretText, SecurityEvent,
    Timestamp, TokenSubject,
};
use mfa_jwt::IssuedToken;

use crate::call::network;
use crate::{FlowError, Flows};

/// What a right password buys.
#[derive(Debug)]
pub enum LoginOutcome {
    /// A pending token: a second factor is owed.
    SecondFactorOwed {
        /// The token.
        token: IssuedToken,
        /// Whether one must be enrolled first.
        enrolment_required: bool,
    },
    /// An access token of one factor: none is asked for.
    Complete {
        /// The token.
        token: IssuedToken,
    },
}

/// What the account says to a right password.
enum Stage {
    Owed { subject: TokenSubject, enrolment_required: bool },
    Complete { subject: TokenSubject },
}

impl Flows {
    /// Takes one try of a client address from the limit on logins: before anything is read of what it sent.
    ///
    /// # Errors
    ///
    /// [`FlowError::RateLimited`].
    pub async fn limit_logins(&self, origin: &Origin) -> Result<u32, FlowError> {
        self.limit(RateRule::LoginPerIp, &network(origin.ip()), None, origin).await
    }

    /// Checks a user's password, within the limit by user; [`Flows::limit_logins`] comes first. An unknown user and a wrong password answer alike and take as long.
    ///
    /// # Errors
    ///
    /// [`FlowError::InvalidCredentials`], [`FlowError::RateLimited`], and for a right password
    /// [`FlowError::AccountDisabled`].
    pub async fn login(
        &self,
        login: &str,
        password: SecretText,
        origin: &Origin,
    ) -> Result<LoginOutcome, FlowError> {
        let now = self.trusted_now()?;
        let found = self.ports.users.find_credentials(login).await?;
        let user = found.as_ref().map(|it| it.user);
        // Counted by user where there is one, so that a name and an address are not two limits.
        let subject = user.map_or_else(|| format!("name:{}", login.to_lowercase()), |id| format!("id:{id}"));
        self.limit(RateRule::LoginPerUser, &subject, user, origin).await?;
        let digest = found.as_ref().map(|it| it.digest.clone());
        let check = self.ports.hasher.verify(password.clone(), digest).await?;
        let (Some(found), PasswordCheck::Correct | PasswordCheck::CorrectButOutdated) = (found, check) else {
            let event = SecurityEvent::new(EventKind::Login, Outcome::Failure, now, origin.clone());
            self.ports.log.record(mfa_core::LoggedEvent { user, event: &event, chain: None });
            return Err(FlowError::InvalidCredentials);
        };
        if check == PasswordCheck::CorrectButOutdated && self.policy.rehash_passwords {
            self.renew_hash(&found, password).await?;
        }
        let origin = origin.clone();
        let stage = self
            .ports
            .accounts
            .update(found.user, move |account| first_factor_passed(account, now, &origin))
            .await?
            .unwrap_or(Err(FlowError::InvalidCredentials))?;
        let (tokens, entropy) = (&self.ports.tokens, self.ports.entropy.as_ref());
        match stage {
            Stage::Owed { subject, enrolment_required } => {
                let token = tokens.pending(&subject, entropy, now)?;
                Ok(LoginOutcome::SecondFactorOwed { token, enrolment_required })
            }
            Stage::Complete { subject } => {
                Ok(LoginOutcome::Complete { token: tokens.one_factor(&subject, entropy, now)? })
            }
        }
    }

    async fn renew_hash(&self, found: &Credentials, password: SecretText) -> Result<(), FlowError> {
        let digest = self.ports.hasher.hash(password).await?;
        self.ports.users.replace_password(found.user, found.digest.clone(), digest).await?;
        Ok(())
    }
}

fn first_factor_passed(account: &mut Account, now: Timestamp, origin: &Origin) -> Result<Stage, FlowError> {
    if !account.is_active {
        return Err(FlowError::AccountDisabled);
    }
    account.record(SecurityEvent::new(EventKind::Login, Outcome::Success, now, origin.clone()));
    let subject = account.subject();
    Ok(if account.needs_second_factor() {
        Stage::Owed { subject, enrolment_required: !account.has_factor() }
    } else {
        Stage::Complete { subject }
    })
}
