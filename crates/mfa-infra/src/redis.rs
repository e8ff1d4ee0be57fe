//! Redis adapter for the rate limits that several servers share.
//!
//! Redis may be unreachable, be emptied or fail over to an older copy. Only short windows are lost, because locks,
//! spent codes and budgets are in the database. While Redis is unreachable, each server applies a local limit.

mod address;
mod batches;
mod error;
mod gcra;
mod health_check;
mod managers;
mod pool;
mod protocol;
mod rate_limiter;

pub use address::AddressError;
pub use rate_limiter::{RedisFault, RedisLimiterOptions, RedisRateLimiter, RedisState, check_address};
