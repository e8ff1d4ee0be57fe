//! SMS codes: what stands in for the authenticator app, and everything that keeps them from being guessed, replayed or
//! sent for someone else's money.
//!
//! Numbers ([`PhoneNumber`]) and which of them may be sent to ([`PhonePolicy`]); codes ([`SmsCode`]) and the one that is
//! awaited ([`issue`], [`check`]); the number of an account ([`begin_number`], [`confirm_number`], [`remove_number`]);
//! budgets of one user ([`reserve`]) and those that users share ([`SmsBudgets`]); what became of sends, and how many codes
//! came back ([`SmsSendLog`], [`ConversionRule`]); what a message says ([`MessageTemplate`]); and
//! how it is sent, by several gateways in turn ([`SmsGateway`], [`SmsSender`]). [`check`] answers with a
//! [`FactorResult`](mfa_core::FactorResult) and belongs inside the closures of [`mfa_core::verify_factor`] and [`mfa_core::confirm`], which
//! alone count, lock and record.
//!
//! It refuses to do I/O, to name a runtime, to read a clock and to draw randomness: gateways, waiting, time and chance
//! are handed in. It refuses to keep a code, to take one twice, after five wrong ones, or for anything but what it was
//! sent for; to send to a country that is not allowed or to anything but a mobile; and to send again by itself where
//! something may have been sent.
//!
//! The library that knows the numbering plans tells the `log` facade the numbers it reads. Nothing listens there; whoever
//! installs a logger shuts `rlibphonenumber` out of it.
//!
//! To add a provider: an adapter of [`SmsGateway`] that speaks to it and reads its answers as [`SendOutcome`]. To add a
//! budget: a [`BudgetScope`] and a line in [`BudgetRequest`]. To add a language: a variant of [`SmsLanguage`] and its text.

mod budget;
mod challenge;
mod code;
mod failover;
mod gateway;
mod leaky_bucket;
mod message;
mod number;
mod observer;
mod phone;
mod policy;
mod send_log;
mod user_budget;

#[cfg(any(test, feature = "testing"))]
pub mod testing;

pub use budget::{
    BudgetDecision, BudgetEntry, BudgetLimits, BudgetRequest, BudgetScope, BudgetSettlement, SmsBudgets,
};
pub use challenge::{CODE_LIFETIME, CodeBinding, MAX_ATTEMPTS, RESEND_DELAY, check, issue};
pub use code::{SmsCode, SmsCodeError};
pub use failover::{DeliveryOutcome, GatewayAttempt, GatewayAttemptOutcome, SendReport, Sleep, SmsSender};
pub use gateway::{NumberRefusal, ProviderRefusal, RefusalScope, SendOutcome, SmsGateway, SmsMessage};
pub use leaky_bucket::{BucketDecision, BucketRule, RetryDelay};
pub use message::{DomainError, MessageTemplate, SmsLanguage};
pub use number::{
    BackupMethodError, ConfirmNumberError, begin_number, confirm_number, number, pending_number,
    remove_number, set_backup,
};
pub use observer::SmsObserver;
pub use phone::{PhoneError, PhoneNumber};
pub use policy::{PhonePolicy, PhoneRefused, UnknownCountry};
pub use send_log::{
    CodeUsage, Conversion, ConversionQuery, ConversionRule, DeliveryStatus, LowConversion, SendId,
    SendRecord, SendState, SendingSuspended, SmsSendLog, SuspensionScope,
};
pub use user_budget::{UserBudget, reserve};
