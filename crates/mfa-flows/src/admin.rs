//! Administration of accounts. Every action is audited with its administrator.

use mfa_core::{
    Account, AddressMatch, EventKind, EventToken, FactorKind, Jti, LoggedEvent, NewUser, NewUserError,
    Outcome, Phase, RepairScope, SecretText, SecurityEvent, StoreErrorKind, Timestamp, TokenSubject, UserId,
    VerifiedFactor, fold_login, trim_login,
};
use mfa_jwt::IssuedToken;

use crate::call::AdminCall;
use crate::error::FlowError;
use crate::flows::Flows;
use crate::status::AccountStatus;

/// User to create.
#[derive(Clone, Debug)]
pub struct NewUserRequest {
    /// E-mail address; unique.
    pub email: String,
    /// User name; unique.
    pub username: String,
    /// Full name, for display.
    pub full_name: Option<String>,
    /// Password; only its hash is stored.
    pub password: SecretText,
    /// Whether the user may administer others.
    pub is_superuser: bool,
    /// Whether the user must have a second factor.
    pub mfa_enforced: bool,
}

/// User that an administrator selects.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum UserSelector {
    /// By user id.
    Id(UserId),
    /// By user name or e-mail address, as at a login.
    Login(String),
    /// By e-mail address only.
    Email(String),
    /// By user name only.
    Username(String),
}

/// Stage of a token to mint.
///
/// Exhaustive, so that each stage can be minted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// As after a first factor, with the second pending.
    Pending,
    /// As after a login that needs no second factor.
    OneFactor,
    /// As after a second factor, although none was verified.
    TwoFactors,
}

/// Change of what is required of a user. `None` leaves a requirement as it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RequirementChange {
    /// Whether MFA is required.
    pub enforced: Option<bool>,
    /// Whether a phishing-resistant factor is required.
    pub phishing_resistant: Option<bool>,
}

impl RequirementChange {
    /// Returns the reason of the event, which names what was set.
    pub(crate) fn describe(self, reason: Option<&str>) -> String {
        let changes = [("mfa_enforced", self.enforced), ("phishing_resistant", self.phishing_resistant)];
        let set: Vec<_> =
            changes.into_iter().filter_map(|(name, value)| Some(format!("{name}={}", value?))).collect();
        match reason {
            Some(reason) => format!("{}: {reason}", set.join(" ")),
            None => set.join(" "),
        }
    }
}

/// Second factors that a user must have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MfaRequirement {
    /// Whether an administrator requires MFA.
    pub enforced: bool,
    /// Whether the setting or an administrator requires a phishing-resistant factor.
    pub phishing_resistant: bool,
}

/// Token minted for an administrator.
#[derive(Debug)]
pub struct IssuedAdminToken {
    /// New token.
    pub token: IssuedToken,
}

impl Flows {
    /// Creates a user.
    ///
    /// # Errors
    ///
    /// [`FlowError::UserTaken`] if the user name or e-mail address belongs to another user.
    pub async fn create_user(&self, call: &AdminCall, request: NewUserRequest) -> Result<UserId, FlowError> {
        let now = self.now();
        let digest = self.ports.hasher.hash(request.password).await?;
        let new_user = NewUser {
            email: request.email,
            username: request.username,
            full_name: request.full_name,
            digest,
            is_superuser: request.is_superuser,
            mfa_enforced: request.mfa_enforced,
            created_at: now,
        };
        let user = self.ports.users.insert(new_user).await.map_err(|error| match error {
            NewUserError::Taken => FlowError::UserTaken,
            NewUserError::Store(error) => FlowError::Store(error),
        })?;
        self.administer(call, user, EventKind::AdminUserCreate, now, |_| ()).await?;
        Ok(user)
    }

    /// Returns the id of the selected user. An id is returned unchecked.
    ///
    /// # Errors
    ///
    /// [`FlowError::NoSuchUser`]; [`FlowError::AmbiguousUser`] if an address fits several users.
    pub async fn select(&self, selector: &UserSelector) -> Result<UserId, FlowError> {
        match selector {
            UserSelector::Id(user) => Ok(*user),
            UserSelector::Login(login) => {
                match self.ports.users.find_credentials(trim_login(login)).await? {
                    Some(found) => Ok(found.user),
                    // The address may fit several users.
                    None => self.select_by_email(login).await,
                }
            }
            UserSelector::Email(email) => self.select_by_email(email).await,
            UserSelector::Username(name) => self.select_by_username(trim_login(name)).await,
        }
    }

