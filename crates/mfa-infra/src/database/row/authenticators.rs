//! The column `mfa_authenticators` of an account.

use mfa_core::{
    Account, AddedApp, AuthenticatorColumn, PasskeyState, PendingApp, TotpApp, TotpEntry, TotpParameters,
    TotpState,
};

/// Returns the text of the column `mfa_authenticators`.
pub(super) fn authenticator_column(account: &Account) -> Option<String> {
    let Account { passkeys, names, other_authenticators, totp, .. } = account;
    let has_passkeys = *passkeys != PasskeyState::default();
    let first = first_app(totp);
    let pending_app = pending_app(totp);
    if !has_passkeys
        && names.is_empty()
        && other_authenticators.is_empty()
        && totp.further.is_empty()
        && first.is_none()
        && pending_app.is_none()
    {
        return Some("[]".to_owned());
    }
    let further = totp.further.iter().map(|app| TotpEntry {
        id: app.id.clone(),
        enrolled_at: app.enrolled_at,
        secret: Some(app.secret.clone()),
        parameters: app.parameters,
    });
    AuthenticatorColumn {
        passkeys: passkeys.clone(),
        names: names.clone(),
        apps: first.into_iter().chain(further).collect(),
        pending_app,
        rest: other_authenticators.clone(),
    }
    .to_text()
    .ok()
}

/// Returns what the columns do not say about the first app.
fn first_app(totp: &TotpState) -> Option<TotpEntry> {
    let is_described = totp.id.is_some() || totp.parameters != TotpParameters::default();
    (totp.secret.is_some() && is_described).then(|| TotpEntry {
        id: totp.first_id().to_owned(),
        enrolled_at: totp.enrolled_at,
        secret: None,
        parameters: totp.parameters,
    })
}

/// Returns a further app, which has its secret here.
pub(super) fn further_app(app: TotpEntry) -> Option<TotpApp> {
    let TotpEntry { id, enrolled_at, secret, parameters } = app;
    Some(TotpApp { id, secret: secret?, enrolled_at, parameters })
}

/// Returns what the columns do not say about the enrolment in progress.
fn pending_app(totp: &TotpState) -> Option<PendingApp> {
    let pending = totp.pending.as_ref()?;
    let added = pending.added_as.clone().map(|id| AddedApp {
        id,
        secret: pending.secret.clone(),
        expires_at: pending.expires_at,
    });
    (added.is_some() || pending.name.is_some()).then(|| PendingApp { added, name: pending.name.clone() })
}
