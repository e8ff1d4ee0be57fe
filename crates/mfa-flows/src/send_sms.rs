//! Sending of SMS codes: budget, send record and challenge are stored before any provider is called.

use mfa_core::{
    Account, EventKind, FactorKind, Outcome, Phase, Requirement, SecurityEvent, SmsPurpose, StoreError,
    StoreErrorKind, Timestamp,
};
use mfa_sms::{
    BudgetDecision, BudgetRequest, CODE_LIFETIME, CodeBinding, ConversionQuery, DeliveryOutcome,
    NumberOwnership, NumberRefusal, PhoneNumber, RESEND_DELAY, RetryDelay, SendId, SendRecord, SendReport,
    SendState, SmsCode, SmsLanguage, SmsMessage,
};

use crate::call::{Call, rate_limit_key};
use crate::error::FlowError;
use crate::flows::Flows;

/// Confirmation that a provider accepted the message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SmsSent {
    /// Masked number.
    pub phone: String,
}

/// Purpose of a code, with its destination.
#[derive(Clone, Debug)]
enum SmsRequest {
    /// Second factor of a login, sent to the verified number.
    Login,
    /// Proof that this number belongs to the user.
    Confirm(PhoneNumber),
}

impl SmsRequest {
    const fn purpose(&self) -> SmsPurpose {
        match self {
            Self::Login => SmsPurpose::SecondFactor,
            Self::Confirm(_) => SmsPurpose::Confirmation,
        }
    }

    const fn event(&self) -> EventKind {
        match self {
            Self::Login => EventKind::SmsSend,
            Self::Confirm(_) => EventKind::PhoneSet,
        }
    }
}

impl Flows {
    /// Sends a second-factor code to the verified number. Invalidates an older code.
    ///
    /// # Errors
    ///
    /// [`FlowError::MethodNotAvailable`] if SMS is not a factor of the account or is disabled,
    /// [`FlowError::SmsBudgetSpent`] without a call to a provider, [`FlowError::PhoneRefused`],
    /// [`FlowError::SmsUnavailable`], [`FlowError::PhishingResistantRequired`], or the account denies the call. A reserved budget stays spent in every case.
    pub async fn send_sms(&self, call: &Call, language: SmsLanguage) -> Result<SmsSent, FlowError> {
        self.send_code(call, SmsRequest::Login, language).await
    }

    /// Sends a code to a new number, which stays pending beside the verified one until it is confirmed.
    ///
    /// # Errors
    ///
    /// As [`Flows::send_sms`].
    pub async fn set_phone(
        &self,
        call: &Call,
        number: PhoneNumber,
        language: SmsLanguage,
    ) -> Result<SmsSent, FlowError> {
        self.send_code(call, SmsRequest::Confirm(number), language).await
    }

    /// Returns whether SMS is enabled: a country is allowed and a gateway is configured.
    pub(crate) fn has_sms(&self) -> bool {
        !self.policy.sms.phones.allows_none() && self.ports.sms.sender.gateways().next().is_some()
    }

    async fn send_code(
        &self,
        call: &Call,
        request: SmsRequest,
        language: SmsLanguage,
    ) -> Result<SmsSent, FlowError> {
        let now = self.trusted_now()?;
        let (number, ownership) = self.reserve_for_user(call, &request, now).await?;
        let ports = &self.ports;
        let id = SendId::draw(ports.entropy.as_ref())?;
        let (user, purpose) = (call.token.user, request.purpose());
        let record = SendRecord::new(id.clone(), user, purpose, &number, ports.digests.as_ref(), now);
        self.reserve_for_all(call, &number, ownership, &record).await?;
        let code = SmsCode::draw(ports.entropy.as_ref())?;
        let text = self.policy.sms.wording.text(&code, language);
        ports.sms.sends.begin(&record).await?;
        if let Err(error) = self.store_challenge(call, &request, &number, code, id.clone(), now).await {
            self.settle(&id, &SendState::NotSent).await;
            return Err(error);
        }
        let message = SmsMessage { to: number.clone(), text, validity: CODE_LIFETIME };
        let report = ports.sms.sender.send(&message).await;
        ports.sms.observer.send_finished(&id, number.country(), &report);
        self.settle(&id, &send_state(&report)).await;
        self.record_delivery(call, request, id, report.delivery.clone()).await?;
        send_result(&report, &number)
    }

