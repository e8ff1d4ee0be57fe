//! Sending a code by SMS: reserved, recorded and awaited before any provider is called.

use mfa_core::{
    Account, EventKind, FactorKind, Outcome, Requirement, SecurityEvent, SmsPurpose, StoreError,
    StoreErrorKind, Timestamp,
};
use mfa_sms::{
    BudgetDecision, BudgetRequest, CODE_LIFETIME, CodeBinding, DeliveryOutcome, LowConversion, NumberRefusal,
    PhoneNumber, RESEND_DELAY, RetryDelay, SendId, SendRecord, SendReport, SendState, SmsCode, SmsLanguage,
    SmsMessage, SuspensionScope,
};

use crate::call::network;
use crate::{Call, FlowError, Flows};

/// A code is on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SmsSent {
    /// The number, masked.
    pub phone: String,
}

/// What a code is sent for.
#[derive(Clone, Debug)]
enum SmsRequest {
    /// A second factor, to the number in force.
    Login,
    /// To prove that this number is the user's.
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
    /// Sends a code for a second factor to the number in force. An older code is dead from then on.
    ///
    /// # Errors
    ///
    /// [`FlowError::MethodNotAvailable`] where SMS is no factor of the account or there are none,
    /// [`FlowError::SmsBudgetSpent`] without any call of a provider, [`FlowError::PhoneRefused`],
    /// [`FlowError::SmsUnavailable`], or what the account refuses. What was reserved stays spent in all of them.
    pub async fn send_sms(&self, call: &Call, language: SmsLanguage) -> Result<SmsSent, FlowError> {
        self.send_code(call, SmsRequest::Login, language).await
    }

    /// Sends a code to a new number, which waits beside the one in force until the code comes back.
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

    /// Whether anything can be sent at all.
    pub(crate) fn has_sms(&self) -> bool {
        !self.policy.sms.phones.allows_none() && self.ports.sms.sender.gateways().next().is_some()
    }

    async fn send_code(
        &self,
        call: &Call,
        errand: SmsRequest,
        language: SmsLanguage,
    ) -> Result<SmsSent, FlowError> {
        let now = self.trusted_now()?;
        let number = self.reserve_for_user(call, &errand, now).await?;
        let ports = &self.ports;
        let id = SendId::draw(ports.entropy.as_ref())?;
        let (user, purpose) = (call.token.user, errand.purpose());
        let record = SendRecord::new(id.clone(), user, purpose, &number, ports.digests.as_ref(), now);
        self.reserve_for_all(call, &number, &record).await?;
        let code = SmsCode::draw(ports.entropy.as_ref())?;
        let text = self.policy.sms.wording.text(&code, language);
        ports.sms.sends.begin(&record).await?;
        if let Err(refusal) = self.await_code(call, &errand, &number, code, id.clone(), now).await {
            self.settle(&id, &SendState::NotSent).await;
            return Err(refusal);
        }
        let message = SmsMessage { to: number.clone(), text, validity: CODE_LIFETIME };
        let dispatch = ports.sms.sender.send(&message).await;
        ports.sms.journal.dispatched(&id, number.country(), &dispatch);
        self.settle(&id, &state(&dispatch)).await;
        self.record_delivery(call, errand, id, dispatch.delivery.clone()).await?;
        answer(&dispatch, &number)
    }

    /// The number to send to, once the user's own budget has one left. Spends it.
    async fn reserve_for_user(
        &self,
        call: &Call,
        errand: &SmsRequest,
        now: Timestamp,
    ) -> Result<PhoneNumber, FlowError> {
        let (flows, errand, need) = (self.clone(), errand.clone(), self.need(errand));
        let reserved = self.decide(call, need, now, move |account| {
            let number = flows.destination(account, &errand)?;
            let reserved = mfa_sms::reserve(account, flows.policy.sms.per_user, now);
            reserved.map_err(|wait| FlowError::SmsBudgetSpent { retry_after: wait.seconds })?;
            Ok(number)
        });
        reserved.await.inspect_err(|refusal| self.tell_spent(call, refusal))
    }

    fn need(&self, errand: &SmsRequest) -> Requirement {
        match errand {
            SmsRequest::Login => Requirement::SecondFactor,
            SmsRequest::Confirm(_) => Requirement::Enrol { max_age: self.policy.step_up_max_age },
        }
    }

    fn destination(&self, account: &Account, errand: &SmsRequest) -> Result<PhoneNumber, FlowError> {
        let number = match errand {
            SmsRequest::Confirm(number) => number.clone(),
            SmsRequest::Login if !account.has_sms() => return Err(FlowError::MethodNotAvailable),
            SmsRequest::Login => {
                mfa_sms::number(account, self.ports.cipher.as_ref())?.ok_or(FlowError::MethodNotAvailable)?
            }
        };
        self.policy.sms.phones.check(&number).map_err(|_| FlowError::PhoneRefused)?;
        if self.has_sms() { Ok(number) } else { Err(FlowError::MethodNotAvailable) }
    }

    /// What all users share: whether codes to this prefix come back, and the budgets.
    async fn reserve_for_all(
        &self,
        call: &Call,
        number: &PhoneNumber,
        record: &SendRecord,
    ) -> Result<(), FlowError> {
        let (ports, policy) = (&self.ports.sms, &self.policy.sms);
        let conversion = ports.sends.conversion(&record.conversion_query()).await?;
        let closed = policy.conversion.closed(&conversion, record.at);
        if let Some(closed) = closed {
            ports.journal.closed(&LowConversion {
                country: record.country.clone(),
                prefix: (closed.by == SuspensionScope::Prefix).then(|| record.prefix.clone()),
                uses: closed.uses,
            });
        }
        let wait = if let Some(closed) = closed {
            Some(closed.wait)
        } else {
            self.reserve_budgets(call, number, record.at).await?
        };
        let Some(wait) = wait else { return Ok(()) };
        let refusal = FlowError::SmsBudgetSpent { retry_after: wait.seconds };
        self.tell_spent(call, &refusal);
        Err(refusal)
    }

