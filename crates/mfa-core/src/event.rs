//! Security events for the audit table and the log.

use std::net::IpAddr;

use crate::{FactorKind, PreferredLanguage, Timestamp, TokenId, UserId};

macro_rules! event_kinds {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal,)+) => {
        /// Kind of a security event. The names are a contract: operators search the log and the audit table by them.
        ///
        /// Exhaustive, so that log, metrics and export handle each kind.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum EventKind { $($(#[doc = $doc])+ $variant,)+ }

        impl EventKind {
            /// All kinds.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// Returns the name used in the log and in the audit table.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }
        }
    };
}

event_kinds! {
    /// A password was verified by the server's own login.
    Login = "login",
    /// A TOTP enrolment was started.
    TotpEnrollStart = "totp_enroll_start",
    /// A TOTP enrolment was confirmed, or its confirmation failed.
    TotpEnroll = "totp_enroll",
    /// A TOTP code was verified.
    TotpVerify = "totp_verify",
    /// A used TOTP code was submitted again.
    OtpReplay = "otp_replay",
    /// TOTP was disabled, or the code for it was wrong.
    TotpDisable = "totp_disable",
    /// A recovery code was verified.
    RecoveryUse = "recovery_use",
    /// A new set of recovery codes was generated. All older codes are invalid.
    RecoveryRegenerate = "recovery_regenerate",
    /// An access pass was exchanged for an enrolment token, or was wrong.
    AccessPassUse = "access_pass_use",
    /// A passkey was registered, or its registration failed.
    PasskeyRegister = "passkey_register",
    /// A passkey was verified.
    PasskeyVerify = "passkey_verify",
    /// The signature counter of a passkey went back: it may be cloned.
    PasskeyCloneSuspected = "passkey_clone_suspected",
    /// The backup-eligible flag of a passkey changed.
    PasskeyBackupChanged = "passkey_backup_changed",
    /// An authenticator was renamed.
    AuthenticatorRename = "authenticator_rename",
    /// An authenticator was removed.
    AuthenticatorRemove = "authenticator_remove",
    /// An SMS code was sent, or may have been sent.
    SmsSend = "sms_send",
    /// An SMS code was verified.
    SmsVerify = "sms_verify",
    /// A new phone number was set and awaits confirmation.
    PhoneSet = "phone_set",
    /// A new phone number was confirmed, or its confirmation failed.
    PhoneVerify = "phone_verify",
    /// The phone number was removed.
    PhoneRemove = "phone_remove",
    /// The backup method was changed.
    BackupSet = "backup_set",
    /// The account was locked after too many failures.
    AccountLocked = "account_locked",
    /// A correct recovery code ended a lock that began while the code was being checked.
    AccountUnlocked = "account_unlocked",
    /// A request was made for a locked account.
    LockedCall = "locked_call",
    /// An account reached 20 strikes, which suggests that somebody guesses codes over days.
    GuessingSuspected = "guessing_suspected",
    /// Failures over all accounts increased suddenly.
    FailuresRising = "failures_rising",
    /// Another program changed a factor in the database.
    ForeignChange = "foreign_change",
    /// A token was revoked.
    TokenRevoked = "token_revoked",
    /// An invalid, spent or revoked token, or one of the wrong stage, was presented.
    TokenRefused = "token_refused",
    /// A rate limit was exceeded.
    RateLimited = "rate_limited",
    /// A sealed value could not be decrypted.
    DecryptFail = "crypt_decrypt_fail",
    /// An administrator created a user.
    AdminUserCreate = "admin_user_create",
    /// An administrator unlocked an account.
    AdminUnlock = "admin_unlock",
    /// An administrator removed all factors of an account.
    AdminReset = "admin_reset",
    /// An administrator changed whether MFA is required for a user.
    AdminEnforce = "admin_enforce",
    /// An administrator replaced the password of a user.
    AdminPassword = "admin_password",
    /// An administrator granted or revoked administrator rights.
    AdminSuperuser = "admin_superuser",
    /// An administrator granted or revoked a role.
    AdminRole = "admin_role",
    /// An administrator or the helpdesk issued an access pass.
    AdminAccessPass = "admin_access_pass",
    /// An administrator issued a token.
    AdminToken = "admin_token",
    /// An administrator generated a new set of recovery codes.
    AdminRecovery = "admin_recovery_regenerate",
    /// An administrator renamed an authenticator of a user.
    AdminAuthenticatorRename = "admin_authenticator_rename",
    /// An administrator removed an authenticator of a user.
    AdminAuthenticatorRemove = "admin_authenticator_remove",
    /// An administrator erased the personal data in a user's events.
    AdminErase = "admin_erase",
    /// The personal data of an erased administrator was removed from this user's events.
    ActorErase = "actor_erase",
    /// An administrator migrated the database schema.
    AdminMigrate = "admin_migrate",
    /// An administrator revoked all sessions of a user.
    AdminRevokeAll = "admin_revoke_all",
    /// An administrator listed users.
    AdminList = "admin_list",
    /// An administrator viewed a user.
    AdminShow = "admin_show",
    /// An administrator listed events.
    AdminEvents = "admin_events",
    /// An administrator viewed the statistics.
    AdminStats = "admin_stats",
    /// An administrator verified the audit log.
    AdminAuditVerify = "admin_audit_verify",
    /// An administrator exported the audit log.
    AdminAuditExport = "admin_audit_export",
    /// A user who is not an administrator called an administrator's endpoint.
    AdminRefused = "admin_refused",
    /// An administrator re-encrypted all sealed values with the primary key.
    AdminKeysRotate = "admin_keys_rotate",
    /// An administrator imported authenticators from another system.
    AdminImport = "admin_import",
    /// An administrator exported the secret of an authenticator app.
    AdminExport = "admin_export",
}

