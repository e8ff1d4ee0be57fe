//! Authenticators of an account: list, rename and remove.

use mfa_core::{
    Account, AuthenticatedToken, AuthenticatorUse, EventKind, FactorKind, Outcome, Requirement,
    SecurityEvent, Timestamp, UserId,
};
use mfa_passkey::{Aaguid, Credential, Registered};

use crate::authenticator_names::{
    SMS_ID, check_name, has_phone, label_of, name_in_event, normalized_name, numbered, phone_name, totp_name,
};
use crate::call::{AdminCall, Call};
use crate::error::FlowError;
use crate::flows::Flows;
use crate::stored_passkey::credential;

/// One authenticator that a user has registered (NIST SP 800-63B-4).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authenticator {
    /// ID, unique for the user.
    pub id: String,
    /// Kind.
    pub kind: FactorKind,
    /// Name that the user sees.
    pub name: String,
    /// Whether the user chose the name.
    pub is_named: bool,
    /// Time of the enrolment, if it is known.
    pub created_at: Option<Timestamp>,
    /// Time of the last successful verification, if it is known.
    pub last_used_at: Option<Timestamp>,
    /// Details of this kind.
    pub details: AuthenticatorDetails,
}

/// Details of an authenticator, by kind.
///
/// Exhaustive, so that each kind is listed in full.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuthenticatorDetails {
    /// Authenticator app with its parameters (RFC 6238).
    Totp(mfa_totp::Parameters),
    /// Phone, with its masked number.
    Sms(Option<String>),
    /// Passkey.
    Passkey(PasskeyDetails),
}

/// Details of a passkey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasskeyDetails {
    /// RP ID that it was registered for.
    pub rp_id: String,
    /// Whether it can be backed up, thus synced.
    pub backup_eligible: bool,
    /// Whether it is backed up.
    pub backed_up: bool,
    /// Ways in which the browser reaches it.
    pub transports: Vec<String>,
    /// Model of the authenticator; all zero if it does not say.
    pub aaguid: Aaguid,
    /// Whether its signature counter went back once: it may be cloned.
    pub clone_suspected: bool,
}

impl Authenticator {
    /// Returns a passkey that was registered just now.
    pub(crate) fn new_passkey(id: String, name: String, registered: &Registered, now: Timestamp) -> Self {
        let state = AuthenticatorUse { backed_up: registered.backed_up, ..AuthenticatorUse::default() };
        Self::passkey(id, name, now, registered.credential.clone(), &state)
    }

    fn passkey(
        id: String,
        name: String,
        created_at: Timestamp,
        credential: Credential,
        state: &AuthenticatorUse,
    ) -> Self {
        Self {
            id,
            kind: FactorKind::Passkey,
            name,
            is_named: true,
            created_at: Some(created_at),
            last_used_at: state.last_used_at,
            details: AuthenticatorDetails::Passkey(PasskeyDetails {
                rp_id: credential.rp_id,
                backup_eligible: credential.backup_eligible,
                backed_up: state.backed_up,
                transports: credential.transports,
                aaguid: credential.aaguid,
                clone_suspected: state.clone_suspected,
            }),
        }
    }
}

impl Flows {
    /// Returns the caller's authenticators, passkeys first. Works while the account is locked.
    ///
    /// # Errors
    ///
    /// The account denies the call.
    pub async fn authenticators(&self, call: &Call) -> Result<Vec<Authenticator>, FlowError> {
        let account = self.read(call).await?;
        self.authenticators_of(&account)
    }

    /// Returns the authenticators of a user, for an administrator.
    ///
    /// # Errors
    ///
    /// [`FlowError::NoSuchUser`].
    pub async fn list_authenticators(&self, user: UserId) -> Result<Vec<Authenticator>, FlowError> {
        let account = self.find_account(user).await?.ok_or(FlowError::NoSuchUser)?;
        self.authenticators_of(&account)
    }

