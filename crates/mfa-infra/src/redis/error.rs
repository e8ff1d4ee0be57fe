//! Errors of the Redis rate limiter.

use deadpool_redis::PoolError;
use deadpool_redis::redis::RedisError;

/// Reason why Redis did not apply a limit. The text is for the log: it contains no key, no client address and no
/// password.
#[derive(Debug, thiserror::Error)]
pub(super) enum RedisLimiterError {
    #[error("no answer in time")]
    Late,
    #[error("no connection: {0}")]
    Connection(#[from] PoolError),
    #[error("rejected: {0}")]
    Refused(#[from] RedisError),
    #[error("unexpected reply")]
    Answer,
}
