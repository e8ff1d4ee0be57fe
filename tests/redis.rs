//! Limits that servers share in Redis: when it fails, and how its servers may stand together.

mod faults;
mod limits;
mod modes;
mod proxy;
mod server;
mod whole_server;

pub(crate) use limits::{LONG, Limits, own_prefix, quotas};
