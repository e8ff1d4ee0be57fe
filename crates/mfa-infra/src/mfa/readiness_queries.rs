//! Database and Redis queries of the readiness check, at most once a second.

use std::sync::Arc;
use std::time::Duration;

use super::readiness::PartState;
use super::shared_check::SharedCheck;
use super::sms_monitor::SmsMonitor;
use crate::database::Database;
use crate::memory::MonotonicTicks;
use crate::redis::{RedisRateLimiter, RedisState};

/// Timeout of each query of the check.
const TIMEOUT: Duration = Duration::from_secs(2);

/// Queries of the readiness check, whose results all callers share for a second.
#[derive(Debug)]
pub(super) struct ReadinessQueries {
    pub(super) database: Arc<dyn Database>,
    pub(super) redis: Option<Arc<RedisRateLimiter>>,
    pub(super) sms_monitor: Arc<SmsMonitor>,
    shared: SharedCheck<QueryResults>,
}

/// Results of the queries.
#[derive(Clone, Copy, Debug)]
pub(super) struct QueryResults {
    pub(super) database_answers: bool,
    pub(super) redis: PartState,
    pub(super) sms: PartState,
}

impl ReadinessQueries {
    /// Creates the queries over these adapters.
    pub(super) fn new(
        database: Arc<dyn Database>,
        redis: Option<Arc<RedisRateLimiter>>,
        sms_monitor: Arc<SmsMonitor>,
    ) -> Self {
        Self { database, redis, sms_monitor, shared: SharedCheck::new(MonotonicTicks::monotonic()) }
    }

    /// Returns the results of the last second, or runs the queries.
    pub(super) async fn shared_results(self: Arc<Self>) -> QueryResults {
        self.shared.result(self.run()).await
    }

    async fn run(&self) -> QueryResults {
        let time = tokio::time::timeout(TIMEOUT, self.database.time()).await;
        let database_answers = matches!(time, Ok(Ok(_)));
        let redis = match &self.redis {
            Some(redis) if redis.check().await == RedisState::Away => {
                PartState::Degraded("Redis does not answer: this server applies its own rate limits")
            }
            _ => PartState::Ready,
        };
        let sms = if database_answers {
            let conversion = tokio::time::timeout(TIMEOUT, self.sms_monitor.check_conversion()).await;
            conversion.unwrap_or(PartState::Ready)
        } else {
            PartState::Ready
        };
        QueryResults { database_answers, redis, sms }
    }
}