    /// Reserves one send in the user's own budget and returns the number to send to, and whether it is the user's.
    async fn reserve_for_user(
        &self,
        call: &Call,
        request: &SmsRequest,
        now: Timestamp,
    ) -> Result<(PhoneNumber, NumberOwnership), FlowError> {
        let (flows, request, need) = (self.clone(), request.clone(), self.need(request));
        let reserved = self.decide(call, need, now, move |account| {
            let number = flows.destination(account, &request)?;
            let reserved = mfa_sms::reserve(account, flows.policy.sms.per_user, now);
            reserved.map_err(|wait| FlowError::SmsBudgetSpent { retry_after: wait.seconds })?;
            let ownership = flows.ownership(account, &number);
            Ok((number, ownership))
        });
        reserved.await.inspect_err(|error| self.record_budget_spent(call, error))
    }

    fn need(&self, request: &SmsRequest) -> Requirement {
        match request {
            SmsRequest::Login => Requirement::SecondFactor,
            SmsRequest::Confirm(_) => Requirement::Enrol { max_age: self.policy.step_up_max_age },
        }
    }

    fn destination(&self, account: &Account, request: &SmsRequest) -> Result<PhoneNumber, FlowError> {
        match request {
            SmsRequest::Confirm(_) => self.policy.check_may_enrol(account, FactorKind::Sms)?,
            SmsRequest::Login => self.policy.check_accepts(account, FactorKind::Sms)?,
        }
        let number = match request {
            SmsRequest::Confirm(number) => number.clone(),
            SmsRequest::Login if !account.has_sms() => return Err(FlowError::MethodNotAvailable),
            // The number may belong to somebody else.
            SmsRequest::Login if account.internal.sms.country_guessed => return Err(FlowError::PhoneRefused),
            SmsRequest::Login => {
                mfa_sms::number(account, self.ports.cipher.as_ref())?.ok_or(FlowError::MethodNotAvailable)?
            }
        };
        self.policy.sms.phones.check(&number).map_err(|_| FlowError::PhoneRefused)?;
        if self.has_sms() { Ok(number) } else { Err(FlowError::MethodNotAvailable) }
    }

    /// Returns whether this is the verified number of the account. A stored number that cannot be unsealed is no reason to
    /// deny a new one, which then has the smaller budgets.
    fn ownership(&self, account: &Account, number: &PhoneNumber) -> NumberOwnership {
        let verified = mfa_sms::number(account, self.ports.cipher.as_ref());
        let is_verified = account.phone.is_verified && verified.is_ok_and(|it| it.as_ref() == Some(number));
        if is_verified { NumberOwnership::Verified } else { NumberOwnership::Unverified(account.user) }
    }

    /// Checks the conversion rate of the prefix, country and user, and reserves one send in the budgets that all users share.
    async fn reserve_for_all(
        &self,
        call: &Call,
        number: &PhoneNumber,
        ownership: NumberOwnership,
        record: &SendRecord,
    ) -> Result<(), FlowError> {
        let (ports, policy) = (&self.ports.sms, &self.policy.sms);
        let conversion = ports.sends.conversion(&ConversionQuery::for_send(record)).await?;
        let closed = policy.conversion.closed(record.purpose, &conversion, record.at);
        if let Some(closed) = closed {
            ports.observer.closed(&closed.to_low_conversion(record));
        }
        let wait = if let Some(closed) = closed {
            Some(closed.wait)
        } else {
            self.reserve_budgets(call, number, ownership, record.at).await?
        };
        let Some(wait) = wait else { return Ok(()) };
        let error = FlowError::SmsBudgetSpent { retry_after: wait.seconds };
        self.record_budget_spent(call, &error);
        Err(error)
    }

    /// Reserves one send in every shared budget. Returns the wait if one of them is spent.
    async fn reserve_budgets(
        &self,
        call: &Call,
        number: &PhoneNumber,
        ownership: NumberOwnership,
        now: Timestamp,
    ) -> Result<Option<RetryDelay>, FlowError> {
        let ip = rate_limit_key(call.origin.ip());
        let (shared, digests) = (&self.policy.sms.shared, self.ports.digests.as_ref());
        let budget_request = BudgetRequest::new(number, ownership, &ip, shared, digests, now);
        Ok(match self.ports.sms.budgets.reserve(&budget_request).await? {
            BudgetDecision::Reserved => None,
            BudgetDecision::Exhausted { wait, .. } => Some(wait),
        })
    }

    fn record_budget_spent(&self, call: &Call, error: &FlowError) {
        if let FlowError::SmsBudgetSpent { .. } = error {
            let user = Some(call.token.user);
            self.record_denied_call(user, EventKind::RateLimited, Some(FactorKind::Sms), &call.origin);
        }
    }

