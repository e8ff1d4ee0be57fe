//! Phone number of an account: confirmation and removal.

use mfa_core::{
    Account, EventKind, FactorAttempt, FactorKind, FactorResult, Outcome, Phase, Requirement, SecurityEvent,
    SmsPurpose, Stage, StoreError, StoreErrorKind, VerificationOutcome, confirm,
};
use mfa_sms::{CodeBinding, ConfirmNumberError, SmsCode};

use crate::authenticator_names::{name_newest_in_event, phone_label};
use crate::call::Call;
use crate::enrol_totp::EnrolmentComplete;
use crate::error::FlowError;
use crate::flows::Flows;

/// Phone number that was confirmed.
#[derive(Debug)]
pub struct PhoneConfirmed {
    /// Masked number.
    pub phone: String,
    /// New token and recovery codes, if it is the account's first factor.
    pub enrolled: Option<EnrolmentComplete>,
}

/// State of the account before its code is checked.
struct PriorState {
    has_factor: bool,
    phone: String,
}

impl Flows {
    /// Confirms a new number by the code that was sent to it. If it is the account's first factor, SMS becomes a login
    /// factor, and recovery codes and a new token are returned.
    ///
    /// # Errors
    ///
    /// [`FlowError::InvalidCode`] (the fifth invalidates the code, none counts towards the lock),
    /// [`FlowError::NoEnrolmentInProgress`], or the account denies the call.
    pub async fn confirm_phone(&self, call: &Call, code: SmsCode) -> Result<PhoneConfirmed, FlowError> {
        let now = self.trusted_now()?;
        let need = Requirement::Enrol { max_age: self.policy.step_up_max_age };
        let attempt = self.attempt(call, FactorKind::Sms, need, now);
        let (cipher, policy) = (self.ports.cipher.clone(), self.policy.clone());
        // An enrolment token confirms a number as a first factor does: the response carries a new token.
        let is_first = call.token.stage == Stage::Enrolment;
        let before = self.decide(call, need, now, move |account| {
            policy.check_may_enrol(account, FactorKind::Sms)?;
            let pending = mfa_sms::pending_number(account, cipher.as_ref())?;
            let phone = pending.ok_or(FlowError::NoEnrolmentInProgress)?.masked();
            // No code can be right. The call is logged but not stored, so that nobody fills the audit log with it.
            if !mfa_sms::is_code_pending(account, SmsPurpose::Confirmation, now) {
                return Err(FlowError::InvalidCode);
            }
            Ok(PriorState { has_factor: account.has_factor() && !is_first, phone })
        });
        let before = before.await.inspect_err(|error| {
            if let FlowError::InvalidCode = error {
                let user = Some(call.token.user);
                self.record_denied_call(user, EventKind::PhoneVerify, Some(FactorKind::Sms), &call.origin);
            }
        })?;
        let enrolled = if before.has_factor {
            self.replace_number(call, attempt, code).await?;
            None
        } else {
            let check = self.number_check(&attempt, code);
            let attempt = self.granting(attempt)?;
            Some(self.enrol(call, attempt, check).await?)
        };
        Ok(PhoneConfirmed { phone: before.phone, enrolled })
    }

    /// Confirms a number of an account that has a factor already. Issues no recovery codes and no token.
    async fn replace_number(
        &self,
        call: &Call,
        attempt: FactorAttempt,
        code: SmsCode,
    ) -> Result<(), FlowError> {
        let check = self.number_check(&attempt, code);
        let now = attempt.at;
        let passed = self
            .try_factor(call, Phase::Begin, attempt, move |account, attempt| {
                if !account.has_factor() {
                    return Err(factor_removed());
                }
                let outcome = confirm(account, attempt, &check)?;
                if let VerificationOutcome::Verified(_) = outcome {
                    name_newest_in_event(account, FactorKind::Sms);
                }
                Ok(outcome)
            })
            .await?;
        self.count_sms_use(&passed, now).await;
        Ok(())
    }

    /// Returns the check of a code sent to the pending number, which it confirms.
    fn number_check(
        &self,
        attempt: &FactorAttempt,
        code: SmsCode,
    ) -> impl Fn(&mut Account) -> Result<FactorResult, FlowError> + Clone + Send + 'static {
        let (cipher, digests) = (self.ports.cipher.clone(), self.ports.digests.clone());
        let (token, now) = (attempt.token.id, attempt.at);
        move |account| {
            let number = mfa_sms::pending_number(account, cipher.as_ref())?;
            let number = number.ok_or(FlowError::NoEnrolmentInProgress)?;
            let purpose = SmsPurpose::Confirmation;
            let binding = CodeBinding { purpose, destination: &number, token: &token };
            let result = mfa_sms::check(account, &code, binding, digests.as_ref(), now);
            if result == FactorResult::Correct {
                mfa_sms::confirm_number(account, now, cipher.as_ref())?;
            }
            Ok(result)
        }
    }

    /// Removes the phone number and any pending one. If it was a factor, ends every session but the caller's. Does nothing
    /// if there is no number.
    ///
    /// # Errors
    ///
    /// [`FlowError::FactorRequired`] for the last factor of a user who must have one, or the account denies the call.
    pub async fn remove_phone(&self, call: &Call) -> Result<(), FlowError> {
        let now = self.now();
        let need = Requirement::Change { max_age: self.policy.step_up_max_age };
        let (origin, caller) = (call.origin.clone(), call.token.clone());
        self.decide(call, need, now, move |account| {
            let was_factor = account.has_sms();
            if account.mfa_enforced && was_factor && !account.has_totp() && !account.has_passkey() {
                return Err(FlowError::FactorRequired);
            }
            if account.phone.number.is_none() && account.phone.pending.is_none() {
                return Ok(());
            }
            let reason = phone_label(account);
            mfa_sms::remove_number(account);
            if was_factor {
                account.revoke_sessions(now, Some(&caller));
            }
            let event = SecurityEvent::new(EventKind::PhoneRemove, Outcome::Success, now, origin.clone());
            account.record(SecurityEvent { reason, ..event.with_method(FactorKind::Sms) });
            Ok(())
        })
        .await
    }
}

/// Error of a call whose account lost its factor meanwhile. The same call works again, as a first enrolment.
fn factor_removed() -> FlowError {
    FlowError::Store(StoreError::new(StoreErrorKind::Unavailable, "factor removed meanwhile"))
}

impl From<ConfirmNumberError> for FlowError {
    fn from(error: ConfirmNumberError) -> Self {
        match error {
            ConfirmNumberError::NonePending => Self::NoEnrolmentInProgress,
            ConfirmNumberError::Cipher(error) => Self::Cipher(error),
        }
    }
}
