//! Login with a password, the first factor.

use mfa_core::{
    Account, Credentials, EventKind, LoggedEvent, Origin, Outcome, PasswordCheck, Phase,
    PhishingResistantPolicy, RateRule, SecretText, SecurityEvent, Timestamp, TokenSubject, UserId,
    fold_login, trim_login,
};
use mfa_jwt::IssuedToken;

use crate::call::rate_limit_key;
use crate::error::FlowError;
use crate::flows::Flows;

/// Token after a correct password.
///
/// Exhaustive, so that each kind of token has a response.
#[derive(Debug)]
pub enum LoginOutcome {
    /// Pending token: a second factor must be verified.
    SecondFactorRequired {
        /// Pending token.
        token: IssuedToken,
        /// Whether the user must enrol a factor first.
        enrolment_required: bool,
    },
    /// Access token with one factor: no second factor is needed.
    Complete {
        /// Access token.
        token: IssuedToken,
    },
}

/// Decision of the account after a correct password.
enum LoginStage {
    SecondFactorRequired { subject: TokenSubject, enrolment_required: bool },
    Complete { subject: TokenSubject },
}

impl Flows {
    /// Verifies a user's password, within the limits by name. Blanks around the name or address are ignored. Call [`Flows::limit_logins`] first. An unknown user and a wrong
    /// password give the same error after the same time.
    ///
    /// # Errors
    ///
    /// [`FlowError::InvalidCredentials`], [`FlowError::RateLimited`], and after a correct password
    /// [`FlowError::AccountDisabled`].
    pub async fn login(
        &self,
        login: &str,
        password: SecretText,
        origin: &Origin,
    ) -> Result<LoginOutcome, FlowError> {
        let now = self.trusted_now()?;
        let login = trim_login(login);
        let found = self.ports.users.find_credentials(login).await?;
        let user = found.as_ref().map(|it| it.user);
        self.limit_name(login, user, origin).await?;
        let digest = found.as_ref().map(|it| it.digest.clone());
        let check = self.ports.hasher.verify(password.clone(), digest).await?;
        let (Some(found), PasswordCheck::Correct | PasswordCheck::CorrectButOutdated) = (found, check) else {
            let event = SecurityEvent::new(EventKind::Login, Outcome::Failure, now, origin.clone());
            self.ports.log.record(LoggedEvent { user, event: &event, chain: None });
            return Err(FlowError::InvalidCredentials);
        };
        if check == PasswordCheck::CorrectButOutdated && self.policy.rehash_passwords {
            self.renew_hash(&found, password).await?;
        }
        let (origin, policy) = (origin.clone(), self.policy.phishing_resistant);
        let stage = self
            .ports
            .accounts
            .update(found.user, Phase::Begin, move |account| {
                first_factor_passed(account, policy, now, &origin)
            })
            .await?
            .unwrap_or(Err(FlowError::InvalidCredentials))?;
        let (tokens, entropy) = (&self.ports.tokens, self.ports.entropy.as_ref());
        match stage {
            LoginStage::SecondFactorRequired { subject, enrolment_required } => {
                let token = tokens.pending(&subject, entropy, now)?;
                Ok(LoginOutcome::SecondFactorRequired { token, enrolment_required })
            }
            LoginStage::Complete { subject } => {
                Ok(LoginOutcome::Complete { token: tokens.one_factor(&subject, entropy, now)? })
            }
        }
    }

    /// Returns whether this is the password of the user. It is no login: it limits nothing, records no event and issues no
    /// token. For a password that the operator stores, never for one that a client sent.
    ///
    /// # Errors
    ///
    /// [`FlowError::Store`] if the database did not answer; [`FlowError::Hasher`].
    pub async fn is_stored_password(&self, login: &str, password: SecretText) -> Result<bool, FlowError> {
        let found = self.ports.users.find_credentials(login).await?;
        let check = self.ports.hasher.verify(password, found.map(|it| it.digest)).await?;
        Ok(matches!(check, PasswordCheck::Correct | PasswordCheck::CorrectButOutdated))
    }

    /// Issues a pending token after a first factor that the caller verified itself, such as a directory or an identity
    /// provider. Returns `None` if the user needs no second factor.
    ///
    /// Records no login event. The token carries the account's session number, so a reset ends it too.
    ///
    /// # Errors
    ///
    /// [`FlowError::NoSuchUser`], [`FlowError::AccountDisabled`], [`FlowError::Store`].
    pub async fn issue_pending_token(&self, user: UserId) -> Result<Option<IssuedToken>, FlowError> {
        let account = self.find_account(user).await?.ok_or(FlowError::NoSuchUser)?;
        if !account.is_active {
            return Err(FlowError::AccountDisabled);
        }
        if !self.policy.phishing_resistant.requires_second_factor(&account) {
            return Ok(None);
        }
        let (tokens, entropy) = (&self.ports.tokens, self.ports.entropy.as_ref());
        Ok(Some(tokens.pending(&account.subject(), entropy, self.now())?))
    }

    /// Counts a login against the limits of the name that was typed, whether or not a user has it: a limit by user would
    /// show which names exist.
    async fn limit_name(&self, login: &str, user: Option<UserId>, origin: &Origin) -> Result<(), FlowError> {
        let name = fold_login(login);
        let from_network = format!("{} {name}", rate_limit_key(origin.ip()));
        // First by network: what this limit rejects takes nothing from the other networks.
        self.limit(RateRule::LoginPerUser, &from_network, user, origin).await?;
        self.limit(RateRule::LoginPerName, &name, user, origin).await?;
        Ok(())
    }

    async fn renew_hash(&self, found: &Credentials, password: SecretText) -> Result<(), FlowError> {
        let digest = self.ports.hasher.hash(password).await?;
        self.ports.users.replace_password(found.user, found.digest.clone(), digest).await?;
        Ok(())
    }
}

fn first_factor_passed(
    account: &mut Account,
    policy: PhishingResistantPolicy,
    now: Timestamp,
    origin: &Origin,
) -> Result<LoginStage, FlowError> {
    if !account.is_active {
        return Err(FlowError::AccountDisabled);
    }
    account.record(SecurityEvent::new(EventKind::Login, Outcome::Success, now, origin.clone()));
    let subject = account.subject();
    Ok(if policy.requires_second_factor(account) {
        LoginStage::SecondFactorRequired { subject, enrolment_required: !account.has_factor() }
    } else {
        LoginStage::Complete { subject }
    })
}
