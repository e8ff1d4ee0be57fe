//! Account: all multi-factor state of one user.

mod access_pass;
mod administration;
mod authenticator_column;
mod denylist;
mod internal;
mod passkeys;
mod step_up;
mod totp;

use std::collections::BTreeMap;
use std::fmt;

use crate::{
    AuthenticatedToken, EventKind, FactorKind, Lock, Origin, Outcome, SealContext, Sealed, SealedColumn,
    SecretText, SecurityEvent, Timestamp, TokenId, TokenSubject, UserId,
};

pub use access_pass::{AccessPass, PassEnrolment};
pub use authenticator_column::{AddedApp, AuthenticatorColumn, PendingApp};
pub use denylist::{DenylistReason, TokenDenylist};
pub use internal::{
    ChainHead, EarlyCode, ExemptToken, ForeignChanges, ImportLock, InternalState, SmsChallenge, SmsPurpose,
    SmsState, Strikes,
};
pub use passkeys::{AuthenticatorUse, Passkey, PasskeyState};
pub use step_up::StepUpFailures;
pub(crate) use step_up::StepUpLimit;
pub use totp::{
    PendingTotp, TotpAlgorithm, TotpApp, TotpAppRef, TotpDigits, TotpEntry, TotpParameters, TotpPeriod,
    TotpState,
};

/// All multi-factor state of one user.
///
/// An adapter loads it from one row. Pure decisions change it. The adapter stores it together with the events that
/// the decisions recorded, in one atomic step. Secrets in it are [`Sealed`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// ID of the user.
    pub user: UserId,
    /// E-mail address, for the label in the authenticator app and the `email` claim of tokens.
    pub email: String,
    /// User name for the login.
    pub username: String,
    /// Whether the user may log in.
    pub is_active: bool,
    /// Whether the user is an administrator.
    pub is_superuser: bool,
    /// Whether MFA is required for the user.
    pub mfa_enforced: bool,
    /// Authenticator apps (TOTP).
    pub totp: TotpState,
    /// Phone number.
    pub phone: PhoneState,
    /// Backup method besides the authenticator app.
    pub backup_method: BackupMethod,
    /// Recovery codes.
    pub recovery: RecoveryState,
    /// Passkeys and security keys.
    pub passkeys: PasskeyState,
    /// Names that the user gave to authenticator apps and the phone, by their ID.
    pub names: BTreeMap<String, String>,
    /// Objects of the column `mfa_authenticators` that another version wrote, preserved unchanged.
    pub other_authenticators: Vec<serde_json::Value>,
    /// Number of consecutive failed verifications, over all factors.
    pub failures: u32,
    /// End of the latest lock.
    pub lock_until: Option<Timestamp>,
    /// Time of the latest successful verification of a second factor.
    pub last_success_at: Option<Timestamp>,
    /// Factor of the latest successful verification.
    pub last_method: Option<FactorKind>,
    /// Version number of the row, for optimistic locking. Only adapters change it.
    pub version: i64,
    /// State that only this service reads.
    pub internal: InternalState,
    /// Events recorded by decisions on this copy. They are stored with it, and then the list is empty.
    pub events: Vec<SecurityEvent>,
}

/// Phone number of an account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PhoneState {
    /// Active number, sealed.
    pub number: Option<Sealed>,
    /// New number that is not confirmed, sealed.
    pub pending: Option<Sealed>,
    /// Whether the user confirmed the active number with a code.
    pub is_verified: bool,
    /// Time of the confirmation.
    pub verified_at: Option<Timestamp>,
}

/// Backup method besides the authenticator app.
///
/// Exhaustive, so that each method has a response and a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BackupMethod {
    /// Recovery codes only.
    #[default]
    None,
    /// SMS codes to the verified number.
    Sms,
}

impl BackupMethod {
    /// Returns the name used in responses and in the database column.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Sms => "sms",
        }
    }
}

/// Recovery codes of an account, as hashes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecoveryState {
    /// Codes of the current set, including used ones.
    pub codes: Vec<RecoveryCode>,
    /// Time when the set was generated.
    pub generated_at: Option<Timestamp>,
    /// Stored set of another program that is not readable as codes. No code matches it. It is preserved unchanged until
    /// a new set replaces it, because an import may still read it.
    pub unreadable: Option<SecretText>,
}

