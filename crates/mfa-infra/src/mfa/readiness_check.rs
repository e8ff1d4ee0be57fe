//! Readiness check.

use std::sync::Arc;
use std::time::Duration;

use mfa_core::Clock as _;

use super::instance::Mfa;
use super::readiness::{PartState, Readiness};
use super::shared_check::SharedCheck;
use super::sms;
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
struct QueryResults {
    database_answers: bool,
    redis: PartState,
    sms: PartState,
}

impl ReadinessQueries {
    pub(super) fn new(
        database: Arc<dyn Database>,
        redis: Option<Arc<RedisRateLimiter>>,
        sms_monitor: Arc<SmsMonitor>,
    ) -> Self {
        Self { database, redis, sms_monitor, shared: SharedCheck::new(MonotonicTicks::monotonic()) }
    }

    async fn shared_results(self: Arc<Self>) -> QueryResults {
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

impl Mfa {
    /// Checks the parts that calls need. The queries run at most once a second; callers in between share their results.
    pub async fn readiness(&self) -> Readiness {
        let ready = |is_ready, why| if is_ready { PartState::Ready } else { PartState::Failed(why) };
        let failed = QueryResults { database_answers: false, redis: PartState::Ready, sms: PartState::Ready };
        let results = match self.runtime.as_ref() {
            // A task of its own: a caller who leaves does not end it.
            Some(runtime) => {
                let queries = Arc::clone(&self.readiness_queries);
                runtime.spawn(queries.shared_results()).await.unwrap_or(failed)
            }
            None => failed,
        };
        Readiness {
            redis: results.redis,
            providers: sms::provider_state(&self.settings, self.flows.sms_sender()),
            sms: results.sms,
            database: ready(results.database_answers, "the database does not answer"),
            keys: ready(
                self.cipher.check_key_check_value(self.key_manager.key_check_value()).is_ok(),
                "the keys do not fit the data",
            ),
            clock: ready(self.clock.is_trusted(), "the clock differs from the database's"),
        }
    }
}
