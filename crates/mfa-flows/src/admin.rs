//! What administrators do to accounts. Each is audited with who did it.

use std::collections::{BTreeMap, BTreeSet};

use mfa_core::{
    Account, AuditPage, AuditQuery, EventKind, FactorKind, LoggedEvent, NewUser, NewUserError, Outcome,
    SecretText, SecurityEvent, Timestamp, TokenSubject, UserId, UserPage, UserQuery, VerifiedFactor,
};
use mfa_jwt::IssuedToken;

use crate::{AccountStatus, AdminCall, FlowError, Flows};

/// A user to be made.
#[derive(Clone, Debug)]
pub struct NewUserRequest {
    /// Unique address.
    pub email: String,
    /// Unique name.
    pub username: String,
    /// For people to read.
    pub full_name: Option<String>,
    /// The password; only its hash is stored.
    pub password: SecretText,
    /// Whether the user may administer others.
    pub is_superuser: bool,
    /// Whether the user must have a second factor.
    pub mfa_enforced: bool,
}

/// How an administrator names a user.
#[derive(Clone, Debug)]
pub enum UserSelector {
    /// By key.
    Id(UserId),
    /// By address or name.
    Login(String),
}

/// Which token an administrator wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// As after a first factor.
    Pending,
    /// As after a login that asks for no second factor.
    OneFactor,
    /// As after a second factor, although none was shown.
    TwoFactors,
}

/// A token that an administrator had minted.
#[derive(Debug)]
pub struct MintedToken {
    /// The token.
    pub token: IssuedToken,
}

impl Flows {
    /// Makes a user.
    ///
    /// # Errors
    ///
    /// [`FlowError::UserTaken`] where the name or the address belongs to another.
    pub async fn create_user(&self, call: &AdminCall, request: NewUserRequest) -> Result<UserId, FlowError> {
        let now = self.now();
        let digest = self.ports.hasher.hash(request.password).await?;
        let user = NewUser {
            email: request.email,
            username: request.username,
            full_name: request.full_name,
            digest,
            is_superuser: request.is_superuser,
            mfa_enforced: request.mfa_enforced,
            created_at: now,
        };
        let user = self.ports.users.insert(user).await.map_err(|error| match error {
            NewUserError::Taken => FlowError::UserTaken,
            NewUserError::Store(error) => FlowError::Store(error),
        })?;
        self.administer(call, user, EventKind::AdminUserCreate, now, |_| ()).await?;
        Ok(user)
    }

    /// The user that an administrator names.
    ///
    /// # Errors
    ///
    /// [`FlowError::NoSuchUser`].
    pub async fn select(&self, selector: &UserSelector) -> Result<UserId, FlowError> {
        match selector {
            UserSelector::Id(user) => Ok(*user),
            UserSelector::Login(login) => {
                let found = self.ports.users.find_credentials(login).await?;
                found.map(|it| it.user).ok_or(FlowError::NoSuchUser)
            }
        }
    }

