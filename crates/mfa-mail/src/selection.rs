//! Selection of the events of a decision that notify the user.

use std::time::Duration;

use mfa_core::{Account, EventKind, FactorKind, Outcome, SecurityEvent};

use crate::notice::Notice;

/// Minimum time between two notifications of a lock: an attacker who guesses codes must not fill the mailbox.
pub const LOCK_INTERVAL: Duration = Duration::from_hours(1);

/// Returns the notice of each event that one decision recorded, or `None` if the user is not told of it.
///
/// `before` and `after` are the account before and after the decision. Records in `after` that the user is notified of a lock,
/// so that the next one within [`LOCK_INTERVAL`] has no notice. Events of a request that an erasure overtook have none.
pub fn notices<'a>(
    before: &Account,
    after: &mut Account,
    events: impl Iterator<Item = &'a SecurityEvent> + Clone,
) -> Vec<Option<Notice>> {
    let replaces_apps = events.clone().any(|event| is_enrolment(event, FactorKind::Totp));
    let mut selected = Vec::new();
    for event in events {
        let is_overtaken = after.internal.erased_at.is_some_and(|erased| event.at <= erased);
        let notice = if is_overtaken { None } else { notice(before, after, event, replaces_apps) };
        if notice == Some(Notice::Locked) {
            after.internal.lock_mailed_at = Some(event.at);
        }
        selected.push(notice);
    }
    selected
}

fn is_enrolment(event: &SecurityEvent, factor: FactorKind) -> bool {
    event.kind == EventKind::TotpEnroll
        && event.outcome == Outcome::Success
        && event.method.is_none_or(|method| method == factor)
}

fn notice(before: &Account, after: &Account, event: &SecurityEvent, replaces_apps: bool) -> Option<Notice> {
    if event.kind == EventKind::AccountLocked {
        return is_new_lock(after, event).then_some(Notice::Locked);
    }
    if event.outcome != Outcome::Success {
        return None;
    }
    let first_or = |notice| if before.has_factor() { notice } else { Notice::Enrolled };
    match event.kind {
        EventKind::TotpEnroll if after.totp_apps().count() > before.totp_apps().count() => {
            Some(first_or(Notice::AppAdded))
        }
        EventKind::TotpEnroll => Some(first_or(Notice::AppReplaced)),
        // The notification of the new app covers the apps that it replaced.
        EventKind::AuthenticatorRemove if replaces_apps && event.method == Some(FactorKind::Totp) => None,
        EventKind::PasskeyRegister => Some(first_or(Notice::PasskeyAdded)),
        // A number alone is no factor: it becomes one as the backup method.
        EventKind::PhoneVerify if after.has_factor() => Some(first_or(Notice::PhoneSet)),
        EventKind::PhoneVerify => Some(Notice::PhoneSet),
        EventKind::AuthenticatorRemove => Some(removed(event.method)),
        EventKind::TotpDisable => Some(Notice::AppRemoved),
        EventKind::PhoneRemove => Some(Notice::PhoneRemoved),
        EventKind::BackupSet => Some(Notice::BackupChanged),
        EventKind::RecoveryRegenerate => Some(Notice::CodesRegenerated),
        EventKind::RecoveryUse => Some(Notice::RecoveryUsed),
        EventKind::AccessPassUse => Some(Notice::AccessPassUsed),
        EventKind::AdminReset => Some(Notice::AdminReset),
        EventKind::AdminUnlock => Some(Notice::AdminUnlocked),
        EventKind::AdminEnforce => Some(requirement(before, after)),
        EventKind::AdminRecovery => Some(Notice::AdminCodes),
        EventKind::AdminAuthenticatorRemove => Some(Notice::AdminAuthenticatorRemoved),
        EventKind::AdminPassword => Some(Notice::AdminPassword),
        EventKind::AdminSuperuser => Some(rights(before, after)),
        EventKind::AdminRole => Some(role(event)),
        EventKind::AdminAccessPass => Some(Notice::AdminAccessPass),
        EventKind::AdminToken => Some(Notice::AdminToken),
        EventKind::AdminRevokeAll => Some(Notice::AdminSessionsEnded),
        EventKind::AdminImport => Some(Notice::AdminImported),
        EventKind::AdminExport => Some(Notice::AdminExported),
        // A number or an app that awaits its confirmation, and names, protect nothing yet.
        EventKind::PhoneSet
        | EventKind::TotpEnrollStart
        | EventKind::AuthenticatorRename
        | EventKind::AdminAuthenticatorRename
        // Verifications, and what follows from them.
        | EventKind::Login
        | EventKind::TotpVerify
        | EventKind::PasskeyVerify
        | EventKind::SmsVerify
        | EventKind::SmsSend
        | EventKind::AccountUnlocked
        | EventKind::TokenRevoked
        // Suspicions and denied calls: their place is the log of the operator. The lock that follows has its mail.
        | EventKind::OtpReplay
        | EventKind::PasskeyCloneSuspected
        | EventKind::PasskeyBackupChanged
        | EventKind::AccountLocked
        | EventKind::LockedCall
        | EventKind::GuessingSuspected
        | EventKind::FailuresRising
        | EventKind::TokenRefused
        | EventKind::RateLimited
        | EventKind::DecryptFail
        | EventKind::AdminRefused
        // Another program of the operator, found at the next decision: nobody knows who did it and when.
        | EventKind::ForeignChange
        // A new user has no factor. After an erasure, nothing about the user is stored, not even a mail.
        | EventKind::AdminUserCreate
        | EventKind::AdminErase
        | EventKind::ActorErase
        // Nothing is changed.
        | EventKind::AdminMigrate
        | EventKind::AdminList
        | EventKind::AdminShow
        | EventKind::AdminEvents
        | EventKind::AdminStats
        | EventKind::AdminAuditVerify
        | EventKind::AdminAuditExport
        | EventKind::AdminKeysRotate => None,
    }
}

