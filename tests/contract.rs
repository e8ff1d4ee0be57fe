//! Contract of the ports: the suites of `mfa-contracts` on every adapter, and what only some adapters can do.

mod accounts;
mod audit_log;
mod rate_limiter;
mod sms;
mod statistics;
mod users;
