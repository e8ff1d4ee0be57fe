//! The factor in force: is this its code, and is it still to be had?

use mfa_core::{Account, CipherError, FactorResult, SealedColumn, SecretCipher, Timestamp};

use crate::{CodeCheck, Parameters, TotpCode, check_code};

/// Why a code could not be looked at. Nothing was counted or spent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// The account has no authenticator app in force.
    #[error("no authenticator app is enrolled")]
    NotEnrolled,
    /// The secret could not be unsealed: a fault of ours, never an account without a factor.
    #[error("the secret could not be unsealed")]
    Cipher(#[from] CipherError),
}

/// Checks a code against the secret in force, and spends its step and all before it (RFC 6238 §5.2).
///
/// For the closure of [`mfa_core::verify_factor`], which admits, counts, locks and records.
///
/// # Errors
///
/// [`VerifyError::NotEnrolled`] where there is no secret in force; [`VerifyError::Cipher`] where it could not be
/// unsealed: refuse the call, and alarm.
pub fn verify(
    account: &mut Account,
    code: &TotpCode,
    now: Timestamp,
    cipher: &dyn SecretCipher,
) -> Result<FactorResult, VerifyError> {
    if !account.has_totp() {
        return Err(VerifyError::NotEnrolled);
    }
    let sealed = account.totp.secret.as_ref().ok_or(VerifyError::NotEnrolled)?;
    let secret = cipher.unseal(sealed, account.seal_context(SealedColumn::TotpSecret))?;
    Ok(match check_code(&secret, code, now, account.totp.last_step, Parameters::default()) {
        CodeCheck::Match(step) => {
            account.totp.last_step = Some(step.number());
            FactorResult::Correct
        }
        CodeCheck::Replayed => FactorResult::Replayed,
        CodeCheck::Wrong => FactorResult::Wrong,
    })
}
