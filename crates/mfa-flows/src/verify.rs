//! The second factor of a login: a token that waits becomes one that is good.

use mfa_core::{
    Account, FactorAttempt, FactorKind, Phase, Requirement, SmsPurpose, Timestamp, VerificationOutcome,
    VerifiedFactor, verify_factor,
};
use mfa_jwt::IssuedToken;
use mfa_sms::{CodeBinding, SendId, SmsCode};
use mfa_totp::{TotpCode, VerifyError};

use crate::{Call, FlowError, Flows};

/// A second factor passed.
#[derive(Debug)]
pub struct AccessGrant {
    /// The fresh access token.
    pub token: IssuedToken,
    /// Which factor passed.
    pub method: FactorKind,
    /// How many recovery codes are left.
    pub recovery_codes_left: usize,
    /// Whether codes among them come from another system.
    pub recovery_set_is_foreign: bool,
}

/// What is left of an account's recovery codes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RemainingCodes {
    count: usize,
    foreign: bool,
}

impl RemainingCodes {
    fn from_account(account: &Account) -> Self {
        Self { count: account.recovery.left(), foreign: mfa_recovery::has_legacy(&account.recovery) }
    }
}

impl Flows {
    /// Checks a code of the authenticator app.
    ///
    /// # Errors
    ///
    /// [`FlowError::InvalidCode`] for a wrong or used code, which is counted; any other refusal counts and spends
    /// nothing, except a store error of an unknown outcome.
    pub async fn verify_totp(&self, call: &Call, code: TotpCode) -> Result<AccessGrant, FlowError> {
        let now = self.trusted_now()?;
        let attempt = self.attempt(call, FactorKind::Totp, Requirement::SecondFactor, now);
        let (cipher, steps_known) = (self.ports.cipher.clone(), self.steps_guard(now));
        let (verified, left) = self
            .try_factor(call, attempt, move |account, attempt| {
                verify_factor(account, attempt, |account| {
                    steps_known()?;
                    Ok(mfa_totp::verify(account, &code, now, cipher.as_ref())?)
                })
            })
            .await?;
        self.grant(&verified, left, now)
    }

    /// Checks a code by SMS.
    ///
    /// # Errors
    ///
    /// As [`Flows::verify_totp`]; [`FlowError::MethodNotAvailable`] where SMS is no factor of the account.
    pub async fn verify_sms(&self, call: &Call, code: SmsCode) -> Result<AccessGrant, FlowError> {
        let now = self.trusted_now()?;
        let attempt = self.attempt(call, FactorKind::Sms, Requirement::SecondFactor, now);
        let (cipher, digests) = (self.ports.cipher.clone(), self.ports.digests.clone());
        let judged = self.ports.accounts.update(call.token.user, move |account| {
            let send = account.internal.sms.send().map(|it| SendId::restore(it.to_owned()));
            let verdict = verify_factor(account, &attempt, |account| {
                let number = mfa_sms::number(account, cipher.as_ref())?.filter(|_| account.has_sms());
                let number = number.ok_or(FlowError::MethodNotAvailable)?;
                let (purpose, token) = (SmsPurpose::SecondFactor, &attempt.token.id);
                let binding = CodeBinding { purpose, destination: &number, token };
                Ok::<_, FlowError>(mfa_sms::check(account, &code, binding, digests.as_ref(), now))
            })?;
            Ok((verdict, RemainingCodes::from_account(account), send))
        });
        let (verdict, left, send) = self.answered(call, FactorKind::Sms, judged.await?)?;
        let verified = self.passed(call, FactorKind::Sms, verdict)?;
        self.count_use(send, now).await;
        self.grant(&verified, left, now)
    }

    /// Counts a code that came back, for conversion alone: where it cannot be recorded the call goes on.
    pub(crate) async fn count_use(&self, send: Option<SendId>, now: Timestamp) {
        let Some(send) = send else { return };
        if let Err(error) = self.ports.sms.sends.mark_used(&send, now).await {
            self.ports.sms.journal.not_recorded(&send, &error);
        }
    }

    /// Runs a decision that judges a try, and gives the proof that it passed, with how many recovery codes are left.
    pub(crate) async fn try_factor(
        &self,
        call: &Call,
        attempt: FactorAttempt,
        verify_factor: impl FnMut(&mut Account, &FactorAttempt) -> Result<VerificationOutcome, FlowError>
        + Send
        + 'static,
    ) -> Result<(VerifiedFactor, RemainingCodes), FlowError> {
        self.try_in_turn(Phase::Begin, call, attempt, verify_factor).await
    }

    pub(crate) async fn try_in_turn(
        &self,
        turn: Phase,
        call: &Call,
        attempt: FactorAttempt,
        mut verify_factor: impl FnMut(&mut Account, &FactorAttempt) -> Result<VerificationOutcome, FlowError>
        + Send
        + 'static,
    ) -> Result<(VerifiedFactor, RemainingCodes), FlowError> {
        let factor = attempt.factor;
        let judged = self
            .ports
            .accounts
            .update_in_phase(call.token.user, turn, move |account| {
                verify_factor(account, &attempt)
                    .map(|verdict| (verdict, RemainingCodes::from_account(account)))
            })
            .await?;
        let (verdict, left) = self.answered(call, factor, judged)?;
        Ok((self.passed(call, factor, verdict)?, left))
    }

    /// The access token that a passed factor buys.
    pub(crate) fn grant(
        &self,
        verified: &VerifiedFactor,
        left: RemainingCodes,
        now: Timestamp,
    ) -> Result<AccessGrant, FlowError> {
        let token = self.ports.tokens.two_factors(verified, self.ports.entropy.as_ref(), now)?;
        let RemainingCodes { count, foreign } = left;
        let (method, recovery_codes_left) = (verified.factor(), count);
        Ok(AccessGrant { token, method, recovery_codes_left, recovery_set_is_foreign: foreign })
    }

    pub(crate) fn attempt(
        &self,
        call: &Call,
        factor: FactorKind,
        need: Requirement,
        at: Timestamp,
    ) -> FactorAttempt {
        FactorAttempt {
            token: call.token.clone(),
            factor,
            requirement: need,
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
        judged: Option<Result<T, FlowError>>,
    ) -> Result<T, FlowError> {
        judged
            .unwrap_or(Err(FlowError::TokenInvalid))
            .inspect_err(|refusal| self.record_denial(call, Some(factor), refusal))
    }

    fn passed(
        &self,
        call: &Call,
        factor: FactorKind,
        verdict: VerificationOutcome,
    ) -> Result<VerifiedFactor, FlowError> {
        match verdict {
            VerificationOutcome::Verified(verified) => Ok(verified),
            VerificationOutcome::InvalidCode => Err(FlowError::InvalidCode),
            VerificationOutcome::Denied(refused) => {
                let refusal = FlowError::from_deny_reason(refused, self.now());
                self.record_denial(call, Some(factor), &refusal);
                Err(refusal)
            }
        }
    }
}

impl From<VerifyError> for FlowError {
    fn from(error: VerifyError) -> Self {
        match error {
            VerifyError::NotEnrolled => Self::NotEnrolled,
            VerifyError::Cipher(error) => Self::Cipher(error),
        }
    }
}
