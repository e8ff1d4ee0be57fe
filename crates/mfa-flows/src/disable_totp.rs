//! Removal of the authenticator app from an account.

use mfa_core::{
    Account, AuthenticatedToken, FactorKind, Phase, Requirement, Timestamp, VerificationOutcome,
    verify_factor,
};
use mfa_recovery::RecoveryCodeInput;
use mfa_totp::TotpCode;

use crate::call::Call;
use crate::error::FlowError;
use crate::flows::Flows;
use crate::recovery::RecoveryUse;

impl Flows {
    /// Disables TOTP after a recovery code.
    ///
    /// # Errors
    ///
    /// As [`Flows::disable_totp`].
    pub async fn disable_totp_by_recovery(
        &self,
        call: &Call,
        input: RecoveryCodeInput,
    ) -> Result<(), FlowError> {
        let now = self.trusted_now()?;
        let need = Requirement::Change { max_age: self.policy.step_up_max_age };
        let attempt = self.attempt(call, FactorKind::Recovery, need, now);
        let action = RecoveryUse { check_allowed, on_success: remove };
        self.try_recovery(call, attempt, input, action).await.map(drop)
    }

    /// Disables TOTP after a current code. Ends every session but the caller's.
    ///
    /// # Errors
    ///
    /// [`FlowError::NotEnrolled`], [`FlowError::FactorRequired`] for the last factor of a user who must have one,
    /// [`FlowError::InvalidCode`], which is counted, or the account denies the call.
    pub async fn disable_totp(&self, call: &Call, code: TotpCode) -> Result<(), FlowError> {
        let now = self.trusted_now()?;
        let need = Requirement::Change { max_age: self.policy.step_up_max_age };
        let attempt = self.attempt(call, FactorKind::Totp, need, now);
        let (cipher, check_steps_known) = (self.ports.cipher.clone(), self.check_steps_known(now));
        self.try_factor(call, Phase::Begin, attempt, move |account, attempt| {
            let outcome = verify_factor(account, attempt, |account| {
                check_allowed(account)?;
                check_steps_known()?;
                Ok::<_, FlowError>(mfa_totp::verify(account, &code, now, cipher.as_ref())?)
            })?;
            if let VerificationOutcome::Verified(_) = outcome {
                remove(account, &attempt.token, now);
            }
            Ok(outcome)
        })
        .await
        .map(drop)
    }
}

fn check_allowed(account: &Account) -> Result<(), FlowError> {
    if !account.has_totp() {
        return Err(FlowError::NotEnrolled);
    }
    if account.mfa_enforced && !account.has_sms() && !account.has_passkey() {
        return Err(FlowError::FactorRequired);
    }
    Ok(())
}

fn remove(account: &mut Account, caller: &AuthenticatedToken, now: Timestamp) {
    account.remove_totp();
    account.revoke_sessions(now, Some(caller));
}