    /// How long to wait where one of the budgets is spent; none where all have given one.
    async fn reserve_budgets(
        &self,
        call: &Call,
        number: &PhoneNumber,
        now: Timestamp,
    ) -> Result<Option<RetryDelay>, FlowError> {
        let ip = network(call.origin.ip());
        let shared = &self.policy.sms.shared;
        let request = BudgetRequest::new(number, &ip, shared, self.ports.digests.as_ref(), now);
        Ok(match self.ports.sms.budgets.reserve(&request).await? {
            BudgetDecision::Reserved => None,
            BudgetDecision::Exhausted { wait, .. } => Some(wait),
        })
    }

    fn tell_spent(&self, call: &Call, refusal: &FlowError) {
        if let FlowError::SmsBudgetSpent { .. } = refusal {
            let user = Some(call.token.user);
            self.record_refused_call(user, EventKind::RateLimited, Some(FactorKind::Sms), &call.origin);
        }
    }

    /// Awaits the code from now on. Asks the account again: much may have happened since its budget was spent.
    async fn await_code(
        &self,
        call: &Call,
        errand: &SmsRequest,
        number: &PhoneNumber,
        code: SmsCode,
        id: SendId,
        now: Timestamp,
    ) -> Result<(), FlowError> {
        let (flows, errand, number) = (self.clone(), errand.clone(), number.clone());
        let (need, token) = (self.need(&errand), call.token.id);
        self.decide(call, need, now, move |account| {
            if flows.destination(account, &errand)? != number {
                return Err(changed());
            }
            if let SmsRequest::Confirm(number) = &errand {
                mfa_sms::begin_number(account, number, flows.ports.cipher.as_ref())?;
            }
            let binding = CodeBinding { purpose: errand.purpose(), destination: &number, token: &token };
            mfa_sms::issue(account, &code, binding, &id, flows.ports.digests.as_ref(), now);
            Ok(())
        })
        .await
    }

    async fn settle(&self, id: &SendId, state: &SendState) {
        if let Err(error) = self.ports.sms.sends.settle(id, state).await {
            self.ports.sms.journal.not_recorded(id, &error);
        }
    }

    /// Tells the account what became of its code. One that certainly was not sent is no longer awaited.
    async fn record_delivery(
        &self,
        call: &Call,
        errand: SmsRequest,
        id: SendId,
        delivery: DeliveryOutcome,
    ) -> Result<(), FlowError> {
        let (now, origin) = (self.now(), call.origin.clone());
        let recorded = self.ports.accounts.update(call.token.user, move |account| {
            let outcome = if matches!(delivery, DeliveryOutcome::Sent { .. }) {
                Outcome::Success
            } else {
                Outcome::Failure
            };
            let event = SecurityEvent::new(errand.event(), outcome, now, origin.clone());
            account.record(event.with_method(FactorKind::Sms));
            let awaited = account.internal.sms.challenge.as_ref().is_some_and(|it| it.send == id.as_str());
            if awaited {
                note_delivery(account, &errand, &delivery);
            }
        });
        recorded.await?.ok_or(FlowError::TokenInvalid)
    }
}

fn note_delivery(account: &mut Account, errand: &SmsRequest, delivery: &DeliveryOutcome) {
    if let DeliveryOutcome::NumberRefused(_) | DeliveryOutcome::NotSent { .. } = delivery {
        account.internal.sms.challenge = None;
        if let SmsRequest::Confirm(_) = errand {
            account.phone.pending = None;
        }
    }
    if let SmsRequest::Login = errand {
        account.internal.sms.unreachable = match delivery {
            DeliveryOutcome::NumberRefused(NumberRefusal::Invalid | NumberRefusal::Unreachable) => true,
            DeliveryOutcome::Sent { .. } => false,
            _ => account.internal.sms.unreachable,
        };
    }
}

fn state(dispatch: &SendReport) -> SendState {
    match &dispatch.delivery {
        DeliveryOutcome::Sent { gateway, id } => SendState::Accepted { gateway, message: id.clone() },
        DeliveryOutcome::NumberRefused(_) => SendState::Refused,
        DeliveryOutcome::Unknown { gateway } => SendState::Unknown { gateway: Some(gateway) },
        DeliveryOutcome::NotSent { .. } => SendState::NotSent,
    }
}

/// What the caller is told. The user's own budget lets nobody ask again within a minute.
fn answer(dispatch: &SendReport, number: &PhoneNumber) -> Result<SmsSent, FlowError> {
    let least = RESEND_DELAY.as_secs();
    match &dispatch.delivery {
        DeliveryOutcome::Sent { .. } => Ok(SmsSent { phone: number.masked() }),
        DeliveryOutcome::NumberRefused(_) => Err(FlowError::PhoneRefused),
        DeliveryOutcome::Unknown { .. } => Err(FlowError::SmsUnavailable { retry_after: least }),
        DeliveryOutcome::NotSent { retry_after } => {
            let asked = retry_after.map_or(0, |after| after.as_secs().saturating_add(1));
            Err(FlowError::SmsUnavailable { retry_after: asked.max(least) })
        }
    }
}

/// The number was changed by another call meanwhile: nothing is sent, and the same call works again.
fn changed() -> FlowError {
    FlowError::Store(StoreError::new(StoreErrorKind::Unavailable, "number changed meanwhile"))
}
