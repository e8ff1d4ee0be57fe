//! SMS codes as a second factor, with protection against guessing, replay and toll fraud.
//!
//! - Numbers and allowed destinations: [`PhoneNumber`], [`PhonePolicy`].
//! - Codes and the pending code: [`SmsCode`], [`issue`], [`check`].
//! - Number of an account: [`begin_number`], [`confirm_number`], [`remove_number`], [`set_backup`].
//! - Budgets of a user and shared budgets: [`reserve`], [`SmsBudgets`].
//! - Log of sends: [`SmsSendLog`]. Share of used codes: [`ConversionRule`].
//! - Texts: [`MessageTemplate`].
//! - Delivery through several gateways: [`SmsGateway`], [`SmsSender`].
//!
//! Call [`check`] in the closures of [`mfa_core::verify_factor`] and [`mfa_core::confirm`]. Only those count, lock
//! and record.
//!
//! This crate performs no I/O, depends on no runtime, reads no clock and draws no randomness: callers pass gateways,
//! timer, time and entropy in. It never stores a plaintext code. It accepts a code once, for its purpose only, and
//! not after five wrong attempts. It sends only to mobile numbers of allowed countries, and does not retry a message
//! that may have been sent.
//!
//! The library of numbering plans, `rlibphonenumber`, logs the numbers it parses through the `log` crate. This
//! service installs no such logger. An application that does must exclude `rlibphonenumber`.
//!
//! To add a provider: implement [`SmsGateway`] and map its responses to [`SendOutcome`]. To add a budget: add a
//! [`BudgetScope`] and an entry in [`BudgetRequest`]. To add a language: add a variant of [`SmsLanguage`] and its
//! text.

mod budget;
mod challenge;
mod code;
mod conversion;
mod disabled;
mod failover;
mod gateway;
mod leaky_bucket;
mod message;
mod number;
mod observer;
mod phone;
mod policy;
mod send_log;
mod send_record;
mod user_budget;

#[cfg(any(test, feature = "testing"))]
pub mod testing;

pub use budget::{
    BudgetDecision, BudgetEntry, BudgetLimits, BudgetRequest, BudgetScope, NumberOwnership,
    ReservationResult, SmsBudgets,
};
pub use challenge::{CODE_LIFETIME, CodeBinding, MAX_ATTEMPTS, RESEND_DELAY, check, is_code_pending, issue};
pub use code::{SmsCode, SmsCodeError};
pub use conversion::{
    CodeUsage, Conversion, ConversionQuery, ConversionRule, LowConversion, SendingSuspended, SuspensionScope,
};
pub use disabled::SmsDisabled;
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
pub use send_log::{DeliveryStatus, SendState, SmsSendLog};
pub use send_record::{SendId, SendRecord};
pub use user_budget::{UserBudget, reserve};
