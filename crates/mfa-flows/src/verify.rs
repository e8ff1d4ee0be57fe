//! Verification of a second factor: a passed attempt exchanges a pending token for an access token.

use mfa_core::{
    Account, FactorAttempt, FactorKind, Jti, Phase, Requirement, SmsPurpose, Timestamp, VerificationOutcome,
    VerifiedFactor, verify_factor,
};
use mfa_jwt::IssuedToken;
use mfa_sms::{CodeBinding, SendId, SmsCode};
use mfa_totp::{TotpCode, VerifyError};

use crate::call::Call;
use crate::code_queue::CodeSetOccasion;
use crate::error::FlowError;
use crate::flows::Flows;

/// Access token that a verified second factor grants.
#[derive(Debug)]
pub struct AccessGrant {
    /// New access token.
    pub token: IssuedToken,
    /// Factor that was verified.
    pub method: FactorKind,
    /// Number of unused recovery codes.
    pub recovery_codes_left: usize,
    /// Whether some recovery codes were imported from another system.
    pub recovery_set_is_foreign: bool,
}

/// Token that lets a user enrol a phishing-resistant factor, which the policy requires.
#[derive(Debug)]
pub struct EnrolmentGrant {
    /// New enrolment token.
    pub token: IssuedToken,
    /// Factor that was verified.
    pub method: FactorKind,
}

/// Token that a verified second factor grants.
///
/// Exhaustive, so that a client that cannot enrol a factor handles that case.
#[derive(Debug)]
pub enum VerificationGrant {
    /// Access token.
    Access(AccessGrant),
    /// Enrolment token: the policy requires a phishing-resistant factor, and the user has none yet.
    Enrolment(EnrolmentGrant),
}

impl VerificationGrant {
    /// Returns the access token.
    ///
    /// # Errors
    ///
    /// [`FlowError::PhishingResistantRequired`] if the user must enrol a phishing-resistant factor first.
    pub fn access(self) -> Result<AccessGrant, FlowError> {
        match self {
            Self::Access(access) => Ok(access),
            Self::Enrolment(_) => Err(FlowError::PhishingResistantRequired),
        }
    }
}

/// Attempt that passed, with what the account held in the same decision.
pub(crate) struct PassedAttempt {
    factor: VerifiedFactor,
    snapshot: AttemptSnapshot,
}

/// State of the account around an attempt.
struct AttemptSnapshot {
    recovery_codes_left: usize,
    recovery_set_is_foreign: bool,
    /// Occasion of a new set of recovery codes, if the attempt enrols a factor.
    code_set_occasion: CodeSetOccasion,
    /// Send of the code that was checked, if the factor is SMS.
    sms_send: Option<SendId>,
    /// Whether the account has an authenticator app after the attempt.
    has_totp: bool,
    /// Whether the policy requires a phishing-resistant factor, and the verified one is none.
    enrolment_only: bool,
}

impl PassedAttempt {
    /// Returns whether the account has an authenticator app after the attempt.
    pub(crate) const fn has_totp(&self) -> bool {
        self.snapshot.has_totp
    }

    /// Returns the occasion of a new set of recovery codes, for an enrolment that is not stored yet.
    pub(crate) const fn code_set_occasion(&self) -> CodeSetOccasion {
        self.snapshot.code_set_occasion
    }
}

impl Flows {
    /// Verifies a TOTP code.
    ///
    /// # Errors
    ///
    /// [`FlowError::InvalidCode`] for a wrong or used code, which is counted. No other error counts an attempt or spends
    /// a code, except a store error of unknown outcome. [`FlowError::PhishingResistantRequired`] if the user must verify a
    /// passkey.
    pub async fn verify_totp(&self, call: &Call, code: TotpCode) -> Result<VerificationGrant, FlowError> {
        let now = self.trusted_now()?;
        let attempt = self.granting(self.attempt(call, FactorKind::Totp, Requirement::SecondFactor, now))?;
        let (cipher, check_steps_known) = (self.ports.cipher.clone(), self.check_steps_known(now));
        let passed = self
            .try_factor(call, Phase::Begin, attempt, move |account, attempt| {
                verify_factor(account, attempt, |account| {
                    check_steps_known()?;
                    Ok(mfa_totp::verify(account, &code, now, cipher.as_ref())?)
                })
            })
            .await?;
        self.grant(&passed, now)
    }

    /// Verifies a code sent by SMS.
    ///
    /// # Errors
    ///
    /// As [`Flows::verify_totp`]; [`FlowError::MethodNotAvailable`] if SMS is not a factor of the account.
    pub async fn verify_sms(&self, call: &Call, code: SmsCode) -> Result<VerificationGrant, FlowError> {
        let now = self.trusted_now()?;
        let attempt = self.granting(self.attempt(call, FactorKind::Sms, Requirement::SecondFactor, now))?;
        let (cipher, digests) = (self.ports.cipher.clone(), self.ports.digests.clone());
        let passed = self
            .try_factor(call, Phase::Begin, attempt, move |account, attempt| {
                verify_factor(account, attempt, |account| {
                    let number = mfa_sms::number(account, cipher.as_ref())?.filter(|_| account.has_sms());
                    let number = number.ok_or(FlowError::MethodNotAvailable)?;
                    let (purpose, token) = (SmsPurpose::SecondFactor, &attempt.token.id);
                    let binding = CodeBinding { purpose, destination: &number, token };
                    Ok::<_, FlowError>(mfa_sms::check(account, &code, binding, digests.as_ref(), now))
                })
            })
            .await?;
        self.count_sms_use(&passed, now).await;
        self.grant(&passed, now)
    }

