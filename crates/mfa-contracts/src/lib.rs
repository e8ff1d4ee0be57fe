//! Contract suites of NOVA MFA: the rules that every adapter of a port must keep, as tests.
//!
//! One module per port:
//!
//! | port | module | one `#[test]` per rule |
//! | --- | --- | --- |
//! | [`Accounts`](mfa_core::Accounts) | [`accounts`] | [`accounts_tests!`] |
//! | [`Users`](mfa_core::Users) | [`users`] | [`users_tests!`] |
//! | [`AuditLog`](mfa_core::AuditLog) | [`audit_log`] | [`audit_log_tests!`] |
//! | [`Statistics`](mfa_core::Statistics) | [`statistics`] | [`statistics_tests!`] |
//! | [`RateLimiter`](mfa_core::RateLimiter) | [`rate_limiter`] | [`rate_limiter_tests!`] |
//! | [`SmsBudgets`](mfa_sms::SmsBudgets) | [`sms_budgets`] | [`sms_budgets_tests!`] |
//! | [`SmsSendLog`](mfa_sms::SmsSendLog) | [`sms_send_log`] | [`sms_send_log_tests!`] |
//!
//! Each module has a fixture, which holds the adapter, and `verify`, which checks every rule and names those that are
//! broken. Both `verify` and the macro take a function that makes a fixture over a new and empty adapter; it is called
//! for each rule. The rules themselves are public functions with a [`Subject`].
//!
//! ```
//! use std::sync::Arc;
//!
//! use mfa_contracts::accounts::{self, AccountsFixture};
//! use mfa_core::testing::MemoryAccounts;
//!
//! // The runtime is for adapters that connect asynchronously: `runtime.block_on(Store::open())`.
//! accounts::verify(|_runtime| {
//!     let store = Arc::new(MemoryAccounts::default());
//!     AccountsFixture::new(store.clone(), store)
//! });
//! ```
//!
//! This crate is for tests only and must not be in a program. It depends on the ports and on no adapter. The futures of
//! an adapter run on Tokio.
//!
//! To add a rule: write a public function in the module of its port and add its name to the `suite!` of the module. To
//! add a suite: add a module with a fixture, and run it on every adapter in `tests/contract/`.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a broken rule ends its test with a panic"
)]
#![expect(clippy::missing_panics_doc, reason = "every rule panics if it is broken")]

mod guard;
mod new_user;
#[macro_use]
mod suite;

pub mod accounts;
pub mod audit_log;
pub mod rate_limiter;
pub mod sms_budgets;
pub mod sms_send_log;
pub mod statistics;
pub mod users;

pub use suite::Subject;
