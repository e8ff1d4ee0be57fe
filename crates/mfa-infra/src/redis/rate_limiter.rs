//! Rate limiter backed by Redis (GCRA), shared by several servers.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use mfa_core::{
    BoxFuture, CallResult, CircuitBreaker, CircuitBreakerConfig, CircuitTransition, Clock, RateLimitDecision,
    RateLimiter, RateRule, Timestamp,
};
use slog::Logger;
use tokio::runtime::Handle;

use super::address::{self, AddressError};
use super::batches::{Answer, Batches, CONNECT_TIMEOUT};
use super::error::RedisLimiterError;
use super::gcra::GcraRequest;
use super::pool::Pool;
use super::protocol::{ProbedAddress, WrongProtocol};
use crate::memory::{MemoryRateLimiter, MonotonicTicks, Quotas};
use crate::settings::RedisSettings;

/// Circuit breaker of Redis: opens after three failures in a row, for five seconds.
const BREAKER: CircuitBreakerConfig = CircuitBreakerConfig::new(3, Duration::from_secs(5));

/// Rate limiter backed by Redis (GCRA), shared by several servers.
///
/// **If Redis does not answer** within the deadline, or answers nonsense, this process applies a local limit: its
/// share of the quota ([`Quotas::share`]). The local limiter counts at all times, so attempts from before the failure
/// stay counted. After three failures in a row no call waits for Redis for five seconds. Then one call at a time
/// probes it until one succeeds.
///
/// Times are those of Redis's own clock, in microseconds, so the servers' clocks do not matter. Each subject takes
/// one number under half a SHA-256 digest, for as long as the limit lasts. Requires Redis 5 or later.
pub struct RedisRateLimiter {
    pool: Arc<Pool>,
    batches: Arc<Batches>,
    /// First address, for the test of its port.
    probed: Option<ProbedAddress>,
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

/// Options of a [`RedisRateLimiter`].
#[derive(Debug)]
pub struct RedisLimiterOptions<'a> {
    /// Connection settings.
    pub settings: &'a RedisSettings,
    /// Quotas of all servers together.
    pub quotas: Quotas,
    /// Number of servers that share the limits, for the time without Redis. Zero counts as one.
    pub servers: u32,
    /// Deadline of a call: [`RedisRateLimiter::DEADLINE`].
    pub deadline: Duration,
    /// Runtime of the connections, with tokio's timers and network enabled. Callers may run elsewhere.
    pub runtime: Handle,
    /// Log for the loss (error) and the return (info) of Redis.
    pub log: Logger,
}

/// Availability of Redis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RedisState {
    /// Limits are shared.
    Ready,
    /// Redis does not answer, and this process applies a local limit.
    Away,
}

/// Reason why Redis cannot apply limits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RedisFault {
    /// Error of the client library or of the server. It contains no password.
    pub reason: String,
    /// Recommended action.
    pub advice: &'static str,
}

/// Checks the addresses in the settings without connecting.
///
/// # Errors
///
/// [`AddressError`] if the client cannot use them.
pub fn check_address(settings: &RedisSettings) -> Result<(), AddressError> {
    Pool::open(settings, RedisRateLimiter::DEADLINE).map(drop)
}

impl From<WrongProtocol> for RedisFault {
    fn from(wrong: WrongProtocol) -> Self {
        Self { reason: wrong.reason().to_owned(), advice: wrong.advice() }
    }
}

fn fault(error: &RedisLimiterError, wrong: Option<WrongProtocol>) -> RedisFault {
    wrong.map_or_else(|| RedisFault { reason: error.to_string(), advice: error.advice() }, RedisFault::from)
}

impl RedisRateLimiter {
    /// Default deadline of a call.
    pub const DEADLINE: Duration = Duration::from_millis(200);

    /// Creates the limiter without connecting, so Redis may be unreachable.
    ///
    /// # Errors
    ///
    /// [`AddressError`] if the address cannot be used: reject the configuration.
    pub fn new(options: RedisLimiterOptions<'_>) -> Result<Self, AddressError> {
        let fallback = MemoryRateLimiter::new(options.quotas.share(options.servers));
        Self::open(options, fallback, MonotonicTicks::monotonic(), None)
    }

