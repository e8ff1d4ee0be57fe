//! What the ports promise, on every adapter.

mod accounts;
mod users;