/// Stored recovery code. `Debug` shows only its number and when it was used.
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct RecoveryCode {
    /// Number of the code in its set.
    pub id: String,
    /// Slow hash of the code: Argon2id, or bcrypt in an imported set. Never the code itself.
    pub digest: String,
    /// ID of the tag's key. Absent in an imported set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag_key: Option<String>,
    /// First 16 bits of a keyed digest of the code, in lower-case hexadecimal. They select the one hash to compare
    /// with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// Time when the code was used.
    pub used_at: Option<Timestamp>,
    /// Fields written by other versions, preserved unchanged.
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
    /// Returns whether there is no set at all. A set that is not readable exists, and matches no code.
    pub const fn is_absent(&self) -> bool {
        self.codes.is_empty() && self.unreadable.is_none()
    }

    /// Returns the number of unused codes.
    pub fn left(&self) -> usize {
        self.codes.iter().filter(|code| code.used_at.is_none()).count()
    }
}

impl Account {
    /// Creates the account of a new user: no factor, no failures.
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
            passkeys: PasskeyState::default(),
            names: BTreeMap::new(),
            other_authenticators: Vec::new(),
            failures: 0,
            lock_until: None,
            last_success_at: None,
            last_method: None,
            version: 0,
            internal: InternalState::default(),
            events: Vec::new(),
        }
    }

    /// Returns whether an authenticator app is an active factor.
    pub const fn has_totp(&self) -> bool {
        self.totp.enabled && self.totp.secret.is_some()
    }

    /// Returns whether SMS is an active factor.
    pub fn has_sms(&self) -> bool {
        self.phone.is_verified && self.phone.number.is_some() && self.backup_method == BackupMethod::Sms
    }

    /// Returns whether a passkey is an active factor.
    pub const fn has_passkey(&self) -> bool {
        !self.passkeys.keys.is_empty()
    }

    /// Returns whether the account has a second factor. Recovery codes alone do not count.
    pub fn has_factor(&self) -> bool {
        self.has_totp() || self.has_sms() || self.has_passkey()
    }

    /// Returns whether a login must verify a second factor, or enrol one.
    pub fn needs_second_factor(&self) -> bool {
        self.has_factor() || self.mfa_enforced
    }

    /// Returns whether the lock in force at `now` is one of the lockout policy that ends by itself. A lock that an operator
    /// set, or that only an administrator ends, is none.
    pub fn is_policy_lock(&self, now: Timestamp) -> bool {
        matches!(self.lock(now), Some(Lock::Until(_))) && self.internal.policy_lock_until == self.lock_until
    }

    /// Returns the lock in force at `now`.
    pub fn lock(&self, now: Timestamp) -> Option<Lock> {
        Lock::in_force(self.lock_until, now)
    }

    /// Returns the subject of a token issued now.
    pub fn subject(&self) -> TokenSubject {
        TokenSubject {
            user: self.user,
            email: self.email.clone(),
            is_superuser: self.is_superuser,
            session: self.internal.session,
        }
    }

    /// Returns the associated data for a value sealed in this row.
    pub const fn seal_context(&self, column: SealedColumn) -> SealContext {
        SealContext { user: self.user, column }
    }

    /// Records an event, to be stored with the account.
    ///
    /// The event of a request that an erasure overtook is recorded without address and user agent.
    pub fn record(&mut self, mut event: SecurityEvent) {
        let is_overtaken = self.internal.erased_at.is_some_and(|erased| event.at <= erased);
        if is_overtaken && event.actor.is_none() {
            event.origin = event.origin.without_client();
        }
        self.events.push(event);
    }

    /// Records an event of a request with this token that took long, such as a call of another service, and may have been
    /// overtaken by an erasure.
    pub fn record_late(&mut self, token: &AuthenticatedToken, mut event: SecurityEvent) {
        if self.internal.erased_at.is_some_and(|erased| token.issued_at <= erased) {
            event.origin = event.origin.without_client();
        }
        self.record(event);
    }

    /// Records an event for each change of a factor that another program made since the last decision.
    ///
    /// An adapter calls it before each decision.
    pub fn record_foreign_changes(&mut self) {
        let ForeignChanges { totp, sms, recovery } = std::mem::take(&mut self.internal.foreign_changes);
        let changes = [(FactorKind::Totp, totp), (FactorKind::Sms, sms), (FactorKind::Recovery, recovery)];
        let mut changes: Vec<_> = changes.into_iter().filter_map(|(kind, at)| Some((at?, kind))).collect();
        changes.sort_by_key(|(at, _)| *at);
        for (at, kind) in changes {
            let event = SecurityEvent::new(EventKind::ForeignChange, Outcome::Success, at, Origin::default());
            self.record(event.with_method(kind));
        }
    }

    /// Continues the event chain after the last stored event, which this row does not know: another program deleted the
    /// user and inserted it again, or restored an old row.
    ///
    /// Ends all sessions: tokens of the earlier row must not fit this one. What the row says about factors may be old: its
    /// recovery codes match nothing any more, no code up to `at` is accepted, and the account is locked until an
    /// administrator has decided. A row without any factor, such as that of a user created again, is not locked. An adapter
    /// calls it before a decision.
    pub fn continue_chain(&mut self, head: ChainHead, at: Timestamp) {
        self.internal.inserted = false;
        if head.seq <= self.internal.chain.seq {
            return;
        }
        // A copy may have a pass that was used since.
        (self.internal.access_pass, self.internal.pass_enrolment) = (None, None);
        self.internal.chain = head;
        self.internal.session = self.internal.session.max(u64::try_from(at.seconds()).unwrap_or_default());
        self.revoke_sessions(at, None);
        let is_blank = self.totp == TotpState::default()
            && self.phone == PhoneState::default()
            && !self.has_passkey()
            && self.recovery.is_absent()
            && self.failures == 0
            && self.lock_until.is_none();
        if !is_blank {
            self.recovery = RecoveryState::default();
            self.totp.pending = None;
            self.spend_totp_steps(at);
            self.lock_until = Some(Lock::UntilAdministrator.end());
        }
        self.record(SecurityEvent::new(EventKind::ForeignChange, Outcome::Success, at, Origin::default()));
    }

    /// Revokes every session: all tokens issued so far are rejected, except `exempt_token`.
    ///
    /// Pass `exempt_token` if the response carries no new token for the caller.
    pub fn revoke_sessions(&mut self, now: Timestamp, exempt_token: Option<&AuthenticatedToken>) {
        self.internal.session = self.internal.session.saturating_add(1);
        self.internal.sessions_revoked_at = Some(now);
        self.internal.denylist.drop_expired(now);
        self.internal.step_up_failures.retain_only(exempt_token.map(|token| &token.id));
        self.internal.exempt_token =
            exempt_token.map(|token| ExemptToken { token: token.id, expires_at: token.expires_at });
    }

    /// Adds the token to the denylist until it expires.
    ///
    /// If the denylist is full, all sessions are revoked instead, so that no entry is lost.
    pub fn deny_token(&mut self, token: &AuthenticatedToken, mark: DenylistReason, now: Timestamp) {
        if self.internal.exempt_token.as_ref().is_some_and(|it| it.token == token.id) {
            self.internal.exempt_token = None;
        }
        if !self.internal.denylist.insert(token.id, token.expires_at, mark, now) {
            self.revoke_sessions(now, None);
            self.internal.denylist.clear();
        }
    }

    /// Adds the token of another session of the user to the denylist until it expires.
    ///
    /// If the denylist is full, all sessions but the caller's are revoked instead.
    pub fn end_session(&mut self, token: &AuthenticatedToken, caller: &AuthenticatedToken, now: Timestamp) {
        let before = self.internal.session;
        self.deny_token(token, DenylistReason::Revoked, now);
        if self.internal.session != before && token.id != caller.id {
            self.internal.exempt_token =
                Some(ExemptToken { token: caller.id, expires_at: caller.expires_at });
        }
    }

    /// Marks the challenge of an accepted assertion as used until it expires.
    ///
    /// If the denylist is full, all sessions are revoked instead, so that no entry is lost.
    pub fn spend_challenge(&mut self, challenge: TokenId, expires_at: Timestamp, now: Timestamp) {
        if !self.internal.denylist.insert(challenge, expires_at, DenylistReason::Spent, now) {
            self.revoke_sessions(now, None);
            self.internal.denylist.clear();
        }
    }

    /// Ends the lock and clears all failures and strikes, like the SQL in the administrator's guide.
    pub fn unlock(&mut self) {
        self.failures = 0;
        self.lock_until = None;
        self.internal.strikes = Strikes::default();
        self.internal.import_lock = None;
        self.internal.policy_lock_until = None;
    }

    /// Ends the lock and clears the consecutive failures. The strikes stay, so that a guesser meets a longer lock each time.
    pub const fn end_lock(&mut self) {
        self.failures = 0;
        self.lock_until = None;
        self.internal.policy_lock_until = None;
    }

    /// Locks until an administrator unlocks, because an import could not read the only factor.
    ///
    /// [`end_import_lock`](Self::end_import_lock) restores the earlier lock.
    pub fn lock_for_import(&mut self) {
        if self.lock_until.is_some_and(|end| end >= Timestamp::FAR_FUTURE) {
            return;
        }
        self.internal.import_lock = Some(ImportLock { failures: self.failures, before: self.lock_until });
        self.lock_until = Some(Lock::UntilAdministrator.end());
    }

    /// Ends the lock that [`lock_for_import`](Self::lock_for_import) set, and no other. Returns whether there was one.
    pub fn end_import_lock(&mut self) -> bool {
        let Some(lock) = self.internal.import_lock.take() else { return false };
        // After an unlock by SQL, a later lock has another cause.
        let is_in_force = self.lock_until.is_some_and(|end| end >= Timestamp::FAR_FUTURE);
        let is_own = is_in_force && self.failures == lock.failures;
        if is_own {
            self.lock_until = lock.before;
        }
        is_own
    }

    /// Removes every factor with its recovery codes, pending enrolments and an access pass, and revokes all sessions.
    pub fn remove_all_factors(&mut self, now: Timestamp) {
        self.totp = TotpState::default();
        self.phone = PhoneState::default();
        self.backup_method = BackupMethod::None;
        self.recovery = RecoveryState::default();
        self.passkeys = PasskeyState::default();
        self.names.clear();
        self.other_authenticators.clear();
        self.internal.authenticators.clear();
        self.internal.enrolment_failures = 0;
        self.internal.sms.challenge = None;
        (self.internal.access_pass, self.internal.pass_enrolment) = (None, None);
        self.revoke_sessions(now, None);
    }

    /// Erases everything about the user but the identity and whether MFA or a phishing-resistant factor is required: factors,
    /// pending enrolments, counts, and the state of tokens and sessions. All tokens are revoked.
    pub fn erase(&mut self, now: Timestamp) {
        self.remove_all_factors(now);
        self.unlock();
        (self.last_success_at, self.last_method) = (None, None);
        let before = std::mem::take(&mut self.internal);
        self.internal = InternalState {
            session: before.session,
            sessions_revoked_at: before.sessions_revoked_at,
            pending_tokens_spent_until: before.pending_tokens_spent_until.max(Some(now)),
            chain: before.chain,
            erased_at: Some(now),
            phishing_resistant_required: before.phishing_resistant_required,
            rest: before.rest,
            ..InternalState::default()
        };
    }

    /// Removes a passkey and returns it. If it was the last factor, the recovery codes are removed too.
    pub fn remove_passkey(&mut self, id: &str) -> Option<Passkey> {
        let index = self.passkeys.keys.iter().position(|key| key.id == id)?;
        let removed = self.passkeys.keys.remove(index);
        if !self.has_passkey() {
            self.passkeys = PasskeyState::default();
        }
        self.forget_authenticator(id);
        Some(removed)
    }

    /// Removes the name and the use of a removed authenticator. If it was the last factor, the recovery codes are removed
    /// too.
    pub fn forget_authenticator(&mut self, id: &str) {
        self.names.remove(id);
        self.internal.authenticators.remove(id);
        if !self.has_factor() {
            self.recovery = RecoveryState::default();
        }
    }
}
