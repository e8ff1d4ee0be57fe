//! The second factor of a login: a token that waits becomes one that is good.

use mfa_core::{Account, Attempt, FactorKind, Need, SmsPurpose, Timestamp, Turn, Verdict, Verified, judge};
use mfa_jwt::Issued;
use mfa_sms::{CodeBinding, SendId, SmsCode};
use mfa_totp::{TotpCode, VerifyError};

use crate::{Call, FlowError, Flows};

/// A second factor passed.
#[derive(Debug)]
pub struct Granted {
    /// The fresh access token.
    pub token: Issued,
    /// Which factor passed.
    pub method: FactorKind,
    /// How many recovery codes are left.
    pub recovery_codes_left: usize,
    /// Whether codes among them come from another system.
    pub recovery_set_is_foreign: bool,
}

/// What is left of an account's recovery codes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CodesLeft {
    count: usize,
    foreign: bool,
}

impl CodesLeft {
    fn of(account: &Account) -> Self {
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
    pub async fn verify_totp(&self, call: &Call, code: TotpCode) -> Result<Granted, FlowError> {
        let now = self.trusted_now()?;
        let attempt = self.attempt(call, FactorKind::Totp, Need::SecondFactor, now);
        let (cipher, steps_known) = (self.ports.cipher.clone(), self.steps_guard(now));
        let (verified, left) = self
            .try_factor(call, attempt, move |account, attempt| {
                judge(account, attempt, |account| {
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
    pub async fn verify_sms(&self, call: &Call, code: SmsCode) -> Result<Granted, FlowError> {
        let now = self.trusted_now()?;
        let attempt = self.attempt(call, FactorKind::Sms, Need::SecondFactor, now);
        let (cipher, digests) = (self.ports.cipher.clone(), self.ports.digests.clone());
        let judged = self.ports.accounts.update(call.token.user, move |account| {
            let send = account.internal.sms.send().map(|it| SendId::restore(it.to_owned()));
            let verdict = judge(account, &attempt, |account| {
                let number = mfa_sms::number(account, cipher.as_ref())?.filter(|_| account.has_sms());
                let number = number.ok_or(FlowError::MethodNotAvailable)?;
                let (purpose, token) = (SmsPurpose::SecondFactor, &attempt.token.id);
                let binding = CodeBinding { purpose, destination: &number, token };
                Ok::<_, FlowError>(mfa_sms::check(account, &code, binding, digests.as_ref(), now))
            })?;
            Ok((verdict, CodesLeft::of(account), send))
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
        attempt: Attempt,
        judge: impl FnMut(&mut Account, &Attempt) -> Result<Verdict, FlowError> + Send + 'static,
    ) -> Result<(Verified, CodesLeft), FlowError> {
        self.try_in_turn(Turn::First, call, attempt, judge).await
    }

    pub(crate) async fn try_in_turn(
        &self,
        turn: Turn,
        call: &Call,
        attempt: Attempt,
        mut judge: impl FnMut(&mut Account, &Attempt) -> Result<Verdict, FlowError> + Send + 'static,
    ) -> Result<(Verified, CodesLeft), FlowError> {
        let factor = attempt.factor;
        let judged = self
            .ports
            .accounts
            .take_turn(call.token.user, turn, move |account| {
                judge(account, &attempt).map(|verdict| (verdict, CodesLeft::of(account)))
            })
            .await?;
        let (verdict, left) = self.answered(call, factor, judged)?;
        Ok((self.passed(call, factor, verdict)?, left))
    }

    /// The access token that a passed factor buys.
    pub(crate) fn grant(
        &self,
        verified: &Verified,
        left: CodesLeft,
        now: Timestamp,
    ) -> Result<Granted, FlowError> {
        let token = self.ports.tokens.two_factors(verified, self.ports.entropy.as_ref(), now)?;
        let CodesLeft { count, foreign } = left;
        let (method, recovery_codes_left) = (verified.factor(), count);
        Ok(Granted { token, method, recovery_codes_left, recovery_set_is_foreign: foreign })
    }

    pub(crate) fn attempt(&self, call: &Call, factor: FactorKind, need: Need, at: Timestamp) -> Attempt {
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
        judged: Option<Result<T, FlowError>>,
    ) -> Result<T, FlowError> {
        judged
            .unwrap_or(Err(FlowError::TokenInvalid))
            .inspect_err(|refusal| self.tell_refusal(call, Some(factor), refusal))
    }

    fn passed(&self, call: &Call, factor: FactorKind, verdict: Verdict) -> Result<Verified, FlowError> {
        match verdict {
            Verdict::Verified(verified) => Ok(verified),
            Verdict::InvalidCode => Err(FlowError::InvalidCode),
            Verdict::Refused(refused) => {
                let refusal = FlowError::from_deny_reason(refused, self.now());
                self.tell_refusal(call, Some(factor), &refusal);
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