    /// Stores the challenge of the code. Checks the account again, because it may have changed since the budget was
    /// reserved.
    async fn store_challenge(
        &self,
        call: &Call,
        request: &SmsRequest,
        number: &PhoneNumber,
        code: SmsCode,
        id: SendId,
        now: Timestamp,
    ) -> Result<(), FlowError> {
        let (flows, request, number) = (self.clone(), request.clone(), number.clone());
        let (need, token) = (self.need(&request), call.token.id);
        self.decide(call, need, now, move |account| {
            if flows.destination(account, &request)? != number {
                return Err(number_changed());
            }
            if let SmsRequest::Confirm(number) = &request {
                mfa_sms::begin_number(account, number, flows.ports.cipher.as_ref())?;
            }
            let binding = CodeBinding { purpose: request.purpose(), destination: &number, token: &token };
            mfa_sms::issue(account, &code, binding, &id, flows.ports.digests.as_ref(), now);
            Ok(())
        })
        .await
    }

    /// Stores the final state of a send; a failure is reported to the operator alone.
    async fn settle(&self, id: &SendId, state: &SendState) {
        if let Err(error) = self.ports.sms.sends.settle(id, state).await {
            self.ports.sms.observer.not_recorded(id, &error);
        }
    }

    /// Records the outcome of a send in the account. Removes the challenge of a code that was certainly not sent.
    async fn record_delivery(
        &self,
        call: &Call,
        request: SmsRequest,
        id: SendId,
        delivery: DeliveryOutcome,
    ) -> Result<(), FlowError> {
        let (now, origin, token) = (self.now(), call.origin.clone(), call.token.clone());
        let recorded = self.ports.accounts.update(call.token.user, Phase::Begin, move |account| {
            let outcome = if matches!(delivery, DeliveryOutcome::Sent { .. }) {
                Outcome::Success
            } else {
                Outcome::Failure
            };
            let event = SecurityEvent::new(request.event(), outcome, now, origin.clone());
            account.record_late(&token, event.with_method(FactorKind::Sms));
            let is_current = account.internal.sms.challenge.as_ref().is_some_and(|it| it.send == id.as_str());
            if is_current {
                apply_delivery(account, &request, &delivery);
            }
        });
        recorded.await?.ok_or(FlowError::TokenInvalid)
    }
}

fn apply_delivery(account: &mut Account, request: &SmsRequest, delivery: &DeliveryOutcome) {
    if let DeliveryOutcome::NumberRefused(_) | DeliveryOutcome::NotSent { .. } = delivery {
        account.internal.sms.challenge = None;
        if let SmsRequest::Confirm(_) = request {
            account.phone.pending = None;
        }
    }
    if let SmsRequest::Login = request {
        account.internal.sms.unreachable = match delivery {
            DeliveryOutcome::NumberRefused(NumberRefusal::Invalid | NumberRefusal::Unreachable) => true,
            DeliveryOutcome::Sent { .. } => false,
            _ => account.internal.sms.unreachable,
        };
    }
}

/// Returns the state of the send record after this report.
fn send_state(report: &SendReport) -> SendState {
    match &report.delivery {
        DeliveryOutcome::Sent { gateway, id } => SendState::Accepted { gateway, message: id.clone() },
        DeliveryOutcome::NumberRefused(_) => SendState::Refused,
        DeliveryOutcome::Unknown { gateway } => SendState::Unknown { gateway: Some(gateway) },
        DeliveryOutcome::NotSent { .. } => SendState::NotSent,
    }
}

/// Returns the result for the caller. A retry is useless before the user's own budget allows one more send.
fn send_result(report: &SendReport, number: &PhoneNumber) -> Result<SmsSent, FlowError> {
    let resend_in = RESEND_DELAY.as_secs();
    match &report.delivery {
        DeliveryOutcome::Sent { .. } => Ok(SmsSent { phone: number.masked() }),
        DeliveryOutcome::NumberRefused(_) => Err(FlowError::PhoneRefused),
        DeliveryOutcome::Unknown { .. } => Err(FlowError::SmsUnavailable { retry_after: resend_in }),
        DeliveryOutcome::NotSent { retry_after } => {
            let requested = retry_after.map_or(0, |after| after.as_secs().saturating_add(1));
            Err(FlowError::SmsUnavailable { retry_after: requested.max(resend_in) })
        }
    }
}

/// Error of a call whose number another call changed meanwhile. Nothing is sent, and the same call works again.
fn number_changed() -> FlowError {
    FlowError::Store(StoreError::new(StoreErrorKind::Unavailable, "number changed meanwhile"))
}
