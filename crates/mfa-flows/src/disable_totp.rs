//! Removal of the authenticator app from an account.

use mfa_core::{FactorKind, Phase, Requirement, VerificationOutcome, verify_factor};
use mfa_recovery::RecoveryCodeInput;
use mfa_totp::TotpCode;

use crate::authenticators::{remove_app, select_app};
use crate::call::Call;
use crate::error::FlowError;
use crate::flows::Flows;
use crate::recovery::RecoveryUse;

impl Flows {
    /// Removes an app after a recovery code, as [`Flows::disable_totp`].
    ///
    /// # Errors
    ///
    /// As [`Flows::disable_totp`].
    pub async fn disable_totp_by_recovery(
        &self,
        call: &Call,
        input: RecoveryCodeInput,
        app: Option<String>,
    ) -> Result<bool, FlowError> {
        let now = self.trusted_now()?;
        let need = Requirement::Change { max_age: self.policy.step_up_max_age };
        let attempt = self.attempt(call, FactorKind::Recovery, need, now);
        let action = RecoveryUse::DisableTotp { app };
        Ok(self.try_recovery(call, attempt, input, action).await?.has_totp())
    }

    /// Removes an app after a current code of any of the user's apps. Ends every session but the caller's. Returns whether
    /// the user still has an app.
    ///
    /// Without an ID it is the only app.
    ///
    /// # Errors
    ///
    /// [`FlowError::NotEnrolled`], [`FlowError::AuthenticatorRequired`] if there are several apps and no ID,
    /// [`FlowError::NoSuchAuthenticator`], [`FlowError::FactorRequired`] for the last factor of a user who must have one,
    /// [`FlowError::InvalidCode`], which is counted, or the account denies the call.
    pub async fn disable_totp(
        &self,
        call: &Call,
        code: TotpCode,
        app: Option<String>,
    ) -> Result<bool, FlowError> {
        let now = self.trusted_now()?;
        let need = Requirement::Change { max_age: self.policy.step_up_max_age };
        let attempt = self.attempt(call, FactorKind::Totp, need, now);
        let (cipher, check_steps_known) = (self.ports.cipher.clone(), self.check_steps_known(now));
        let passed = self
            .try_factor(call, Phase::Begin, attempt, move |account, attempt| {
                let mut selected = String::new();
                let outcome = verify_factor(account, attempt, |account| {
                    selected = select_app(account, app.as_deref())?;
                    check_steps_known()?;
                    Ok::<_, FlowError>(mfa_totp::verify(account, &code, now, cipher.as_ref())?)
                })?;
                if let VerificationOutcome::Verified(_) = outcome {
                    remove_app(account, &selected, &attempt.token, now);
                }
                Ok(outcome)
            })
            .await?;
        Ok(passed.has_totp())
    }
}
