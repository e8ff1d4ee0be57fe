//! Clock drift as the reason of a rejected TOTP code.

use mfa_core::{FactorKind, Phase, Requirement, authorize};
use mfa_totp::{ClockDrift, TotpCode};

use crate::call::Call;
use crate::error::FlowError;
use crate::flows::Flows;

impl Flows {
    /// Returns the clock drift that explains a code which [`Flows::verify_totp`] just rejected, if that reveals nothing
    /// to an attacker who guesses: see [`mfa_totp::explain_refused_code`]. `None` also if the call would be denied now.
    ///
    /// # Errors
    ///
    /// [`FlowError::Store`] or [`FlowError::Cipher`]: show no explanation.
    pub async fn explain_refused_code(
        &self,
        call: &Call,
        code: TotpCode,
    ) -> Result<Option<ClockDrift>, FlowError> {
        let (now, token, cipher) = (self.now(), call.token.clone(), self.ports.cipher.clone());
        let policy = self.policy.phishing_resistant;
        let explained = self.ports.accounts.update(call.token.user, Phase::Begin, move |account| {
            let is_denied = authorize(account, &token, Requirement::SecondFactor, policy, now).is_err();
            if is_denied || !policy.accepts(account, FactorKind::Totp) {
                return Ok(None);
            }
            mfa_totp::explain_refused_code(account, &code, now, cipher.as_ref())
        });
        Ok(explained.await?.unwrap_or(Ok(None))?)
    }

    /// Returns the clock drift that explains a code which [`Flows::confirm_totp_enrolment`] just rejected.
    ///
    /// # Errors
    ///
    /// As [`Flows::explain_refused_code`].
    pub async fn explain_refused_enrolment(
        &self,
        call: &Call,
        code: TotpCode,
    ) -> Result<Option<ClockDrift>, FlowError> {
        let account = self.read(call).await?;
        Ok(mfa_totp::explain_refused_enrolment(&account, &code, self.now(), self.ports.cipher.as_ref())?)
    }
}