    /// One account, for an administrator to read.
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
        self.tell_look(call, Some(user), EventKind::AdminShow);
        // Where it cannot be unsealed, the rest of the account is to be seen all the same.
        let number = mfa_sms::number(&account, self.ports.cipher.as_ref()).unwrap_or_else(|_| {
            self.record_refused_call(Some(user), EventKind::DecryptFail, None, &call.origin);
            None
        });
        let phone = number.map(|it| it.masked());
        let status = AccountStatus { phone, ..AccountStatus::from_account(&account, self.now()) };
        Ok((account, status))
    }

    /// A page of users.
    ///
    /// # Errors
    ///
    /// A store error.
    pub async fn list_users(&self, call: &AdminCall, query: UserQuery) -> Result<UserPage, FlowError> {
        self.tell_look(call, None, EventKind::AdminList);
        Ok(self.ports.users.list(query).await?)
    }

    /// Ends a lock and forgets all wrong answers.
    ///
    /// # Errors
    ///
    /// [`FlowError::NoSuchUser`].
    pub async fn unlock_user(&self, call: &AdminCall, user: UserId) -> Result<(), FlowError> {
        self.administer(call, user, EventKind::AdminUnlock, self.now(), Account::unlock).await
    }

    /// Takes every factor off an account and ends all its sessions.
    ///
    /// # Errors
    ///
    /// [`FlowError::NoSuchUser`].
    pub async fn reset_user(&self, call: &AdminCall, user: UserId) -> Result<(), FlowError> {
        let now = self.now();
        let reset = move |account: &mut Account| account.remove_all_factors(now);
        self.administer(call, user, EventKind::AdminReset, now, reset).await
    }

    /// Says whether an account must have a second factor.
    ///
    /// # Errors
    ///
    /// [`FlowError::NoSuchUser`].
    pub async fn enforce_user(
        &self,
        call: &AdminCall,
        user: UserId,
        enforced: bool,
    ) -> Result<(), FlowError> {
        let enforce = move |account: &mut Account| account.mfa_enforced = enforced;
        self.administer(call, user, EventKind::AdminEnforce, self.now(), enforce).await
    }

    /// Erases what is kept of a user beside the row of `users` itself: factors, codes, number, and who and from where
    /// in the events, whose chain stays whole.
    ///
    /// # Errors
    ///
    /// [`FlowError::NoSuchUser`]; after a store error, erase again.
    pub async fn erase_user(&self, call: &AdminCall, user: UserId) -> Result<(), FlowError> {
        let now = self.now();
        self.ports.accounts.find(user).await?.ok_or(FlowError::NoSuchUser)?;
        self.ports.users.erase_event_details(user).await?;
        let erase = move |account: &mut Account| {
            account.remove_all_factors(now);
            account.unlock();
            (account.last_success_at, account.last_method) = (None, None);
        };
        self.administer(call, user, EventKind::AdminErase, now, erase).await
    }

    /// Ends every token of an account.
    ///
    /// # Errors
    ///
    /// [`FlowError::NoSuchUser`].
    pub async fn revoke_all(&self, call: &AdminCall, user: UserId) -> Result<(), FlowError> {
        let now = self.now();
        let end = move |account: &mut Account| account.revoke_sessions(now, None);
        self.administer(call, user, EventKind::AdminRevokeAll, now, end).await
    }

    /// Mints a token without any factor shown, whatever factors the account has: for tests and demonstrations.
    ///
    /// # Errors
    ///
    /// [`FlowError::NoSuchUser`], [`FlowError::AccountDisabled`].
    pub async fn mint_token(
        &self,
        call: &AdminCall,
        user: UserId,
        kind: TokenKind,
    ) -> Result<MintedToken, FlowError> {
        let now = self.now();
        let event = admin_event(call, EventKind::AdminToken, now);
        let subject = self
            .ports
            .accounts
            .update(user, move |account| {
                if !account.is_active {
                    return Err(FlowError::AccountDisabled);
                }
                account.record(event.clone());
                Ok(account.subject())
            })
            .await?
            .ok_or(FlowError::NoSuchUser)??;
        Ok(MintedToken { token: self.mint(subject, kind, now)? })
    }

    fn mint(&self, subject: TokenSubject, kind: TokenKind, now: Timestamp) -> Result<IssuedToken, FlowError> {
        let (tokens, entropy) = (&self.ports.tokens, self.ports.entropy.as_ref());
        Ok(match kind {
            TokenKind::Pending => tokens.pending(&subject, entropy, now)?,
            TokenKind::OneFactor => tokens.one_factor(&subject, entropy, now)?,
            TokenKind::TwoFactors => {
                let claimed = VerifiedFactor::danger_by_administrator(subject, FactorKind::Totp, now);
                tokens.two_factors(&claimed, entropy, now)?
            }
        })
    }

    /// A page of the events of all users.
    ///
    /// # Errors
    ///
    /// A store error.
    pub async fn list_events(&self, call: &AdminCall, query: AuditQuery) -> Result<AuditPage, FlowError> {
        self.tell_look(call, query.user, EventKind::AdminEvents);
        Ok(self.ports.trail.list_all(query).await?)
    }

    /// The user names of these users, of those who are there: for a page that names them.
    ///
    /// # Errors
    ///
    /// A store error.
    pub async fn usernames(
        &self,
        _: &AdminCall,
        users: BTreeSet<UserId>,
    ) -> Result<BTreeMap<UserId, String>, FlowError> {
        Ok(self.ports.users.usernames(users.into_iter().collect()).await?)
    }

    /// Tells the log that an administrator has looked: a look changes no account, so no account's events hold it.
    pub fn tell_look(&self, call: &AdminCall, subject: Option<UserId>, kind: EventKind) {
        let event = admin_event(call, kind, self.now());
        self.ports.log.record(LoggedEvent { user: subject, event: &event, chain: None });
    }

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
            .update(user, move |account| {
                change(account);
                account.record(event.clone());
            })
            .await?
            .ok_or(FlowError::NoSuchUser)
    }
}

pub(crate) fn admin_event(call: &AdminCall, kind: EventKind, now: Timestamp) -> SecurityEvent {
    SecurityEvent::new(kind, Outcome::Success, now, call.origin.clone())
        .with_actor(&call.actor, call.reason.as_deref())
}
