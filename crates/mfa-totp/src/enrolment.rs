//! A new secret: shown, then confirmed by its first code.

use std::time::Duration;

use mfa_core::{
    Account, CipherError, FactorResult, PendingTotp, SealedColumn, SecretBytes, SecretCipher, Timestamp,
    TotpState,
};

use crate::{CodeCheck, Parameters, TotpCode, check_code};

/// How long a new secret waits for its first code (NIST SP 800-63B-4 §4.1.2.2).
pub const ENROLMENT_LIFETIME: Duration = Duration::from_mins(10);

/// Why a confirmation could not be looked at. Nothing was counted or spent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EnrolmentError {
    /// No secret waits, or it has waited too long.
    #[error("no enrolment is in progress")]
    NoneInProgress,
    /// The secret could not be unsealed or sealed anew: a fault of ours.
    #[error("the secret could not be unsealed or sealed")]
    Cipher(#[from] CipherError),
}

/// Puts a new secret beside the one in force, which stays until the new one is confirmed. A running enrolment is
/// replaced, and the tries start anew. Answers when the new secret is forgotten.
///
/// # Errors
///
/// [`CipherError`] when the secret could not be sealed: the account is as it was, show nothing.
pub fn begin_enrolment(
    account: &mut Account,
    secret: &SecretBytes,
    now: Timestamp,
    cipher: &dyn SecretCipher,
) -> Result<Timestamp, CipherError> {
    let sealed = cipher.seal(secret, account.seal_context(SealedColumn::TotpPendingSecret))?;
    let expires_at = now.plus(ENROLMENT_LIFETIME);
    account.totp.pending = Some(PendingTotp { secret: sealed, expires_at });
    account.internal.enrolment_failures = 0;
    Ok(expires_at)
}

/// Checks the first code of the secret that waits, and puts the secret in force where it fits. That code is spent: it
/// opens no login.
///
/// For the closure of [`mfa_core::confirm`], which admits, counts the tries and ends other sessions.
///
/// # Errors
///
/// [`EnrolmentError::NoneInProgress`] where no secret waits, or its ten minutes are over;
/// [`EnrolmentError::Cipher`] where the secret could not be unsealed or sealed. The account is as it was.
pub fn confirm_enrolment(
    account: &mut Account,
    code: &TotpCode,
    now: Timestamp,
    cipher: &dyn SecretCipher,
) -> Result<FactorResult, EnrolmentError> {
    let waiting = account.totp.pending.as_ref().filter(|it| now < it.expires_at);
    let waiting = waiting.ok_or(EnrolmentError::NoneInProgress)?;
    let secret = cipher.unseal(&waiting.secret, account.seal_context(SealedColumn::TotpPendingSecret))?;
    // The last step is that of the old secret: it says nothing of the codes of this one.
    let CodeCheck::Match(step) = check_code(&secret, code, now, None, Parameters::default()) else {
        return Ok(FactorResult::Wrong);
    };
    account.totp = TotpState {
        enabled: true,
        secret: Some(cipher.seal(&secret, account.seal_context(SealedColumn::TotpSecret))?),
        pending: None,
        enrolled_at: Some(now),
        last_step: Some(step.number()),
    };
    Ok(FactorResult::Correct)
}