impl EventKind {
    /// Returns the kind with this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == name)
    }
}

/// Outcome of the recorded action.
///
/// Exhaustive, so that a new outcome fails to compile wherever it is not handled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The action succeeded.
    Success,
    /// The action failed, for example because a code was wrong.
    Failure,
    /// The action was denied before it was attempted.
    Refused,
}

impl Outcome {
    /// Returns the name used in the log and in the audit table.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure => "failure",
            Self::Refused => "refused",
        }
    }

    /// Returns the outcome with this name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Success, Self::Failure, Self::Refused].into_iter().find(|it| it.as_str() == name)
    }
}

/// Origin of a request: client address, user agent, request ID and language.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    ip: Option<IpAddr>,
    user_agent: Option<String>,
    request_id: Option<String>,
    language: Option<PreferredLanguage>,
}

/// Returns the actor of an event that an administrator with an account causes.
pub fn user_actor(user: UserId, username: &str) -> String {
    format!("{}{username})", user_actor_prefix(user))
}

/// Returns the start of every [`user_actor`] of this user, whatever the user name was at the time.
pub fn user_actor_prefix(user: UserId) -> String {
    format!("user:{user} (")
}

impl Origin {
    /// Returns the origin without personal data.
    pub(crate) fn without_client(&self) -> Self {
        Self { ip: None, user_agent: None, request_id: self.request_id.clone(), language: None }
    }

    /// Maximum length of a stored text, in characters.
    const MAX_CHARS: usize = 256;

    /// Creates the origin of a network request.
    ///
    /// Texts longer than 256 characters are truncated. NUL, which no text column can hold, becomes U+FFFD.
    pub fn new(ip: Option<IpAddr>, user_agent: Option<&str>, request_id: Option<&str>) -> Self {
        let keep = |text: &str| text.chars().take(Self::MAX_CHARS).map(storable).collect();
        Self { ip, user_agent: user_agent.map(keep), request_id: request_id.map(keep), language: None }
    }

    /// Sets the language of the client. It is not stored with the event: only a message about the event is written in it.
    #[must_use]
    pub fn with_language(self, language: PreferredLanguage) -> Self {
        Self { language: Some(language), ..self }
    }

    /// Returns the client's IP address.
    pub const fn ip(&self) -> Option<IpAddr> {
        self.ip
    }

    /// Returns the client's `User-Agent`.
    pub fn user_agent(&self) -> Option<&str> {
        self.user_agent.as_deref()
    }

    /// Returns the request ID.
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }

    /// Returns the language of the client, if it is known.
    pub const fn language(&self) -> Option<PreferredLanguage> {
        self.language
    }
}

fn storable(c: char) -> char {
    if c == '\0' { char::REPLACEMENT_CHARACTER } else { c }
}

/// Token that an event issued or revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventToken {
    /// ID of the token in the denylist.
    pub id: TokenId,
    /// Session number of the token (`sv`). `None` for a token of the Python backend.
    pub session: Option<u64>,
}

/// One security event of one user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecurityEvent {
    /// Kind of the event.
    pub kind: EventKind,
    /// Factor that was used.
    pub method: Option<FactorKind>,
    /// Outcome of the action.
    pub outcome: Outcome,
    /// Time of the event.
    pub at: Timestamp,
    /// Origin of the request.
    pub origin: Origin,
    /// Administrator who performed the action, if any.
    pub actor: Option<String>,
    /// Reason that the administrator gave.
    pub reason: Option<String>,
    /// Access token with two factors that the action issued, or token that it revoked.
    pub token: Option<EventToken>,
}

impl SecurityEvent {
    /// Creates an event without a factor and without an administrator.
    pub fn new(kind: EventKind, outcome: Outcome, at: Timestamp, origin: Origin) -> Self {
        Self { kind, method: None, outcome, at, origin, actor: None, reason: None, token: None }
    }

    /// Sets the factor.
    #[must_use]
    pub fn with_method(self, method: FactorKind) -> Self {
        Self { method: Some(method), ..self }
    }

    /// Sets the token that the action issued or revoked.
    #[must_use]
    pub fn with_token(self, token: EventToken) -> Self {
        Self { token: Some(token), ..self }
    }

    /// Sets the administrator and the reason. Texts are truncated and cleaned as in [`Origin::new`].
    #[must_use]
    pub fn with_actor(self, actor: &str, reason: Option<&str>) -> Self {
        let keep = |text: &str| text.chars().take(Origin::MAX_CHARS).map(storable).collect();
        Self { actor: Some(keep(actor)), reason: reason.map(keep), ..self }
    }
}

/// Event that is passed to the [`EventSink`](crate::EventSink).
#[derive(Clone, Copy, Debug)]
pub struct LoggedEvent<'a> {
    /// User whose event it is, if known.
    pub user: Option<UserId>,
    /// The event.
    pub event: &'a SecurityEvent,
    /// Number and MAC of the event in the user's chain, if it was stored.
    pub chain: Option<(u64, &'a [u8])>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_its_own_and_reads_back() {
        for kind in EventKind::ALL {
            assert_eq!(EventKind::parse(kind.as_str()), Some(*kind));
        }
    }

    #[test]
    fn long_and_unstorable_texts_are_cut_and_cleaned() {
        let origin = Origin::new(None, Some(&format!("a\0{}", "é".repeat(400))), None);
        let agent = origin.user_agent().unwrap();
        assert!(agent.starts_with("a\u{fffd}é"));
        assert_eq!(agent.chars().count(), 256);
    }
}
