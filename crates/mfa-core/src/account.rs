//! All multi-factor state of one user.

mod denylist;
mod internal;

use std::fmt;

use crate::{
    AuthenticatedToken, Lock, SealContext, Sealed, SealedColumn, SecurityEvent, Timestamp, TokenSubject,
    UserId,
};

pub use denylist::{DenylistReason, TokenDenylist};
pub use internal::{
    ChainHead, EarlyCode, ExemptToken, InternalState, SmsChallenge, SmsPurpose, SmsState, StepUpFailures,
    Strikes,
};

/// All multi-factor state of one user: what a decision may see and change.
///
/// It is loaded from one row, changed by pure decisions, and stored together with the events they recorded in one
/// atomic step. Nothing in it is shown by a clear secret: secrets are [`Sealed`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The row's key.
    pub user: UserId,
    /// For the label in the app and the claim in a token.
    pub email: String,
    /// The name that the user logs in with.
    pub username: String,
    /// Whether the user may log in at all.
    pub is_active: bool,
    /// Whether the user may administer others.
    pub is_superuser: bool,
    /// Whether the user must have a second factor.
    pub mfa_enforced: bool,
    /// The authenticator app.
    pub totp: TotpState,
    /// The phone.
    pub phone: PhoneState,
    /// What stands in where the app is not at hand.
    pub backup_method: BackupMethod,
    /// The recovery codes.
    pub recovery: RecoveryState,
    /// Wrong answers in a row, over all factors.
    pub failures: u32,
    /// The end of the last lock.
    pub lock_until: Option<Timestamp>,
    /// When a second factor last passed.
    pub last_success_at: Option<Timestamp>,
    /// Which one that was.
    pub last_method: Option<crate::FactorKind>,
    /// The number of the row's version, compared at each write. Only adapters touch it.
    pub version: i64,
    /// What only we read.
    pub internal: InternalState,
    /// What the decisions on this copy recorded; stored with it, then empty.
    pub events: Vec<SecurityEvent>,
}

/// The authenticator app of an account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TotpState {
    /// Whether it is in force.
    pub enabled: bool,
    /// The secret in force, sealed.
    pub secret: Option<Sealed>,
    /// A new secret that waits for its first code.
    pub pending: Option<PendingTotp>,
    /// When the secret in force was confirmed.
    pub enrolled_at: Option<Timestamp>,
    /// The newest time step whose code was used: every code up to it is spent (RFC 6238 §5.2).
    pub last_step: Option<i64>,
}

/// A secret that was shown and not yet confirmed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PendingTotp {
    /// The secret, sealed.
    pub secret: Sealed,
    /// From when on it is forgotten.
    pub expires_at: Timestamp,
}

/// The phone of an account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PhoneState {
    /// The number in force, sealed.
    pub number: Option<Sealed>,
    /// A new number that waits for its first code, sealed.
    pub pending: Option<Sealed>,
    /// Whether a code sent to the number in force came back.
    pub is_verified: bool,
    /// When it did.
    pub verified_at: Option<Timestamp>,
}

/// What stands in for the authenticator app.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BackupMethod {
    /// Nothing but recovery codes.
    #[default]
    None,
    /// A code by SMS to the verified number.
    Sms,
}

impl BackupMethod {
    /// Its name in answers and in the column.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Sms => "sms",
        }
    }
}

/// The recovery codes of an account, as digests.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecoveryState {
    /// The codes of the set in force, spent ones included.
    pub codes: Vec<RecoveryCode>,
    /// When the set was made.
    pub generated_at: Option<Timestamp>,
}

/// One recovery code, as the row keeps it. `Debug` shows its number and whether it is spent.
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct RecoveryCode {
    /// Its place in the set.
    pub id: String,
    /// Its digest (Argon2id, or bcrypt of a set that was imported); never the code.
    pub digest: String,
    /// The name of the key of its tag; none in a set that was imported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag_key: Option<String>,
    /// The first 16 bits of a keyed digest of the code, in lower-case hexadecimal: picks the one digest to try.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// When it was spent.
    pub used_at: Option<Timestamp>,
    /// What other versions keep here, carried along untouched.
    #[serde(flatten)]
    pub rest: serde_json::Map<String, serde_json::Value>,
}

impl fmt::Debug for RecoveryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecoveryCode")
            .field("id", &self.id)
            .field("used_at", &self.used_at)
            .finish_non_exhaustive()
    }
}

