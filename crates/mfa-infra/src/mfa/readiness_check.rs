//! Readiness check.

use std::sync::Arc;
use std::time::Duration;

use mfa_core::Clock as _;

use super::instance::Mfa;
use super::readiness::{PartState, Readiness};
use super::sms;
use crate::redis::RedisState;

/// Timeout of each query of the check.
const TIMEOUT: Duration = Duration::from_secs(2);

impl Mfa {
    /// Checks the parts that calls need.
    pub async fn readiness(&self) -> Readiness {
        let ready = |is_ready, why| if is_ready { PartState::Ready } else { PartState::Failed(why) };
        let database_answers = match self.runtime.as_ref() {
            Some(runtime) => {
                let database = Arc::clone(&self.database);
                let read = runtime.spawn(async move { tokio::time::timeout(TIMEOUT, database.time()).await });
                matches!(read.await, Ok(Ok(Ok(_))))
            }
            None => false,
        };
        let redis = match &self.redis {
            Some(redis) if redis.check().await == RedisState::Away => {
                PartState::Degraded("Redis does not answer: this server applies its own rate limits")
            }
            _ => PartState::Ready,
        };
        let conversion = match self.runtime.as_ref().filter(|_| database_answers) {
            Some(runtime) => {
                let monitor = Arc::clone(&self.sms_monitor);
                let check = async move { tokio::time::timeout(TIMEOUT, monitor.check_conversion()).await };
                runtime.spawn(check).await
            }
            None => Ok(Ok(PartState::Ready)),
        };
        Readiness {
            redis,
            providers: sms::provider_state(&self.settings, self.flows.sms_sender()),
            sms: conversion.ok().and_then(Result::ok).unwrap_or(PartState::Ready),
            database: ready(database_answers, "the database gives no answer"),
            keys: ready(
                self.cipher.check_key_check_value(self.key_manager.key_check_value()).is_ok(),
                "the keys do not fit the data",
            ),
            clock: ready(self.clock.is_trusted(), "the clock differs from the database's"),
        }
    }
}
