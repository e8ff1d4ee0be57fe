//! Verification of a TOTP code with the active secret.

use mfa_core::{Account, CipherError, FactorResult, SealedColumn, SecretCipher, Timestamp};

use crate::{CodeCheck, Parameters, TotpCode, check_code};

/// Error of checking a code. Nothing was counted or spent.
///
/// Exhaustive, so that each case is mapped to a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// The account has no active authenticator app.
    #[error("no authenticator app is enrolled")]
    NotEnrolled,
    /// The secret could not be unsealed: an internal error, never an account without a factor.
    #[error("the secret could not be unsealed")]
    Cipher(#[from] CipherError),
}

/// Checks a code with the active secret. A correct code spends its time step and all earlier ones (RFC 6238 §5.2).
///
/// Call it in the closure of [`mfa_core::verify_factor`], which authorizes, counts, locks and records.
///
/// # Errors
///
/// [`VerifyError::NotEnrolled`] if there is no active secret: report it to the caller. [`VerifyError::Cipher`] if the
/// secret could not be unsealed: deny the request and raise an alarm.
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