/// Returns the notice of a changed requirement. One mail tells one change: of two at once, it says that there are several.
fn requirement(before: &Account, after: &Account) -> Notice {
    let factor = (before.mfa_enforced, after.mfa_enforced);
    let passkey = (before.internal.phishing_resistant_required, after.internal.phishing_resistant_required);
    match (factor, passkey) {
        ((false, true), (old, new)) if old == new => Notice::AdminFactorRequired,
        ((true, false), (old, new)) if old == new => Notice::AdminFactorReleased,
        ((old, new), (false, true)) if old == new => Notice::AdminPasskeyRequired,
        ((old, new), (true, false)) if old == new => Notice::AdminPasskeyReleased,
        _ => Notice::AdminEnforced,
    }
}

const fn rights(before: &Account, after: &Account) -> Notice {
    match (before.is_superuser, after.is_superuser) {
        (false, true) => Notice::AdminRightsGranted,
        (true, false) => Notice::AdminRightsRevoked,
        _ => Notice::AdminRights,
    }
}

/// Returns the notice of a changed role, which the reason of the event names.
fn role(event: &SecurityEvent) -> Notice {
    let noted = event.reason.as_deref().and_then(|it| it.split(':').next());
    match noted {
        Some("role=helpdesk") => Notice::AdminHelpdeskGranted,
        Some("role=none") => Notice::AdminHelpdeskRevoked,
        _ => Notice::AdminRights,
    }
}

fn removed(method: Option<FactorKind>) -> Notice {
    match method {
        Some(FactorKind::Passkey) => Notice::PasskeyRemoved,
        Some(FactorKind::Sms) => Notice::PhoneRemoved,
        Some(FactorKind::Totp | FactorKind::Recovery) | None => Notice::AppRemoved,
    }
}

fn is_new_lock(account: &Account, event: &SecurityEvent) -> bool {
    let last = account.internal.lock_mailed_at;
    // A time after this event is one of a clock that was wrong.
    last.is_none_or(|last| event.at < last || event.at.since(last) >= LOCK_INTERVAL)
}

#[cfg(test)]
mod tests;
