//! What several servers share in Redis: their rate limits.
//!
//! Redis may vanish, be emptied or fail over to an old copy, and nothing but short windows is lost: whatever must
//! stay (locks, spent codes, budgets) is in the database. While it is away each server limits by itself.

mod address;
mod error;
mod gcra;
mod health_check;
mod pool;
mod rate_limiter;

pub use address::AddressError;
pub use rate_limiter::{RedisLimiterOptions, RedisRateLimiter, RedisState};
