//! Whether the parts are there that calls need.

use std::sync::Arc;
use std::time::Duration;

use mfa_core::Clock;

use super::{Mfa, sms};
use crate::redis::RedisState;

/// How long the database may take to show that it is ready.
const READY_WITHIN: Duration = Duration::from_secs(2);

/// Whether the parts are there that calls need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Readiness {
    /// The database answers.
    pub database: PartState,
    /// The keys are those that the data was sealed with.
    pub keys: PartState,
    /// The clock agrees with the database's.
    pub clock: PartState,
    /// Limits are shared between servers, where they are to be.
    pub redis: PartState,
    /// SMS have somebody to carry them.
    pub providers: PartState,
    /// Codes by SMS come back.
    pub sms: PartState,
}

/// Whether one part is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartState {
    /// It is.
    Ready,
    /// It is not, and calls do without it.
    Degraded(&'static str),
    /// It is not, and nothing goes without it.
    Failed(&'static str),
}

impl Mfa {
    /// Whether the parts are there that calls need.
    pub async fn readiness(&self) -> Readiness {
        let ready = |is_ready, why| if is_ready { PartState::Ready } else { PartState::Failed(why) };
        let answers = match self.runtime.as_ref() {
            Some(runtime) => {
                let database = Arc::clone(&self.database);
                let read =
                    runtime.spawn(async move { tokio::time::timeout(READY_WITHIN, database.time()).await });
                matches!(read.await, Ok(Ok(Ok(_))))
            }
            None => false,
        };
        let redis = match &self.redis {
            Some(redis) if redis.check().await == RedisState::Away => {
                PartState::Degraded("Redis gives no answer: this server limits by itself")
            }
            _ => PartState::Ready,
        };
        let looked = match self.runtime.as_ref().filter(|_| answers) {
            Some(runtime) => {
                let watch = Arc::clone(&self.sms_watch);
                runtime.spawn(async move { tokio::time::timeout(READY_WITHIN, watch.look()).await }).await
            }
            None => Ok(Ok(PartState::Ready)),
        };
        Readiness {
            redis,
            providers: sms::providers(&self.settings, &self.flows.ports().sms.sender),
            sms: looked.ok().and_then(Result::ok).unwrap_or(PartState::Ready),
            database: ready(answers, "the database gives no answer"),
            keys: ready(
                self.cipher.check_key_check_value(self.custody.key_check_value()).is_ok(),
                "the keys do not fit the data",
            ),
            clock: ready(self.clock.is_trusted(), "the clock differs from the database's"),
        }
    }
}
