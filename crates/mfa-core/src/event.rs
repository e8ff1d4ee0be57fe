//! Security events: what is written to the audit table and told in the log.

use std::net::IpAddr;

use crate::{FactorKind, Timestamp, UserId};

macro_rules! event_kinds {
    ($($(#[doc = $doc:literal])+ $variant:ident = $name:literal,)+) => {
        /// What happened. The names are a contract with whoever reads the log and the table.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum EventKind { $($(#[doc = $doc])+ $variant,)+ }

        impl EventKind {
            /// Every kind of event.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The name in the log and in the table.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }
        }
    };
}

event_kinds! {
    /// A first factor was checked by the server's own login.
    Login = "login",
    /// A new TOTP secret waits for its confirmation.
    TotpEnrollStart = "totp_enroll_start",
    /// A new TOTP secret was confirmed, or a confirmation failed.
    TotpEnroll = "totp_enroll",
    /// A TOTP code was checked.
    TotpVerify = "totp_verify",
    /// A TOTP code that was used before came again.
    OtpReplay = "otp_replay",
    /// TOTP was switched off, or the code for it was wrong.
    TotpDisable = "totp_disable",
    /// A recovery code was checked.
    RecoveryUse = "recovery_use",
    /// A new set of recovery codes was made; every older code is dead.
    RecoveryRegenerate = "recovery_regenerate",
    /// A code by SMS was sent, or may have been.
    SmsSend = "sms_send",
    /// A code by SMS was checked.
    SmsVerify = "sms_verify",
    /// A new phone number waits for its confirmation.
    PhoneSet = "phone_set",
    /// A new phone number was confirmed, or a confirmation failed.
    PhoneVerify = "phone_verify",
    /// The phone was taken off the account.
    PhoneRemove = "phone_remove",
    /// What stands in for the app was changed.
    BackupSet = "backup_set",
    /// Wrong answers have locked the account.
    AccountLocked = "account_locked",
    /// A call met a locked account.
    LockedCall = "locked_call",
    /// Wrong answers have piled up over days, whatever the owner did in between.
    GuessingSuspected = "guessing_suspected",
    /// Wrong answers over all accounts have risen suddenly.
    FailuresRising = "failures_rising",
    /// A token is refused from now on.
    TokenRevoked = "token_revoked",
    /// A token that is not genuine, spent, revoked or of the wrong stage was presented.
    TokenRefused = "token_refused",
    /// A limit was hit.
    RateLimited = "rate_limited",
    /// A sealed value could not be unsealed.
    DecryptFail = "crypt_decrypt_fail",
    /// An administrator made a user.
    AdminUserCreate = "admin_user_create",
    /// An administrator unlocked an account.
    AdminUnlock = "admin_unlock",
    /// An administrator took all factors off an account.
    AdminReset = "admin_reset",
    /// An administrator changed whether an account must have a second factor.
    AdminEnforce = "admin_enforce",
    /// An administrator had a token minted.
    AdminToken = "admin_token",
    /// An administrator had a new set of recovery codes made.
    AdminRecovery = "admin_recovery_regenerate",
    /// An administrator erased what is kept of a user.
    AdminErase = "admin_erase",
    /// An administrator changed the schema.
    AdminMigrate = "admin_migrate",
    /// An administrator ended all sessions of an account.
    AdminRevokeAll = "admin_revoke_all",
    /// An administrator read a list of users.
    AdminList = "admin_list",
    /// An administrator looked at an account.
    AdminShow = "admin_show",
    /// An administrator read events.
    AdminEvents = "admin_events",
    /// An administrator read the statistics.
    AdminStats = "admin_stats",
    /// An administrator had the audit trail verified.
    AdminAuditVerify = "admin_audit_verify",
    /// An administrator had events exported.
    AdminAuditExport = "admin_audit_export",
    /// Somebody who is no administrator asked for what only administrators get.
    AdminRefused = "admin_refused",
    /// An administrator had everything sealed anew with the key in use.
    AdminKeysRotate = "admin_keys_rotate",
    /// An administrator took factors over from another system.
    AdminImport = "admin_import",
    /// An administrator took the secret of an authenticator app out, for another system.
    AdminExport = "admin_export",
}

impl EventKind {
    /// The kind of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == name)
    }
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// It was done.
    Success,
    /// It was tried and was wrong.
    Failure,
    /// It was not tried.
    Refused,
}

impl Outcome {
    /// The name in the log and in the table.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure => "failure",
            Self::Refused => "refused",
        }
    }

    /// The outcome of that name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Success, Self::Failure, Self::Refused].into_iter().find(|it| it.as_str() == name)
    }
}

/// Where a call came from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    ip: Option<IpAddr>,
    user_agent: Option<String>,
    request_id: Option<String>,
}

impl Origin {
    /// Longest user agent or request id that is kept, in characters.
    const MAX_CHARS: usize = 256;

    /// Of a call over the network. Long texts are cut; NUL, which no text column holds, becomes U+FFFD.
    pub fn new(ip: Option<IpAddr>, user_agent: Option<&str>, request_id: Option<&str>) -> Self {
        let keep = |text: &str| text.chars().take(Self::MAX_CHARS).map(storable).collect();
        Self { ip, user_agent: user_agent.map(keep), request_id: request_id.map(keep) }
    }

    /// The client's address.
    pub const fn ip(&self) -> Option<IpAddr> {
        self.ip
    }

    /// The client's `User-Agent`.
    pub fn user_agent(&self) -> Option<&str> {
        self.user_agent.as_deref()
    }

    /// The id of the request.
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }
}

fn storable(c: char) -> char {
    if c == '\0' { char::REPLACEMENT_CHARACTER } else { c }
}

/// One security event of one user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecurityEvent {
    /// What happened.
    pub kind: EventKind,
    /// With which factor.
    pub method: Option<FactorKind>,
    /// How it ended.
    pub outcome: Outcome,
    /// When.
    pub at: Timestamp,
    /// From where.
    pub origin: Origin,
    /// Which administrator did it, where one did.
    pub actor: Option<String>,
    /// Why, in the administrator's words.
    pub reason: Option<String>,
}

impl SecurityEvent {
    /// An event without a factor and without an administrator.
    pub fn new(kind: EventKind, outcome: Outcome, at: Timestamp, origin: Origin) -> Self {
        Self { kind, method: None, outcome, at, origin, actor: None, reason: None }
    }

    /// The same, with this factor.
    #[must_use]
    pub fn with_method(self, method: FactorKind) -> Self {
        Self { method: Some(method), ..self }
    }

    /// The same, done by this administrator. Texts are cut and cleaned as those of [`Origin`].
    #[must_use]
    pub fn with_actor(self, actor: &str, reason: Option<&str>) -> Self {
        let keep = |text: &str| text.chars().take(Origin::MAX_CHARS).map(storable).collect();
        Self { actor: Some(keep(actor)), reason: reason.map(keep), ..self }
    }
}

/// An event on its way to the log.
#[derive(Clone, Copy, Debug)]
pub struct LoggedEvent<'a> {
    /// Whose it is, where that is known.
    pub user: Option<UserId>,
    /// The event.
    pub event: &'a SecurityEvent,
    /// Its number and MAC in the user's chain, where it was stored.
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
