//! TOTP enrolment: a new secret and its confirmation by the first code.

use std::time::Duration;

use mfa_core::{
    Account, CipherError, FactorResult, PendingTotp, Sealed, SealedColumn, SecretBytes, SecretCipher,
    Timestamp, TotpApp, TotpState,
};

use crate::{CodeCheck, Parameters, TotpCode, check_code};

/// Time for the confirmation of a new secret (NIST SP 800-63B-4 §4.1.2.2).
pub const ENROLMENT_LIFETIME: Duration = Duration::from_mins(10);

/// Error of a confirmation. Nothing was counted or spent.
///
/// Exhaustive, so that each case is mapped to a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EnrolmentError {
    /// No enrolment is in progress, or it has expired.
    #[error("no enrolment is in progress")]
    NoneInProgress,
    /// The secret could not be unsealed or sealed: an internal error.
    #[error("the secret could not be unsealed or sealed")]
    Cipher(#[from] CipherError),
}

/// Stores a new secret that replaces all apps once it is confirmed, and returns when the enrolment expires.
///
/// The active apps stay until then. An enrolment in progress is replaced, and its count of wrong codes restarts.
///
/// # Errors
///
/// [`CipherError`] if the secret could not be sealed: the account is unchanged, do not display the secret.
pub fn begin_enrolment(
    account: &mut Account,
    secret: &SecretBytes,
    now: Timestamp,
    cipher: &dyn SecretCipher,
) -> Result<Timestamp, CipherError> {
    begin(account, secret, None, now, cipher)
}

/// Stores a new secret for an app that is added beside the others once it is confirmed. Otherwise as
/// [`begin_enrolment`].
///
/// `id` is the ID of the new authenticator, unique for the user.
///
/// # Errors
///
/// As [`begin_enrolment`].
pub fn begin_addition(
    account: &mut Account,
    secret: &SecretBytes,
    id: String,
    now: Timestamp,
    cipher: &dyn SecretCipher,
) -> Result<Timestamp, CipherError> {
    begin(account, secret, Some(id), now, cipher)
}

fn begin(
    account: &mut Account,
    secret: &SecretBytes,
    added_as: Option<String>,
    now: Timestamp,
    cipher: &dyn SecretCipher,
) -> Result<Timestamp, CipherError> {
    let secret = cipher.seal(secret, account.seal_context(SealedColumn::TotpPendingSecret))?;
    let expires_at = now.plus(ENROLMENT_LIFETIME);
    account.totp.pending = Some(PendingTotp { secret, expires_at, added_as, name: None });
    account.internal.enrolment_failures = 0;
    Ok(expires_at)
}

/// Checks the first code of the new secret and activates the secret if the code is correct.
///
/// The code is spent, so no login can use it. Call this in the closure of [`mfa_core::confirm`], which authorizes,
/// counts attempts and revokes other sessions.
///
/// # Errors
///
/// [`EnrolmentError::NoneInProgress`] if there is no enrolment or its ten minutes are over: start a new one.
/// [`EnrolmentError::Cipher`] if the secret could not be unsealed or sealed: deny the request. The account is
/// unchanged.
pub fn confirm_enrolment(
    account: &mut Account,
    code: &TotpCode,
    now: Timestamp,
    cipher: &dyn SecretCipher,
) -> Result<FactorResult, EnrolmentError> {
    let waiting = account.totp.pending.clone().filter(|it| now < it.expires_at);
    let waiting = waiting.ok_or(EnrolmentError::NoneInProgress)?;
    let secret = cipher.unseal(&waiting.secret, account.seal_context(SealedColumn::TotpPendingSecret))?;
    let parameters = Parameters::default();
    // `None`, because the last step belongs to the previous secret.
    let CodeCheck::Match(step) = check_code(&secret, code, now, None, parameters) else {
        return Ok(FactorResult::Wrong);
    };
    let secret = cipher.seal(&secret, account.seal_context(SealedColumn::TotpSecret))?;
    let id = if let Some(id) = waiting.added_as {
        let app = TotpApp { id: id.clone(), secret, enrolled_at: Some(now), parameters };
        add_app(account, app);
        id
    } else {
        replace_apps(account, secret, now);
        account.totp.first_id().to_owned()
    };
    account.use_totp_app(&id, step.number(), now);
    if let Some(name) = waiting.name {
        account.names.insert(id, name);
    }
    Ok(FactorResult::Correct)
}

fn add_app(account: &mut Account, app: TotpApp) {
    account.totp.pending = None;
    account.totp.further.push(app);
    if !account.has_totp() {
        // A secret that is not enabled is no app.
        account.totp.secret = None;
        account.promote_totp_app();
    }
}

fn replace_apps(account: &mut Account, secret: Sealed, now: Timestamp) {
    let replaced: Vec<_> = account.totp_apps().map(|app| app.id.to_owned()).collect();
    for id in replaced {
        account.names.remove(&id);
        account.internal.authenticators.remove(&id);
    }
    account.totp =
        TotpState { enabled: true, secret: Some(secret), enrolled_at: Some(now), ..TotpState::default() };
}
