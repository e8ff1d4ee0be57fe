//! Names of authenticators: what a user may choose, defaults, and the text that names one in an event.

use mfa_core::{Account, FactorKind, compose_login};

use crate::error::FlowError;

/// ID of the phone as an authenticator.
pub(crate) const SMS_ID: &str = "sms";

/// Maximum length of a name, in characters.
pub const MAX_NAME_CHARS: usize = 64;

/// Returns the text that names an authenticator in an event.
pub(crate) fn label_of(name: &str, id: &str) -> String {
    format!("{name} ({id})")
}

/// Returns the default name: the kind and a number.
pub(crate) fn numbered(kind: FactorKind, number: usize) -> String {
    let kind = match kind {
        FactorKind::Passkey => "Passkey",
        FactorKind::Totp => "Authenticator app",
        FactorKind::Sms => "Phone",
        FactorKind::Recovery => "Recovery code",
    };
    format!("{kind} {number}")
}

/// Returns the name of a new authenticator for which the user gave none: its kind and the first free number.
pub(crate) fn default_name(account: &Account, kind: FactorKind) -> String {
    let is_free = |name: &String| check_name(account, "", name).is_ok();
    (1..=1000).map(|number| numbered(kind, number)).find(is_free).unwrap_or_default()
}

/// Returns a name in the one form in which it is stored and compared: without blanks at the ends, in NFC (Unicode annex 15).
pub(crate) fn normalized_name(name: &str) -> String {
    compose_login(name.trim())
}

/// Checks a name for the authenticator with this ID.
pub(crate) fn check_name(account: &Account, id: &str, name: &str) -> Result<(), FlowError> {
    // Direction overrides show another text than the one that is stored; zero-width characters make two names look alike.
    let is_misleading =
        |c| matches!(c, '\u{200b}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
    // Joiners and direction marks belong to some scripts, and show nothing alone.
    let is_visible = |c: char| !c.is_whitespace() && !matches!(c, '\u{ad}' | '\u{200c}'..='\u{200f}');
    let is_usable = (1..=MAX_NAME_CHARS).contains(&name.chars().count())
        && name.trim() == name
        && name.chars().any(is_visible)
        && !name.chars().any(|c| c.is_control() || is_misleading(c));
    if !is_usable {
        return Err(FlowError::InvalidName);
    }
    let keys = account.passkeys.keys.iter().map(|key| (key.id.as_str(), key.name.clone()));
    let apps = account.totp_apps().map(|app| (app.id, totp_name(account, app.id)));
    let phone = has_phone(account).then(|| (SMS_ID, phone_name(account)));
    let is_taken = keys.chain(apps).chain(phone).any(|(other, taken)| other != id && taken == name);
    if is_taken { Err(FlowError::NameTaken) } else { Ok(()) }
}

/// Returns whether the user has a verified phone.
pub(crate) const fn has_phone(account: &Account) -> bool {
    account.phone.is_verified && account.phone.number.is_some()
}

/// Returns the name of the phone: the one that the user gave, or the kind and a number.
pub(crate) fn phone_name(account: &Account) -> String {
    account.names.get(SMS_ID).cloned().unwrap_or_else(|| numbered(FactorKind::Sms, 1))
}

/// Returns the name of an app: the one that the user gave, or the kind and its number.
pub(crate) fn totp_name(account: &Account, id: &str) -> String {
    let number = account.totp_apps().take_while(|app| app.id != id).count().saturating_add(1);
    account.names.get(id).cloned().unwrap_or_else(|| numbered(FactorKind::Totp, number))
}

/// Adds the name of the newest authenticator of this kind to the event that the decision recorded last.
pub(crate) fn name_newest_in_event(account: &mut Account, kind: FactorKind) {
    let label = match kind {
        FactorKind::Totp => {
            account.totp_apps().last().map(|app| label_of(&totp_name(account, app.id), app.id))
        }
        FactorKind::Passkey => account.passkeys.keys.last().map(|key| label_of(&key.name, &key.id)),
        FactorKind::Sms => phone_label(account),
        FactorKind::Recovery => None,
    };
    if let Some(label) = label {
        name_in_event(account, label);
    }
}

/// Returns the text that names the phone in an event, if there is a verified number.
pub(crate) fn phone_label(account: &Account) -> Option<String> {
    has_phone(account).then(|| label_of(&phone_name(account), SMS_ID))
}

/// Adds the name of the changed authenticator to the event that the decision recorded last.
pub(crate) fn name_in_event(account: &mut Account, label: String) {
    if let Some(event) = account.events.last_mut() {
        event.reason = Some(label);
    }
}