    /// Creates a limiter with this clock instead of Redis's, for tests.
    ///
    /// # Errors
    ///
    /// [`AddressError`] as for [`RedisRateLimiter::new`].
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
        let pool = Arc::new(Pool::open(options.settings, options.deadline)?);
        let batches = Batches::new(Arc::clone(&pool), options.deadline, options.runtime.clone());
        Ok(Self {
            pool,
            batches: Arc::new(batches),
            probed: address::first(options.settings)?.as_ref().and_then(ProbedAddress::new),
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

    /// Returns the state found by the latest calls. It makes no call itself: see [`RedisRateLimiter::check`].
    pub fn state(&self) -> RedisState {
        if self.breaker.is_open() { RedisState::Away } else { RedisState::Ready }
    }

    /// Checks within the deadline whether Redis can apply limits, unless the circuit breaker is open.
    ///
    /// For the readiness check: there may have been no attempt since Redis became unreachable or returned.
    pub async fn check(&self) -> RedisState {
        match self.query(GcraRequest::of_nobody(&self.prefix)).await {
            Some(_) => RedisState::Ready,
            None => RedisState::Away,
        }
    }

    /// Returns the reason why Redis cannot apply limits, and what to do; `None` if it can. For `doctor`: it also asks while
    /// the circuit breaker is open.
    pub async fn fault(&self) -> Option<RedisFault> {
        let error = self.probe().await.err()?;
        let wrong = match &self.probed {
            // A timer belongs to the runtime in which it is created, wherever it is awaited.
            Some(probed) if error.may_be_protocol() => {
                let probed = probed.clone();
                self.runtime.spawn(async move { probed.compare().await }).await.ok().flatten()
            }
            _ => None,
        };
        Some(fault(&error, wrong))
    }

    /// Opens a connection, as the first call of a server does for the later ones, then asks for a limit within the deadline.
    async fn probe(&self) -> Result<(), Arc<RedisLimiterError>> {
        let pool = Arc::clone(&self.pool);
        let connect = async move {
            match tokio::time::timeout(CONNECT_TIMEOUT, pool.connect()).await {
                Ok(connection) => connection.map(drop),
                Err(_) => Err(RedisLimiterError::ConnectionLate),
            }
        };
        self.runtime.spawn(connect).await.map_err(|_| RedisLimiterError::Late)??;
        let one = GcraRequest::of_nobody(&self.prefix);
        let answer = self.answer(&one).await?;
        one.verdict(answer).map(drop).ok_or_else(|| Arc::new(RedisLimiterError::Answer))
    }

    /// Logs that Redis applies no limits. A second line follows if the reason is that its port has TLS, or has none.
    fn log_outage(&self, error: &RedisLimiterError) {
        let RedisFault { reason, advice } = fault(error, None);
        slog::error!(self.log, "Redis does not answer: this server applies a local rate limit";
            "reason" => reason, "advice" => advice, "servers" => self.servers);
        if let Some(probed) = self.probed.clone().filter(|_| error.may_be_protocol()) {
            let log = self.log.clone();
            drop(self.runtime.spawn(async move {
                if let Some(wrong) = probed.compare().await {
                    slog::error!(log, "REDIS_URL does not fit its port";
                        "reason" => wrong.reason(), "advice" => wrong.advice());
                }
            }));
        }
    }

    async fn take_shared(&self, rule: RateRule, subject: &str) -> RateLimitDecision {
        let now = self.clock.as_ref().map(|clock| clock.now());
        let one = GcraRequest::new(&self.prefix, rule, subject, self.quotas.quota(rule), now);
        match self.query(one).await {
            Some(limited @ RateLimitDecision::Limited { .. }) => limited,
            Some(allowed) => {
                // Only counts, in case this process must decide alone later.
                let _ = self.fallback.take(rule, subject).await;
                allowed
            }
            None => self.fallback.take(rule, subject).await,
        }
    }

    /// Returns the result of Redis, or `None` if there is none.
    async fn query(&self, one: GcraRequest) -> Option<RateLimitDecision> {
        let permit = self.breaker.try_call(self.monotonic_now())?;
        let answer = self.answer(&one).await;
        let unexpected = || Arc::new(RedisLimiterError::Answer);
        let verdict = answer.and_then(|answer| one.verdict(answer).ok_or_else(unexpected));
        if verdict.is_err() {
            self.pool.close_idle();
        }
        let result = if verdict.is_ok() { CallResult::Success } else { CallResult::Failure };
        match permit.report(result, self.monotonic_now()) {
            None => {}
            Some(CircuitTransition::Closed) => {
                slog::info!(self.log, "Redis answers again: rate limits are shared");
            }
            Some(CircuitTransition::Opened) => {
                if let Err(error) = &verdict {
                    self.log_outage(error);
                }
            }
        }
        verdict.ok()
    }

    /// Returns the time since this limiter was created, which never goes back, for the circuit breaker.
    fn monotonic_now(&self) -> Timestamp {
        Timestamp::from_millis(0).plus(self.ticks.elapsed())
    }

    /// Sends a request and waits for its answer until the deadline.
    fn answer(&self, one: &GcraRequest) -> impl Future<Output = Answer> + use<> {
        let answered = self.batches.send(one.clone());
        // A timer belongs to the runtime in which it is created, wherever it is awaited.
        let _inside = self.runtime.enter();
        let answered = tokio::time::timeout(self.deadline, answered);
        async move {
            match answered.await {
                Ok(Ok(result)) => result,
                // The deadline is over, or the runtime has stopped.
                Ok(Err(_)) | Err(_) => Err(Arc::new(RedisLimiterError::Late)),
            }
        }
    }
}

impl RateLimiter for RedisRateLimiter {
    fn take<'a>(&'a self, rule: RateRule, subject: &'a str) -> BoxFuture<'a, RateLimitDecision> {
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