impl RecoveryState {
    /// How many codes are not spent.
    pub fn left(&self) -> usize {
        self.codes.iter().filter(|code| code.used_at.is_none()).count()
    }
}

impl Account {
    /// An account as a new user has it: nothing enrolled, nothing counted.
    pub fn new(user: UserId, email: impl Into<String>, username: impl Into<String>) -> Self {
        Self {
            user,
            email: email.into(),
            username: username.into(),
            is_active: true,
            is_superuser: false,
            mfa_enforced: false,
            totp: TotpState::default(),
            phone: PhoneState::default(),
            backup_method: BackupMethod::None,
            recovery: RecoveryState::default(),
            failures: 0,
            lock_until: None,
            last_success_at: None,
            last_method: None,
            version: 0,
            internal: InternalState::default(),
            events: Vec::new(),
        }
    }

    /// Whether the authenticator app is a factor of this account.
    pub const fn has_totp(&self) -> bool {
        self.totp.enabled && self.totp.secret.is_some()
    }

    /// Whether a code by SMS is a factor of this account.
    pub fn has_sms(&self) -> bool {
        self.phone.is_verified && self.phone.number.is_some() && self.backup_method == BackupMethod::Sms
    }

    /// Whether the account has a second factor. Recovery codes alone are none.
    pub fn has_factor(&self) -> bool {
        self.has_totp() || self.has_sms()
    }

    /// Whether a login must show a second factor, or enrol one.
    pub fn needs_second_factor(&self) -> bool {
        self.has_factor() || self.mfa_enforced
    }

    /// The lock in force at `now`.
    pub fn lock(&self, now: Timestamp) -> Option<Lock> {
        Lock::in_force(self.lock_until, now)
    }

    /// Whom a token issued now speaks of.
    pub fn subject(&self) -> TokenSubject {
        TokenSubject {
            user: self.user,
            email: self.email.clone(),
            is_superuser: self.is_superuser,
            session: self.internal.session,
        }
    }

    /// The associated data of a value sealed in this row.
    pub const fn seal_context(&self, column: SealedColumn) -> SealContext {
        SealContext { user: self.user, column }
    }

    /// Writes down what happened, to be stored with the outcome.
    pub fn record(&mut self, event: SecurityEvent) {
        self.events.push(event);
    }

    /// Ends every session: all tokens issued so far are refused, except `exempt_token`, where the answer gives no fresh
    /// one.
    pub fn revoke_sessions(&mut self, now: Timestamp, exempt_token: Option<&AuthenticatedToken>) {
        self.internal.session = self.internal.session.saturating_add(1);
        self.internal.sessions_revoked_at = Some(now);
        self.internal.denylist.drop_expired(now);
        self.internal.exempt_token =
            exempt_token.map(|token| ExemptToken { token: token.id, expires_at: token.expires_at });
    }

    /// Refuses the token from now on, until it would have ended by itself.
    ///
    /// A full list gives way to a raised session number, so that it forgets nothing: overflow ends sessions.
    pub fn deny_token(&mut self, token: &AuthenticatedToken, mark: DenylistReason, now: Timestamp) {
        if self.internal.exempt_token.as_ref().is_some_and(|it| it.token == token.id) {
            self.internal.exempt_token = None;
        }
        if !self.internal.denylist.insert(token.id, token.expires_at, mark, now) {
            self.revoke_sessions(now, None);
            self.internal.denylist.clear();
        }
    }

    /// Ends the lock and forgets all wrong answers: what the guide's SQL does.
    pub fn unlock(&mut self) {
        self.failures = 0;
        self.lock_until = None;
        self.internal.strikes = Strikes::default();
    }

    /// Takes every factor away, with all that belongs to it, and ends all sessions.
    pub fn remove_all_factors(&mut self, now: Timestamp) {
        self.totp = TotpState::default();
        self.phone = PhoneState::default();
        self.backup_method = BackupMethod::None;
        self.recovery = RecoveryState::default();
        self.internal.enrolment_failures = 0;
        self.internal.sms.challenge = None;
        self.revoke_sessions(now, None);
    }

    /// Takes the authenticator app away; recovery codes die with the last factor.
    pub fn remove_totp(&mut self) {
        self.totp = TotpState::default();
        self.internal.enrolment_failures = 0;
        if !self.has_factor() {
            self.recovery = RecoveryState::default();
        }
    }
}
