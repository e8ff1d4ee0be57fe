//! Rate limiter over a given Redis, with a manual clock and a recorded log.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use data_encoding::HEXLOWER;
use mfa_core::testing::ManualClock;
use mfa_core::{Entropy as _, RateLimitDecision, RateLimiter as _, RateRule, SecretText};
use mfa_infra::crypto::OsEntropy;
use mfa_infra::memory::{Quota, Quotas};
use mfa_infra::redis::{RedisLimiterOptions, RedisRateLimiter, RedisState};
use mfa_infra::settings::{RedisMode, RedisSettings};
use nova_mfa_tests::NOON;
use slog::{Drain, Logger, OwnedKVList, Record};
use tokio::runtime::Runtime;

/// Deadline that only a broken limiter reaches, even on a busy machine.
pub(crate) const LONG: Duration = Duration::from_secs(20);

/// Returns the same quota for every rule.
pub(crate) fn quotas(max: u32, window: Duration) -> Quotas {
    let quota = Quota::new(max, window).unwrap();
    Quotas {
        code_check_per_ip: quota,
        recovery_per_user: quota,
        login_per_user: quota,
        login_per_name: quota,
        login_per_ip: quota,
        regenerate_per_user: quota,
        enrol_per_user: quota,
        backup_per_user: quota,
        change_per_admin: quota,
    }
}

/// Returns a key prefix that no other test or run uses.
pub(crate) fn own_prefix() -> String {
    let mut bytes = [0; 8];
    OsEntropy.fill(&mut bytes).unwrap();
    format!("test-{}:", HEXLOWER.encode(&bytes))
}

/// Configuration of a limiter.
#[derive(Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) max: u32,
    pub(crate) window: Duration,
    pub(crate) servers: u32,
    pub(crate) deadline: Duration,
}

impl Limits {
    /// Returns a limit per hour, for one server with a long deadline.
    pub(super) fn an_hour(max: u32) -> Self {
        Self { max, window: Duration::from_hours(1), servers: 1, deadline: LONG }
    }

    /// Creates a limiter over one Redis server.
    pub(super) fn over(self, url: &str, prefix: &str) -> Limited {
        self.over_many(RedisMode::Single, &[url], prefix)
    }

    /// Creates a limiter over a cluster or sentinels.
    pub(super) fn over_many(self, mode: RedisMode, urls: &[&str], prefix: &str) -> Limited {
        self.clocked(mode, urls, prefix, Arc::new(ManualClock::at(NOON)))
    }

    /// Creates a limiter over one Redis server with this clock.
    pub(crate) fn by_the_clock(self, url: &str, prefix: &str, clock: Arc<ManualClock>) -> Limited {
        self.clocked(RedisMode::Single, &[url], prefix, clock)
    }

    fn clocked(self, mode: RedisMode, urls: &[&str], prefix: &str, clock: Arc<ManualClock>) -> Limited {
        let lines = Lines::default();
        let runtime = Runtime::new().unwrap();
        let limiter = self.with(mode, urls, prefix, &runtime, &lines, |options| {
            RedisRateLimiter::with_clock(options, clock.clone())
        });
        Limited { limiter: Arc::new(limiter), clock, lines, runtime }
    }

    /// Creates a limiter over one Redis server with its clock, as in production.
    pub(super) fn by_the_server(self, url: &str, prefix: &str, runtime: &Runtime) -> RedisRateLimiter {
        self.with(RedisMode::Single, &[url], prefix, runtime, &Lines::default(), RedisRateLimiter::new)
    }

    fn with<E: std::fmt::Debug>(
        self,
        mode: RedisMode,
        urls: &[&str],
        prefix: &str,
        runtime: &Runtime,
        lines: &Lines,
        make: impl FnOnce(RedisLimiterOptions<'_>) -> Result<RedisRateLimiter, E>,
    ) -> RedisRateLimiter {
        let urls = urls.iter().map(|url| SecretText::new((*url).to_owned())).collect();
        let settings = RedisSettings { urls, mode, prefix: prefix.to_owned(), authorities: None };
        let options = RedisLimiterOptions {
            settings: &settings,
            quotas: quotas(self.max, self.window),
            servers: self.servers,
            deadline: self.deadline,
            runtime: runtime.handle().clone(),
            log: Logger::root(lines.clone().ignore_res(), slog::o!()),
        };
        make(options).unwrap()
    }
}

/// Limiter with its clock and its log.
pub(crate) struct Limited {
    pub(crate) limiter: Arc<RedisRateLimiter>,
    pub(super) clock: Arc<ManualClock>,
    pub(super) lines: Lines,
    pub(super) runtime: Runtime,
}

impl Limited {
    /// Takes one request from the quota.
    pub(super) fn take(&self, subject: &str) -> RateLimitDecision {
        self.runtime.block_on(self.limiter.take(RateRule::CodeCheckPerIp, subject))
    }

    /// Returns how many of this many requests pass.
    pub(super) fn passing(&self, tries: u32, subject: &str) -> usize {
        (0..tries).filter(|_| matches!(self.take(subject), RateLimitDecision::Allowed { .. })).count()
    }

    /// Returns the state in the readiness check.
    pub(super) fn check(&self) -> RedisState {
        self.runtime.block_on(self.limiter.check())
    }

    /// Advances the clock past the retry pause and returns the state.
    pub(super) fn check_after_the_pause(&self) -> RedisState {
        self.clock.advance(Duration::from_secs(5));
        self.check()
    }
}

/// Log messages with their levels.
#[derive(Clone, Default)]
pub(super) struct Lines(Arc<Mutex<Vec<String>>>);

impl Lines {
    pub(super) fn all(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

impl Drain for Lines {
    type Ok = ();
    type Err = slog::Never;

    fn log(&self, record: &Record<'_>, _: &OwnedKVList) -> Result<(), slog::Never> {
        let line = format!("{}: {}", record.level().as_str(), record.msg());
        self.0.lock().unwrap().push(line);
        Ok(())
    }
}
