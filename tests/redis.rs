//! Tests of rate limits shared in Redis: failures of Redis and its deployment modes.

mod faults;
mod limits;
mod modes;
mod proxy;
mod server;
mod whole_server;

pub(crate) use limits::{LONG, Limited, Limits, own_prefix, quotas};