    /// Runs a decision that checks a factor, and returns the proof if it passed.
    pub(crate) async fn try_factor(
        &self,
        call: &Call,
        phase: Phase,
        attempt: FactorAttempt,
        mut verify_factor: impl FnMut(&mut Account, &FactorAttempt) -> Result<VerificationOutcome, FlowError>
        + Send
        + 'static,
    ) -> Result<PassedAttempt, FlowError> {
        let (method, policy) = (attempt.factor, self.policy.phishing_resistant);
        let decided = self.update_caller(call, phase, Some(method), move |account| {
            // Read first: a correct code removes the challenge.
            let sms_send = sms_send(account, method);
            let outcome = verify_factor(account, &attempt)?;
            let snapshot = AttemptSnapshot {
                recovery_codes_left: account.recovery.left(),
                recovery_set_is_foreign: mfa_recovery::has_legacy(&account.recovery),
                code_set_occasion: CodeSetOccasion::of_enrolment(account, attempt.at),
                sms_send,
                has_totp: account.has_totp(),
                enrolment_only: policy.grants_enrolment_only(account, method),
            };
            Ok((outcome, snapshot))
        });
        let (outcome, snapshot) = decided.await?;
        match outcome {
            VerificationOutcome::Verified(factor) => Ok(PassedAttempt { factor, snapshot }),
            VerificationOutcome::InvalidCode => Err(FlowError::InvalidCode),
            VerificationOutcome::Denied(reason) => {
                let error = FlowError::from_deny_reason(reason, self.now());
                self.record_denial(call, Some(method), &error);
                Err(error)
            }
        }
    }

    /// Marks the SMS code of an attempt as used, for the conversion rate alone: if that fails, the call continues.
    pub(crate) async fn count_sms_use(&self, passed: &PassedAttempt, now: Timestamp) {
        let Some(send) = &passed.snapshot.sms_send else { return };
        if let Err(error) = self.ports.sms.sends.mark_used(send, now).await {
            self.ports.sms.observer.not_recorded(send, &error);
        }
    }

    /// Issues the token of a passed attempt. The only place that turns a verified factor into a token.
    pub(crate) fn grant(
        &self,
        passed: &PassedAttempt,
        now: Timestamp,
    ) -> Result<VerificationGrant, FlowError> {
        let PassedAttempt { factor, snapshot } = passed;
        let (tokens, entropy, method) = (&self.ports.tokens, self.ports.entropy.as_ref(), factor.factor());
        if snapshot.enrolment_only {
            let token = tokens.enrolment(factor.subject(), entropy, now)?;
            return Ok(VerificationGrant::Enrolment(EnrolmentGrant { token, method }));
        }
        Ok(VerificationGrant::Access(AccessGrant {
            token: tokens.two_factors(factor, now)?,
            method,
            recovery_codes_left: snapshot.recovery_codes_left,
            recovery_set_is_foreign: snapshot.recovery_set_is_foreign,
        }))
    }

    /// Returns the attempt of this call, under the operator's lockout policy.
    pub(crate) fn attempt(
        &self,
        call: &Call,
        factor: FactorKind,
        requirement: Requirement,
        at: Timestamp,
    ) -> FactorAttempt {
        FactorAttempt {
            token: call.token.clone(),
            factor,
            requirement,
            at,
            origin: call.origin.clone(),
            lockout: self.policy.lockout,
            phishing_resistant: self.policy.phishing_resistant,
            new_token: None,
            replaces_token: call.replaces_token,
        }
    }

    /// Returns the attempt with the `jti` of the access token that its success grants.
    ///
    /// Drawn before the decision, so that the event of the verification records the token: no further write lists the
    /// session.
    pub(crate) fn granting(&self, attempt: FactorAttempt) -> Result<FactorAttempt, FlowError> {
        Ok(FactorAttempt { new_token: Some(self.draw_jti()?), ..attempt })
    }

    /// Returns the `jti` of a token that is still to be issued.
    pub(crate) fn draw_jti(&self) -> Result<Jti, FlowError> {
        let mut bytes = [0_u8; 16];
        self.ports.entropy.fill(&mut bytes)?;
        Ok(Jti::from_random(bytes))
    }
}

/// Returns the send that an SMS attempt checks, or `None` for another factor.
fn sms_send(account: &Account, factor: FactorKind) -> Option<SendId> {
    let id = account.internal.sms.send().filter(|_| factor == FactorKind::Sms)?;
    Some(SendId::restore(id.to_owned()))
}

impl From<VerifyError> for FlowError {
    fn from(error: VerifyError) -> Self {
        match error {
            VerifyError::NotEnrolled => Self::NotEnrolled,
            VerifyError::Cipher(error) => Self::Cipher(error),
        }
    }
}
