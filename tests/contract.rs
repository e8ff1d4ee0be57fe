//! Contract of the ports, tested on every adapter.

mod accounts;
mod audit_log;
mod rate_limiter;
mod sms;
mod statistics;
mod users;