    /// Renames an authenticator.
    ///
    /// # Errors
    ///
    /// [`FlowError::NoSuchAuthenticator`], [`FlowError::InvalidName`], [`FlowError::NameTaken`], or the account denies the
    /// call.
    pub async fn rename_authenticator(
        &self,
        call: &Call,
        id: String,
        name: String,
    ) -> Result<Authenticator, FlowError> {
        let now = self.now();
        let name = normalized_name(&name);
        // Names protect nothing: a session with two factors is enough.
        let need = Requirement::Change { max_age: std::time::Duration::MAX };
        let (origin, renamed) = (call.origin.clone(), id.clone());
        let account = self
            .decide(call, need, now, move |account| {
                let kind = rename(account, &renamed, &name)?;
                let event =
                    SecurityEvent::new(EventKind::AuthenticatorRename, Outcome::Success, now, origin.clone());
                let reason = Some(label_of(&name, &renamed));
                account.record(SecurityEvent { reason, ..event.with_method(kind) });
                Ok(account.clone())
            })
            .await?;
        let found = self.authenticators_of(&account)?.into_iter().find(|it| it.id == id);
        found.ok_or(FlowError::NoSuchAuthenticator)
    }

    /// Removes an authenticator and ends every other session of the user. The recovery codes are removed with the last
    /// factor.
    ///
    /// # Errors
    ///
    /// [`FlowError::NoSuchAuthenticator`], [`FlowError::FactorRequired`] for the last factor of a user who must have one and
    /// for the last passkey of a user who needs one, or the account denies the call.
    pub async fn remove_authenticator(&self, call: &Call, id: String) -> Result<(), FlowError> {
        let now = self.now();
        let need = Requirement::Change { max_age: self.policy.step_up_max_age };
        let (origin, caller) = (call.origin.clone(), call.token.clone());
        let policy = self.policy.phishing_resistant;
        self.decide(call, need, now, move |account| {
            let mut without = account.clone();
            let removed = remove(&mut without, &id)?;
            let is_last_accepted = account.has_passkey() && !without.has_passkey();
            let is_required = (account.mfa_enforced && !without.has_factor())
                || (policy.covers(account) && is_last_accepted);
            if is_required {
                return Err(FlowError::FactorRequired);
            }
            *account = without;
            account.revoke_sessions(now, Some(&caller));
            let event =
                SecurityEvent::new(EventKind::AuthenticatorRemove, Outcome::Success, now, origin.clone());
            let reason = Some(removed.label);
            account.record(SecurityEvent { reason, ..event.with_method(removed.kind) });
            Ok(())
        })
        .await
    }

    /// Renames an authenticator of a user for an administrator.
    ///
    /// # Errors
    ///
    /// [`FlowError::NoSuchUser`], [`FlowError::NoSuchAuthenticator`], [`FlowError::InvalidName`],
    /// [`FlowError::NameTaken`].
    pub async fn rename_authenticator_of(
        &self,
        call: &AdminCall,
        user: UserId,
        id: String,
        name: String,
    ) -> Result<(), FlowError> {
        let name = normalized_name(&name);
        let label = label_of(&name, &id);
        self.administer_authenticator(call, user, EventKind::AdminAuthenticatorRename, move |account| {
            let kind = rename(account, &id, &name)?;
            Ok(Changed { kind, label: label.clone() })
        })
        .await
    }

    /// Removes an authenticator of a user for an administrator, and ends all sessions of the user. The last factor of a
    /// user for whom MFA is required is removed too: then the user enrols again.
    ///
    /// # Errors
    ///
    /// [`FlowError::NoSuchUser`], [`FlowError::NoSuchAuthenticator`].
    pub async fn remove_authenticator_of(
        &self,
        call: &AdminCall,
        user: UserId,
        id: String,
    ) -> Result<(), FlowError> {
        let now = self.now();
        self.administer_authenticator(call, user, EventKind::AdminAuthenticatorRemove, move |account| {
            let removed = remove(account, &id)?;
            account.revoke_sessions(now, None);
            Ok(removed)
        })
        .await
    }

    async fn administer_authenticator(
        &self,
        call: &AdminCall,
        user: UserId,
        kind: EventKind,
        mut change: impl FnMut(&mut Account) -> Result<Changed, FlowError> + Send + 'static,
    ) -> Result<(), FlowError> {
        let now = self.now();
        let call = call.clone();
        let decide = move |account: &mut Account| {
            let changed = change(account)?;
            let event = SecurityEvent::new(kind, Outcome::Success, now, call.origin.clone());
            let reason = match &call.reason {
                Some(reason) => format!("{}: {reason}", changed.label),
                None => changed.label,
            };
            account.record(event.with_method(changed.kind).with_actor(&call.actor, Some(&reason)));
            Ok(())
        };
        let changed = self.ports.accounts.update(user, mfa_core::Phase::Begin, decide);
        changed.await?.unwrap_or(Err(FlowError::NoSuchUser))
    }

