//! What the ports promise, on every adapter.

mod accounts;
mod rate_limiter;
mod sms;
mod statistics;
mod trail;
mod users;