    /// A login also finds an address that equals the name; that user is not meant.
    async fn select_by_username(&self, name: &str) -> Result<UserId, FlowError> {
        let found = self.ports.users.find_credentials(name).await?.ok_or(FlowError::NoSuchUser)?;
        let account = self.find_account(found.user).await?.ok_or(FlowError::NoSuchUser)?;
        let is_name = fold_login(&account.username) == fold_login(name);
        is_name.then_some(found.user).ok_or(FlowError::NoSuchUser)
    }

    async fn select_by_email(&self, email: &str) -> Result<UserId, FlowError> {
        match self.ports.users.find_by_email(trim_login(email)).await? {
            AddressMatch::None => Err(FlowError::NoSuchUser),
            AddressMatch::One(owner) => Ok(owner.user),
            AddressMatch::Several(owners) => Err(FlowError::AmbiguousUser(owners)),
        }
    }

    /// Returns an account and its MFA status.
    ///
    /// # Errors
    ///
    /// [`FlowError::NoSuchUser`].
    pub async fn show_user(
        &self,
        call: &AdminCall,
        user: UserId,
    ) -> Result<(Account, AccountStatus), FlowError> {
        let account = self.ports.accounts.find(user).await?.ok_or(FlowError::NoSuchUser)?;
        self.record_admin_event(call, Some(user), EventKind::AdminShow, Outcome::Success);
        // If the number cannot be unsealed, the rest of the account is still returned.
        let number = mfa_sms::number(&account, self.ports.cipher.as_ref()).unwrap_or_else(|_| {
            self.record_denied_call(Some(user), EventKind::DecryptFail, None, &call.origin);
            None
        });
        let phone = number.map(|it| it.masked());
        let status = AccountStatus { phone, ..self.status_without_phone(&account) };
        Ok((account, status))
    }

    /// Unlocks an account and resets its counters of wrong codes.
    ///
    /// # Errors
    ///
    /// [`FlowError::NoSuchUser`].
    pub async fn unlock_user(&self, call: &AdminCall, user: UserId) -> Result<(), FlowError> {
        self.administer_any(call, user, EventKind::AdminUnlock, RepairScope::Lock, Account::unlock).await
    }

    /// Removes every factor of an account, ends all its sessions, and unlocks it.
    ///
    /// # Errors
    ///
    /// [`FlowError::NoSuchUser`].
    pub async fn reset_user(&self, call: &AdminCall, user: UserId) -> Result<(), FlowError> {
        let now = self.now();
        let reset = move |account: &mut Account| account.reset(now);
        self.administer_any(call, user, EventKind::AdminReset, RepairScope::All, reset).await
    }

    /// Requires MFA or a phishing-resistant factor of a user, or stops requiring it. Returns what is required then.
    ///
    /// # Errors
    ///
    /// [`FlowError::NoSuchUser`]; [`FlowError::MethodNotAvailable`] if a phishing-resistant factor is to be required and
    /// passkeys are off: the user could not log in.
    pub async fn enforce_user(
        &self,
        call: &AdminCall,
        user: UserId,
        change: RequirementChange,
    ) -> Result<MfaRequirement, FlowError> {
        if change.phishing_resistant == Some(true) && self.policy.passkeys.is_none() {
            return Err(FlowError::MethodNotAvailable);
        }
        let mut event = admin_event(call, EventKind::AdminEnforce, self.now());
        if change.phishing_resistant.is_some() {
            event.reason = Some(change.describe(call.reason.as_deref()));
        }
        let policy = self.policy.phishing_resistant;
        let decided = self.ports.accounts.update(user, Phase::Begin, move |account| {
            let internal = &mut account.internal;
            account.mfa_enforced = change.enforced.unwrap_or(account.mfa_enforced);
            internal.phishing_resistant_required =
                change.phishing_resistant.unwrap_or(internal.phishing_resistant_required);
            account.record(event.clone());
            MfaRequirement { enforced: account.mfa_enforced, phishing_resistant: policy.covers(account) }
        });
        decided.await?.ok_or(FlowError::NoSuchUser)
    }

