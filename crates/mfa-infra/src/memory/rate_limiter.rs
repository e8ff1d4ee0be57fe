//! The rate limiter of one process.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use governor::RateLimiter as Governor;
use governor::clock::Clock;
use governor::middleware::StateInformationMiddleware;
use mfa_core::{BoxFuture, RateLimiter, RateRule, RateVerdict};

use super::bounded_gcra_store::{BoundedGcraStore, MOST_SUBJECTS};
use super::ticks::MonotonicTicks;
use super::{Quota, Quotas};

/// Limits by subject (GCRA), in the memory of this process and in bounded memory: a flood of a million addresses takes
/// less than 64 MiB in all rules together, and loosens no limit.
///
/// Subjects are kept as 64-bit digests with a random seed (`SipHash`), so that nobody can choose a name that shares
/// the state of another, and no address or name is in a memory dump.
pub struct MemoryRateLimiter {
    seed: RandomState,
    code_check_per_ip: Limit,
    recovery_per_user: Limit,
    login_per_user: Limit,
    login_per_ip: Limit,
}

struct Limit {
    governor: Governor<u64, BoundedGcraStore, MonotonicTicks, StateInformationMiddleware>,
    most: usize,
    last_sweep: AtomicU64,
}

impl MemoryRateLimiter {
    /// Limits by the system's monotonic clock.
    pub fn new(quotas: Quotas) -> Self {
        Self::of(quotas, &MonotonicTicks::monotonic())
    }

    /// Limits by this clock. Where it jumps back, no limit gets longer; where it jumps ahead, limits end.
    pub fn with_clock(quotas: Quotas, clock: Arc<dyn mfa_core::Clock>) -> Self {
        Self::of(quotas, &MonotonicTicks::from_clock(clock))
    }

    fn of(quotas: Quotas, ticks: &MonotonicTicks) -> Self {
        let limit = |rule| Limit::new(quotas.quota(rule), ticks.clone(), MOST_SUBJECTS);
        Self {
            seed: RandomState::new(),
            code_check_per_ip: limit(RateRule::CodeCheckPerIp),
            recovery_per_user: limit(RateRule::RecoveryPerUser),
            login_per_user: limit(RateRule::LoginPerUser),
            login_per_ip: limit(RateRule::LoginPerIp),
        }
    }

    fn take_now(&self, rule: RateRule, subject: &str) -> RateVerdict {
        let limit = match rule {
            RateRule::CodeCheckPerIp => &self.code_check_per_ip,
            RateRule::RecoveryPerUser => &self.recovery_per_user,
            RateRule::LoginPerUser => &self.login_per_user,
            RateRule::LoginPerIp => &self.login_per_ip,
        };
        limit.take(self.seed.hash_one(subject))
    }
}

impl RateLimiter for MemoryRateLimiter {
    fn take<'a>(&'a self, rule: RateRule, subject: &'a str) -> BoxFuture<'a, RateVerdict> {
        Box::pin(async move { self.take_now(rule, subject) })
    }
}

impl fmt::Debug for MemoryRateLimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryRateLimiter")
            .field("code_check_per_ip", &self.code_check_per_ip.governor.len())
            .field("recovery_per_user", &self.recovery_per_user.governor.len())
            .field("login_per_user", &self.login_per_user.governor.len())
            .field("login_per_ip", &self.login_per_ip.governor.len())
            .finish_non_exhaustive()
    }
}

impl Limit {
    /// How often subjects that have their whole quota back are forgotten. A sweep of a full table takes milliseconds.
    const SWEEP_EVERY: Duration = Duration::from_mins(1);
    /// The same while the table is full.
    const SWEEP_FULL_EVERY: Duration = Duration::from_secs(1);

    fn new(quota: Quota, ticks: MonotonicTicks, most: usize) -> Self {
        let governor = Governor::new(quota.to_governor(), BoundedGcraStore::new(most), ticks);
        Self { governor, most, last_sweep: AtomicU64::new(0) }
    }

    fn take(&self, subject: u64) -> RateVerdict {
        self.sweep_if_due();
        match self.governor.check_key(&subject) {
            Ok(state) => RateVerdict::Allowed { remaining: state.remaining_burst_capacity() },
            Err(until) => {
                let wait = until.wait_time_from(self.governor.clock().now());
                let rounded_up = wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0));
                RateVerdict::Limited { retry_after: rounded_up.max(1) }
            }
        }
    }

    fn sweep_if_due(&self) {
        let full = self.governor.len() >= self.most;
        let pause = if full { Self::SWEEP_FULL_EVERY } else { Self::SWEEP_EVERY };
        let now = u64::try_from(self.governor.clock().elapsed().as_millis()).unwrap_or(u64::MAX);
        let last = self.last_sweep.load(Ordering::Relaxed);
        if u128::from(now.saturating_sub(last)) < pause.as_millis() {
            return;
        }
        // One caller sweeps, the others go on.
        if self.last_sweep.compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            self.governor.retain_recent();
            if self.governor.len() < self.most / 4 {
                self.governor.shrink_to_fit();
            }
        }
    }
}

#[cfg(test)]
#[path = "rate_limiter/tests.rs"]
mod tests;
