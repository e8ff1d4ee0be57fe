//! The second factor of a login: a token that waits becomes one that is good.

use mfa_core::{Attempt, FactorKind, Need, Verdict, Verified, judge};
use mfa_jwt::Issued;
use mfa_totp::{TotpCode, VerifyError};

use crate::{Call, Flows, Refusal};

/// A second factor passed.
#[derive(Debug)]
pub struct Granted {
    /// The fresh access token.
    pub token: Issued,
    /// Which factor passed.
    pub method: FactorKind,
    /// How many recovery codes are left.
    pub recovery_codes_left: usize,
}

impl Flows {
    /// Checks a code of the authenticator app.
    ///
    /// # Errors
    ///
    /// [`Refusal::InvalidCode`] for a wrong or used code, which is counted; any other refusal counts and spends
    /// nothing, except a store error of an unknown outcome.
    pub async fn verify_totp(&self, call: &Call, code: TotpCode) -> Result<Granted, Refusal> {
        let now = self.trusted_now()?;
        let attempt = self.attempt(call, FactorKind::Totp, Need::SecondFactor, now);
        let cipher = self.ports.cipher.clone();
        let judged = self
            .ports
            .accounts
            .update(call.token.user, move |account| {
                let verdict = judge(account, &attempt, |account| {
                    mfa_totp::verify(account, &code, now, cipher.as_ref()).map_err(Refusal::from)
                })?;
                Ok((verdict, account.recovery.left()))
            })
            .await?;
        let (verdict, recovery_codes_left) = self.answered(call, FactorKind::Totp, judged)?;
        let verified = self.passed(call, FactorKind::Totp, verdict)?;
        let token = self.ports.tokens.two_factors(&verified, self.ports.entropy.as_ref(), now)?;
        Ok(Granted { token, method: verified.factor(), recovery_codes_left })
    }

    pub(crate) fn attempt(
        &self,
        call: &Call,
        factor: FactorKind,
        need: Need,
        at: mfa_core::Timestamp,
    ) -> Attempt {
        Attempt {
            token: call.token.clone(),
            factor,
            need,
            at,
            origin: call.origin.clone(),
            lockout: self.policy.lockout,
        }
    }

    /// What the decision returned; a user who is gone has no genuine token.
    pub(crate) fn answered<T>(
        &self,
        call: &Call,
        factor: FactorKind,
        judged: Option<Result<T, Refusal>>,
    ) -> Result<T, Refusal> {
        judged
            .unwrap_or(Err(Refusal::TokenInvalid))
            .inspect_err(|refusal| self.tell_refusal(call, Some(factor), refusal))
    }

    pub(crate) fn passed(
        &self,
        call: &Call,
        factor: FactorKind,
        verdict: Verdict,
    ) -> Result<Verified, Refusal> {
        match verdict {
            Verdict::Verified(verified) => Ok(verified),
            Verdict::InvalidCode => Err(Refusal::InvalidCode),
            Verdict::Refused(refused) => {
                let refusal = Refusal::of(refused, self.now());
                self.tell_refusal(call, Some(factor), &refusal);
                Err(refusal)
            }
        }
    }
}

impl From<VerifyError> for Refusal {
    fn from(error: VerifyError) -> Self {
        match error {
            VerifyError::NotEnrolled => Self::NotEnrolled,
            VerifyError::Cipher(error) => Self::Cipher(error),
        }
    }
}
