//! Taking the authenticator app off an account.

use mfa_core::{
    Account, AuthenticatedToken, FactorKind, Requirement, Timestamp, VerificationOutcome, verify_factor,
};
use mfa_recovery::RecoveryCodeInput;
use mfa_totp::TotpCode;

use crate::recovery::RecoveryPurpose;
use crate::{Call, FlowError, Flows};

impl Flows {
    /// Switches TOTP off, on a recovery code.
    ///
    /// # Errors
    ///
    /// As [`Flows::disable_totp`].
    pub async fn disable_totp_by_recovery(
        &self,
        call: &Call,
        typed: RecoveryCodeInput,
    ) -> Result<(), FlowError> {
        let now = self.trusted_now()?;
        let need = Requirement::Change { max_age: self.policy.step_up_max_age };
        let attempt = self.attempt(call, FactorKind::Recovery, need, now);
        self.try_recovery(call, attempt, typed, RecoveryPurpose { may_go, then: remove }).await.map(drop)
    }

    /// Switches TOTP off, on a current code of it. Every other session ends; the caller's stays.
    ///
    /// # Errors
    ///
    /// [`FlowError::NotEnrolled`], [`FlowError::FactorRequired`] for the last factor of a user who must have one,
    /// [`FlowError::InvalidCode`], which is counted, or what the account refuses.
    pub async fn disable_totp(&self, call: &Call, code: TotpCode) -> Result<(), FlowError> {
        let now = self.trusted_now()?;
        let need = Requirement::Change { max_age: self.policy.step_up_max_age };
        let attempt = self.attempt(call, FactorKind::Totp, need, now);
        let (cipher, steps_known) = (self.ports.cipher.clone(), self.steps_guard(now));
        self.try_factor(call, attempt, move |account, attempt| {
            let verdict = verify_factor(account, attempt, |account| {
                may_go(account)?;
                steps_known()?;
                Ok::<_, FlowError>(mfa_totp::verify(account, &code, now, cipher.as_ref())?)
            })?;
            if let VerificationOutcome::Verified(_) = verdict {
                remove(account, &attempt.token, now);
            }
            Ok(verdict)
        })
        .await
        .map(drop)
    }
}

fn may_go(account: &Account) -> Result<(), FlowError> {
    if !account.has_totp() {
        return Err(FlowError::NotEnrolled);
    }
    if account.mfa_enforced && !account.has_sms() {
        return Err(FlowError::FactorRequired);
    }
    Ok(())
}

fn remove(account: &mut Account, caller: &AuthenticatedToken, now: Timestamp) {
    account.remove_totp();
    account.revoke_sessions(now, Some(caller));
}
