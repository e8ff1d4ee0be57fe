//! Verification of a TOTP code with the active apps.

use mfa_core::{Account, CipherError, FactorResult, SealedColumn, SecretCipher, Timestamp};

use crate::{CodeCheck, TotpCode, check_code};

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

/// Checks a code with every active app of the account.
///
/// A correct code spends its time step and all earlier ones of the app it belongs to (RFC 6238 §5.2). The code is
/// compared with all apps before any result is used, so that the time taken does not reveal which one matches. An app
/// whose secret cannot be unsealed matches no code; the user's other apps still work.
///
/// Call it in the closure of [`mfa_core::verify_factor`], which authorizes, counts, locks and records.
///
/// # Errors
///
/// [`VerifyError::NotEnrolled`] if there is no active app: report it to the caller. [`VerifyError::Cipher`] if no secret
/// could be unsealed: deny the request and raise an alarm.
pub fn verify(
    account: &mut Account,
    code: &TotpCode,
    now: Timestamp,
    cipher: &dyn SecretCipher,
) -> Result<FactorResult, VerifyError> {
    let context = account.seal_context(SealedColumn::TotpSecret);
    let mut checks = Vec::with_capacity(1);
    let mut unreadable = None;
    for app in account.totp_apps() {
        match cipher.unseal(app.secret, context) {
            Ok(secret) => {
                let check = check_code(&secret, code, now, app.last_step, app.parameters);
                checks.push((app.id.to_owned(), check));
            }
            Err(error) => unreadable = Some(error),
        }
    }
    if checks.is_empty() {
        return Err(unreadable.map_or(VerifyError::NotEnrolled, VerifyError::Cipher));
    }
    let mut result = FactorResult::Wrong;
    for (id, check) in checks {
        match check {
            CodeCheck::Match(step) => {
                account.use_totp_app(&id, step.number(), now);
                result = FactorResult::Correct;
            }
            CodeCheck::Replayed if result == FactorResult::Wrong => result = FactorResult::Replayed,
            CodeCheck::Replayed | CodeCheck::Wrong => {}
        }
    }
    Ok(result)
}
