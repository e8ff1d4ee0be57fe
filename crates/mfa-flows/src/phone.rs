//! The phone: confirming a new number, and taking it away.

use mfa_core::{
    Account, EventKind, FactorAttempt, FactorKind, FactorResult, Outcome, Requirement, SecurityEvent,
    SmsPurpose, StoreError, StoreErrorKind, confirm,
};
use mfa_sms::{CodeBinding, ConfirmNumberError, SendId, SmsCode};

use crate::{Call, EnrolmentComplete, FlowError, Flows};

/// A number is in force from now on.
#[derive(Debug)]
pub struct PhoneConfirmed {
    /// The number, masked.
    pub phone: String,
    /// Where it is the account's first factor: a fresh token, and recovery codes.
    pub enrolled: Option<EnrolmentComplete>,
}

/// What was known of the account before its code was looked at.
struct PriorState {
    has_factor: bool,
    phone: String,
    send: Option<SendId>,
}

impl Flows {
    /// Confirms a new number by the code that was sent to it. The first factor of an account comes with recovery
    /// codes and a fresh token, and is used for logins from then on.
    ///
    /// # Errors
    ///
    /// [`FlowError::InvalidCode`] (five of them kill the code, none counts towards the lock),
    /// [`FlowError::NoEnrolmentInProgress`], or what the account refuses.
    pub async fn confirm_phone(&self, call: &Call, code: SmsCode) -> Result<PhoneConfirmed, FlowError> {
        let now = self.trusted_now()?;
        let need = Requirement::Enrol { max_age: self.policy.step_up_max_age };
        let attempt = self.attempt(call, FactorKind::Sms, need, now);
        let cipher = self.ports.cipher.clone();
        let before = self.decide(call, need, now, move |account| {
            let waiting = mfa_sms::pending_number(account, cipher.as_ref())?;
            Ok(PriorState {
                has_factor: account.has_factor(),
                phone: waiting.ok_or(FlowError::NoEnrolmentInProgress)?.masked(),
                send: account.internal.sms.send().map(|it| SendId::restore(it.to_owned())),
            })
        });
        let before = before.await?;
        let enrolled = if before.has_factor {
            self.replace_number(call, attempt, code).await?;
            None
        } else {
            let check = self.number_check(&attempt, code);
            Some(self.enrol(call, attempt, check).await?)
        };
        self.count_use(before.send, now).await;
        Ok(PhoneConfirmed { phone: before.phone, enrolled })
    }

    /// A number beside a factor that is there already: no codes and no token come with it.
    async fn replace_number(
        &self,
        call: &Call,
        attempt: FactorAttempt,
        code: SmsCode,
    ) -> Result<(), FlowError> {
        let check = self.number_check(&attempt, code);
        self.try_factor(call, attempt, move |account, attempt| {
            if !account.has_factor() {
                return Err(lost_its_factor());
            }
            confirm(account, attempt, &check)
        })
        .await
        .map(drop)
    }

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
            let check = mfa_sms::check(account, &code, binding, digests.as_ref(), now);
            if check == FactorResult::Correct {
                mfa_sms::confirm_number(account, now, cipher.as_ref())?;
            }
            Ok(check)
        }
    }

    /// Takes the number off the account, and what waits with it. Where it was a factor every other session ends; the
    /// caller's stays. Does nothing where there is none.
    ///
    /// # Errors
    ///
    /// [`FlowError::FactorRequired`] for the last factor of a user who must have one, or what the account refuses.
    pub async fn remove_phone(&self, call: &Call) -> Result<(), FlowError> {
        let now = self.now();
        let need = Requirement::Change { max_age: self.policy.step_up_max_age };
        let (origin, caller) = (call.origin.clone(), call.token.clone());
        self.decide(call, need, now, move |account| {
            let was_factor = account.has_sms();
            if account.mfa_enforced && was_factor && !account.has_totp() {
                return Err(FlowError::FactorRequired);
            }
            if account.phone.number.is_none() && account.phone.pending.is_none() {
                return Ok(());
            }
            mfa_sms::remove_number(account);
            if was_factor {
                account.revoke_sessions(now, Some(&caller));
            }
            let event = SecurityEvent::new(EventKind::PhoneRemove, Outcome::Success, now, origin.clone());
            account.record(event.with_method(FactorKind::Sms));
            Ok(())
        })
        .await
    }
}

/// The factor went by another call meanwhile: the same call works again, as a first enrolment.
fn lost_its_factor() -> FlowError {
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
