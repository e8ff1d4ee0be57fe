//! The rate limiter that several servers share.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use deadpool_redis::redis::Value;
use mfa_core::{
    BoxFuture, CallResult, CircuitBreaker, CircuitBreakerConfig, CircuitTransition, Clock, RateLimiter,
    RateRule, RateVerdict, Timestamp,
};
use slog::Logger;
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use super::AddressError;
use super::error::RedisLimiterError;
use super::gcra::GcraRequest;
use super::pool::Pool;
use crate::memory::{MemoryRateLimiter, MonotonicTicks, Quotas};
use crate::settings::RedisSettings;

/// How long a connection may take to open for those who come later. Longer than any caller waits: of several nodes
/// or sentinels the first may be one that does not answer.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// Circuit breaker of Redis: opens after three failures in a row, for five seconds.
const BREAKER: CircuitBreakerConfig = CircuitBreakerConfig::new(3, Duration::from_secs(5));

/// Limits by subject (GCRA), for all servers that share a Redis together.
///
/// **While Redis gives no answer** within the deadline, or one that makes no sense, this process limits by itself, at
/// its share of the quota ([`Quotas::share`]). It counts at all times, so what was used up before the loss stays used
/// up. After three failures in a row nobody waits for Redis for five seconds; then one call at a time tries
/// it, until one succeeds.
///
/// Times are those of Redis's own clock, in microseconds, so the clocks of the servers do not matter. It keeps for
/// each subject one number, under half a SHA-256 digest, for as long as the limit lasts. Redis 5 or later.
pub struct RedisRateLimiter {
    pool: Arc<Pool>,
    prefix: String,
    quotas: Quotas,
    servers: u32,
    deadline: Duration,
    fallback: MemoryRateLimiter,
    breaker: CircuitBreaker,
    ticks: MonotonicTicks,
    clock: Option<Arc<dyn Clock>>,
    runtime: Handle,
    log: Logger,
}

/// What a [`RedisRateLimiter`] works with.
#[derive(Debug)]
pub struct RedisLimiterOptions<'a> {
    /// Where Redis is.
    pub settings: &'a RedisSettings,
    /// Of all servers together.
    pub quotas: Quotas,
    /// How many servers share the limits, for the time without Redis. Zero counts as one.
    pub servers: u32,
    /// How long a call may wait for Redis: [`RedisRateLimiter::DEADLINE`].
    pub deadline: Duration,
    /// Where connections live. It needs tokio's timers and network; callers may be anywhere.
    pub runtime: Handle,
    /// Told when Redis goes away (error) and when it is back (info).
    pub log: Logger,
}

/// Whether limits are shared now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RedisState {
    /// They are.
    Ready,
    /// Redis gives no answers, and this process limits by itself.
    Away,
}

impl RedisRateLimiter {
    /// How long a call waits for Redis.
    pub const DEADLINE: Duration = Duration::from_millis(200);

    /// Connects to nothing yet, so Redis may be away.
    ///
    /// # Errors
    ///
    /// [`AddressError`] when the address cannot be used: show it and do not start.
    pub fn new(options: RedisLimiterOptions<'_>) -> Result<Self, AddressError> {
        let fallback = MemoryRateLimiter::new(options.quotas.share(options.servers));
        Self::open(options, fallback, MonotonicTicks::monotonic(), None)
    }

    /// Limits by this clock instead of Redis's, for tests that move it.
    ///
    /// # Errors
    ///
    /// As [`RedisRateLimiter::new`].
    pub fn with_clock(options: RedisLimiterOptions<'_>, clock: Arc<dyn Clock>) -> Result<Self, AddressError> {
        let fallback =
            MemoryRateLimiter::with_clock(options.quotas.share(options.servers), Arc::clone(&clock));
        Self::open(options, fallback, MonotonicTicks::from_clock(Arc::clone(&clock)), Some(clock))
    }

    fn open(
        options: RedisLimiterOptions<'_>,
        fallback: MemoryRateLimiter,
        ticks: MonotonicTicks,
        clock: Option<Arc<dyn Clock>>,
    ) -> Result<Self, AddressError> {
        Ok(Self {
            pool: Arc::new(Pool::open(options.settings, options.deadline)?),
            prefix: options.settings.prefix.clone(),
            quotas: options.quotas,
            servers: options.servers,
            deadline: options.deadline,
            fallback,
            breaker: CircuitBreaker::new(BREAKER),
            ticks,
            clock,
            runtime: options.runtime,
            log: options.log,
        })
    }