    /// Returns the authenticators of an account.
    pub(crate) fn authenticators_of(&self, account: &Account) -> Result<Vec<Authenticator>, FlowError> {
        let state = |id: &str| account.internal.authenticators.get(id).cloned().unwrap_or_default();
        let mut list = Vec::new();
        for passkey in &account.passkeys.keys {
            let (credential, state) = (credential(passkey)?, state(&passkey.id));
            let (id, name) = (passkey.id.clone(), passkey.name.clone());
            list.push(Authenticator::passkey(id, name, passkey.created_at, credential, &state));
        }
        let mut push = |kind: FactorKind, number, id: &str, created_at, details| {
            let name = account.names.get(id).cloned();
            list.push(Authenticator {
                id: id.to_owned(),
                kind,
                is_named: name.is_some(),
                name: name.unwrap_or_else(|| numbered(kind, number)),
                created_at,
                last_used_at: state(id).last_used_at,
                details,
            });
        };
        for (number, app) in (1..).zip(account.totp_apps()) {
            let details = AuthenticatorDetails::Totp(app.parameters);
            push(FactorKind::Totp, number, app.id, app.enrolled_at, details);
        }
        if has_phone(account) {
            // A number that cannot be unsealed is listed, so that it can be removed.
            let number = mfa_sms::number(account, self.ports.cipher.as_ref()).ok().flatten();
            let details = AuthenticatorDetails::Sms(number.map(|it| it.masked()));
            push(FactorKind::Sms, 1, SMS_ID, account.phone.verified_at, details);
        }
        Ok(list)
    }
}

/// Kind and label of a changed authenticator, for its event.
struct Changed {
    kind: FactorKind,
    label: String,
}

fn rename(account: &mut Account, id: &str, name: &str) -> Result<FactorKind, FlowError> {
    let kind = kind_of(account, id)?;
    check_name(account, id, name)?;
    match account.passkeys.keys.iter_mut().find(|key| key.id == id) {
        Some(key) => name.clone_into(&mut key.name),
        None => drop(account.names.insert(id.to_owned(), name.to_owned())),
    }
    Ok(kind)
}

fn remove(account: &mut Account, id: &str) -> Result<Changed, FlowError> {
    let kind = kind_of(account, id)?;
    let label = match kind {
        FactorKind::Passkey => {
            let removed = account.remove_passkey(id).ok_or(FlowError::NoSuchAuthenticator)?;
            label_of(&removed.name, id)
        }
        FactorKind::Sms => {
            let name = phone_name(account);
            mfa_sms::remove_number(account);
            account.forget_authenticator(id);
            label_of(&name, id)
        }
        FactorKind::Totp | FactorKind::Recovery => {
            let name = totp_name(account, id);
            account.remove_totp_app(id);
            label_of(&name, id)
        }
    };
    Ok(Changed { kind, label })
}

fn kind_of(account: &Account, id: &str) -> Result<FactorKind, FlowError> {
    if account.totp_apps().any(|app| app.id == id) {
        Ok(FactorKind::Totp)
    } else if account.passkeys.keys.iter().any(|key| key.id == id) {
        Ok(FactorKind::Passkey)
    } else if id == SMS_ID && has_phone(account) {
        Ok(FactorKind::Sms)
    } else {
        Err(FlowError::NoSuchAuthenticator)
    }
}

/// Returns the ID of the app to remove, if the account allows it.
pub(crate) fn select_app(account: &Account, app: Option<&str>) -> Result<String, FlowError> {
    if !account.has_totp() {
        return Err(FlowError::NotEnrolled);
    }
    let mut apps = account.totp_apps().map(|it| it.id);
    let id = match app {
        Some(id) => apps.find(|it| *it == id).ok_or(FlowError::NoSuchAuthenticator)?,
        None => apps.next().ok_or(FlowError::NotEnrolled)?,
    };
    if app.is_none() && apps.next().is_some() {
        return Err(FlowError::AuthenticatorRequired);
    }
    let mut without = account.clone();
    without.remove_totp_app(id);
    if account.mfa_enforced && !without.has_factor() {
        return Err(FlowError::FactorRequired);
    }
    Ok(id.to_owned())
}

/// Removes an app, names it in the event of the attempt, and ends every session but the caller's.
pub(crate) fn remove_app(account: &mut Account, id: &str, caller: &AuthenticatedToken, now: Timestamp) {
    let label = label_of(&totp_name(account, id), id);
    account.remove_totp_app(id);
    account.revoke_sessions(now, Some(caller));
    name_in_event(account, label);
}