    /// Issues a token without verifying any factor, for tests and demonstrations.
    ///
    /// # Errors
    ///
    /// [`FlowError::NoSuchUser`], [`FlowError::AccountDisabled`].
    pub async fn mint_token(
        &self,
        call: &AdminCall,
        user: UserId,
        kind: TokenKind,
    ) -> Result<IssuedAdminToken, FlowError> {
        let now = self.now();
        let event = admin_event(call, EventKind::AdminToken, now);
        let jti = self.draw_jti()?;
        let token_id = jti.token_id();
        let subject = self
            .ports
            .accounts
            .update(user, Phase::Begin, move |account| {
                if !account.is_active {
                    return Err(FlowError::AccountDisabled);
                }
                let subject = account.subject();
                let token = EventToken { id: token_id, session: Some(subject.session) };
                let is_session = kind == TokenKind::TwoFactors;
                account.record(SecurityEvent { token: is_session.then_some(token), ..event.clone() });
                Ok(subject)
            })
            .await?
            .ok_or(FlowError::NoSuchUser)??;
        Ok(IssuedAdminToken { token: self.mint(subject, kind, jti, now)? })
    }

    fn mint(
        &self,
        subject: TokenSubject,
        kind: TokenKind,
        jti: Jti,
        now: Timestamp,
    ) -> Result<IssuedToken, FlowError> {
        let (tokens, entropy) = (&self.ports.tokens, self.ports.entropy.as_ref());
        Ok(match kind {
            TokenKind::Pending => tokens.pending(&subject, entropy, now)?,
            TokenKind::OneFactor => tokens.one_factor(&subject, entropy, now)?,
            TokenKind::TwoFactors => {
                let unverified = VerifiedFactor::danger_by_administrator(subject, FactorKind::Totp, now, jti);
                tokens.two_factors(&unverified, now)?
            }
        })
    }

    /// Returns the full name of a user, for display.
    ///
    /// # Errors
    ///
    /// [`FlowError::Store`].
    pub async fn full_name(&self, _: &AdminCall, user: UserId) -> Result<Option<String>, FlowError> {
        Ok(self.ports.users.full_name(user).await?)
    }

    /// Logs an administrator's action that changes no account, such as a read. It is not stored in any account's events.
    pub fn record_admin_event(
        &self,
        call: &AdminCall,
        subject: Option<UserId>,
        kind: EventKind,
        outcome: Outcome,
    ) {
        let event = SecurityEvent { outcome, ..admin_event(call, kind, self.now()) };
        self.ports.log.record(LoggedEvent { user: subject, event: &event, chain: None });
    }

    /// Changes an account even if its row has values that cannot be read: those in scope are replaced first.
    async fn administer_any(
        &self,
        call: &AdminCall,
        user: UserId,
        kind: EventKind,
        scope: RepairScope,
        change: impl FnMut(&mut Account) + Clone + Send + 'static,
    ) -> Result<(), FlowError> {
        let now = self.now();
        match self.administer(call, user, kind, now, change.clone()).await {
            Err(FlowError::Store(error)) if error.kind() == StoreErrorKind::Corrupt => {
                if !self.ports.accounts.repair(user, scope, now).await? {
                    return Err(FlowError::Store(error));
                }
                self.administer(call, user, kind, now, change).await
            }
            done => done,
        }
    }

    /// Changes an account and records the administrator's event in the same step.
    pub(crate) async fn administer(
        &self,
        call: &AdminCall,
        user: UserId,
        kind: EventKind,
        now: Timestamp,
        mut change: impl FnMut(&mut Account) + Send + 'static,
    ) -> Result<(), FlowError> {
        let event = admin_event(call, kind, now);
        self.ports
            .accounts
            .update(user, Phase::Begin, move |account| {
                change(account);
                account.record(event.clone());
            })
            .await?
            .ok_or(FlowError::NoSuchUser)
    }
}

/// Returns the event of a successful action of an administrator.
pub(crate) fn admin_event(call: &AdminCall, kind: EventKind, now: Timestamp) -> SecurityEvent {
    SecurityEvent::new(kind, Outcome::Success, now, call.origin.clone())
        .with_actor(&call.actor, call.reason.as_deref())
}