    /// What the last calls showed. Costs nothing, and learns nothing either: see [`RedisRateLimiter::check`].
    pub fn state(&self) -> RedisState {
        if self.breaker.is_open() { RedisState::Away } else { RedisState::Ready }
    }

    /// Asks Redis whether it can limit, within the deadline, unless it was found away a moment ago.
    ///
    /// For readiness: nobody may have tried anything since Redis went away or came back.
    pub async fn check(&self) -> RedisState {
        match self.query(GcraRequest::of_nobody(&self.prefix)).await {
            Some(_) => RedisState::Ready,
            None => RedisState::Away,
        }
    }

    async fn take_shared(&self, rule: RateRule, subject: &str) -> RateVerdict {
        let now = self.clock.as_ref().map(|clock| clock.now());
        let one = GcraRequest::new(&self.prefix, rule, subject, self.quotas.quota(rule), now);
        match self.query(one).await {
            Some(limited @ RateVerdict::Limited { .. }) => limited,
            Some(allowed) => {
                // Only counts, for the time when this process may have to decide alone.
                let _ = self.fallback.take(rule, subject).await;
                allowed
            }
            None => self.fallback.take(rule, subject).await,
        }
    }

    /// Redis's verdict, where there is one.
    async fn query(&self, one: GcraRequest) -> Option<RateVerdict> {
        let permit = self.breaker.try_call(self.monotonic_now())?;
        let answer = self.answer(&one).await;
        let verdict = answer.and_then(|answer| one.verdict(&answer).ok_or(RedisLimiterError::Answer));
        if verdict.is_err() {
            self.pool.close_idle();
        }
        let result = if verdict.is_ok() { CallResult::Success } else { CallResult::Failure };
        match permit.report(result, self.monotonic_now()) {
            None => {}
            Some(CircuitTransition::Closed) => {
                slog::info!(self.log, "Redis is back: limits are shared again")
            }
            Some(CircuitTransition::Opened) => {
                let reason = verdict.as_ref().err().map(ToString::to_string);
                slog::error!(self.log, "Redis gives no answers: this server limits by itself";
                    "reason" => reason, "servers" => self.servers);
            }
        }
        verdict.ok()
    }

    /// Time since this limiter was created, as the breaker takes it: it never goes back.
    fn monotonic_now(&self) -> Timestamp {
        Timestamp::from_millis(0).plus(self.ticks.elapsed())
    }

    fn answer(&self, one: &GcraRequest) -> impl Future<Output = Result<Value, RedisLimiterError>> + use<> {
        let (pool, call) = (Arc::clone(&self.pool), one.call());
        let (answer, waiting) = oneshot::channel();
        let work = async move {
            let result = match pool.connect().await {
                // Too late for the caller, but the next one finds the connection open.
                Ok(_) if answer.is_closed() => return,
                Ok(mut connection) => {
                    let result = connection.run(&call).await;
                    if result.is_err() {
                        connection.close();
                    }
                    result
                }
                Err(fault) => Err(fault),
            };
            drop(answer.send(result));
        };
        // Timers belong to the runtime that they are made in, wherever they are waited for.
        let _inside = self.runtime.enter();
        drop(self.runtime.spawn(tokio::time::timeout(CONNECT_TIMEOUT, work)));
        let waiting = tokio::time::timeout(self.deadline, waiting);
        async move {
            match waiting.await {
                Ok(Ok(result)) => result,
                // The time is up, or the runtime has stopped.
                Ok(Err(_)) | Err(_) => Err(RedisLimiterError::Late),
            }
        }
    }
}

impl RateLimiter for RedisRateLimiter {
    fn take<'a>(&'a self, rule: RateRule, subject: &'a str) -> BoxFuture<'a, RateVerdict> {
        Box::pin(self.take_shared(rule, subject))
    }
}

impl fmt::Debug for RedisRateLimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisRateLimiter")
            .field("pool", &self.pool)
            .field("prefix", &self.prefix)
            .field("breaker", &self.breaker)
            .field("fallback", &self.fallback)
            .finish_non_exhaustive()
    }
}
