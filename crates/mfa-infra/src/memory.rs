//! Rate limits in process memory, for a server without Redis or while Redis does not answer.
//!
//! Nothing here outlives the process. Persistent state (locks, used codes, budgets) is in the database.

mod bounded_gcra_store;
mod quota;
mod rate_limiter;
mod ticks;

pub use quota::{Quota, QuotaError, Quotas};
pub use rate_limiter::MemoryRateLimiter;
pub(crate) use ticks::MonotonicTicks;
