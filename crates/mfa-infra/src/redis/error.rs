//! Why Redis did not limit a try.

use deadpool_redis::PoolError;
use deadpool_redis::redis::RedisError;

/// Its text is for the log: it names no key, no address of a client and no password.
#[derive(Debug, thiserror::Error)]
pub(super) enum RedisLimiterError {
    #[error("no answer in time")]
    Late,
    #[error("no connection: {0}")]
    Connection(#[from] PoolError),
    #[error("refused: {0}")]
    Refused(#[from] RedisError),
    #[error("an answer that is none")]
    Answer,
}
