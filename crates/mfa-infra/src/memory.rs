//! What is kept in this process alone: the rate limits of a server without Redis, and of one whose Redis is away.
//!
//! Nothing here outlives the process. What must (locks, spent codes, budgets) is in the database.

mod bounded_gcra_store;
mod quota;
mod rate_limiter;
mod ticks;

pub use quota::{Quota, QuotaError, Quotas};
pub use rate_limiter::MemoryRateLimiter;
pub(crate) use ticks::MonotonicTicks;
