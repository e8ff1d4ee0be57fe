//! Why a code was refused, where that may be said: a phone whose clock is off.

use mfa_core::{Requirement, authorize};
use mfa_totp::{ClockDrift, TotpCode};

use crate::{Call, FlowError, Flows};

impl Flows {
    /// Explains a code that [`Flows::verify_totp`] has just refused, where that tells a guesser nothing: see
    /// [`mfa_totp::explain_refused_code`]. `None` also where the call would not be admitted any more.
    ///
    /// # Errors
    ///
    /// A store or cipher error: explain nothing.
    pub async fn explain_refused_code(
        &self,
        call: &Call,
        code: TotpCode,
    ) -> Result<Option<ClockDrift>, FlowError> {
        let (now, token, cipher) = (self.now(), call.token.clone(), self.ports.cipher.clone());
        let explained = self.ports.accounts.update(call.token.user, move |account| {
            if authorize(account, &token, Requirement::SecondFactor, now).is_err() {
                return Ok(None);
            }
            mfa_totp::explain_refused_code(account, &code, now, cipher.as_ref())
        });
        Ok(explained.await?.unwrap_or(Ok(None))?)
    }

    /// The same for a code that [`Flows::confirm_totp_enrolment`] has just refused.
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
