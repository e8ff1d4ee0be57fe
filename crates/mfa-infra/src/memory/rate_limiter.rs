//! Rate limiter in process memory (GCRA).

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use governor::RateLimiter as Governor;
use governor::clock::Clock;
use governor::middleware::StateInformationMiddleware;
use mfa_core::{BoxFuture, RateLimitDecision, RateLimiter, RateRule};

use super::bounded_gcra_store::{BoundedGcraStore, MAX_SUBJECTS, MAX_USERS};
use super::quota::{Quota, Quotas};
use super::ticks::MonotonicTicks;

/// Rate limiter by subject (GCRA) in process memory.
///
/// Its memory is bounded: a flood of a million addresses needs less than 64 MiB for all rules together, and loosens no
/// limit. Subjects are stored as 64-bit digests with a random seed (`SipHash`). So nobody can choose a name that shares
/// the state of another, and a memory dump contains no address or name.
pub struct MemoryRateLimiter {
    seed: RandomState,
    code_check_per_ip: Limit,
    recovery_per_user: Limit,
    login_per_user: Limit,
    login_per_name: Limit,
    login_per_ip: Limit,
    regenerate_per_user: Limit,
    enrol_per_user: Limit,
    backup_per_user: Limit,
    change_per_admin: Limit,
}

struct Limit {
    governor: Governor<u64, BoundedGcraStore, MonotonicTicks, StateInformationMiddleware>,
    max_subjects: usize,
    last_sweep: AtomicU64,
}

impl MemoryRateLimiter {
    /// Creates a limiter that uses the monotonic clock of the system.
    pub fn new(quotas: Quotas) -> Self {
        Self::with_ticks(quotas, &MonotonicTicks::monotonic())
    }

    /// Creates a limiter that uses `clock`. If the clock jumps back, no limit gets longer; if it jumps ahead, limits end.
    pub fn with_clock(quotas: Quotas, clock: Arc<dyn mfa_core::Clock>) -> Self {
        Self::with_ticks(quotas, &MonotonicTicks::from_clock(clock))
    }

    fn with_ticks(quotas: Quotas, ticks: &MonotonicTicks) -> Self {
        let limit = |rule| Limit::new(quotas.quota(rule), ticks.clone(), MAX_SUBJECTS);
        let by_user = |rule| Limit::new(quotas.quota(rule), ticks.clone(), MAX_USERS);
        Self {
            seed: RandomState::new(),
            code_check_per_ip: limit(RateRule::CodeCheckPerIp),
            recovery_per_user: limit(RateRule::RecoveryPerUser),
            login_per_user: limit(RateRule::LoginPerUser),
            login_per_name: limit(RateRule::LoginPerName),
            login_per_ip: limit(RateRule::LoginPerIp),
            regenerate_per_user: by_user(RateRule::RegeneratePerUser),
            enrol_per_user: by_user(RateRule::EnrolPerUser),
            backup_per_user: by_user(RateRule::BackupPerUser),
            change_per_admin: by_user(RateRule::ChangePerAdmin),
        }
    }

    fn take_now(&self, rule: RateRule, subject: &str) -> RateLimitDecision {
        let limit = match rule {
            RateRule::CodeCheckPerIp => &self.code_check_per_ip,
            RateRule::RecoveryPerUser => &self.recovery_per_user,
            RateRule::LoginPerUser => &self.login_per_user,
            RateRule::LoginPerName => &self.login_per_name,
            RateRule::LoginPerIp => &self.login_per_ip,
            RateRule::RegeneratePerUser => &self.regenerate_per_user,
            RateRule::EnrolPerUser => &self.enrol_per_user,
            RateRule::BackupPerUser => &self.backup_per_user,
            RateRule::ChangePerAdmin => &self.change_per_admin,
        };
        limit.take(self.seed.hash_one(subject))
    }
}

impl RateLimiter for MemoryRateLimiter {
    fn take<'a>(&'a self, rule: RateRule, subject: &'a str) -> BoxFuture<'a, RateLimitDecision> {
        Box::pin(async move { self.take_now(rule, subject) })
    }
}

impl fmt::Debug for MemoryRateLimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryRateLimiter")
            .field("code_check_per_ip", &self.code_check_per_ip.governor.len())
            .field("recovery_per_user", &self.recovery_per_user.governor.len())
            .field("login_per_user", &self.login_per_user.governor.len())
            .field("login_per_name", &self.login_per_name.governor.len())
            .field("login_per_ip", &self.login_per_ip.governor.len())
            .field("regenerate_per_user", &self.regenerate_per_user.governor.len())
            .field("enrol_per_user", &self.enrol_per_user.governor.len())
            .field("backup_per_user", &self.backup_per_user.governor.len())
            .field("change_per_admin", &self.change_per_admin.governor.len())
            .finish_non_exhaustive()
    }
}

impl Limit {
    /// Interval between removals of subjects that have regained their whole quota. A sweep of a full table takes
    /// milliseconds.
    const SWEEP_EVERY: Duration = Duration::from_mins(1);
    /// Sweep interval while the table is full.
    const SWEEP_FULL_EVERY: Duration = Duration::from_secs(1);

    fn new(quota: Quota, ticks: MonotonicTicks, max_subjects: usize) -> Self {
        let governor = Governor::new(quota.to_governor(), BoundedGcraStore::new(max_subjects), ticks);
        Self { governor, max_subjects, last_sweep: AtomicU64::new(0) }
    }

    fn take(&self, subject: u64) -> RateLimitDecision {
        self.sweep_if_due();
        match self.governor.check_key(&subject) {
            Ok(state) => RateLimitDecision::Allowed { remaining: state.remaining_burst_capacity() },
            Err(until) => {
                let wait = until.wait_time_from(self.governor.clock().now());
                let rounded_up = wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0));
                RateLimitDecision::Limited { retry_after: rounded_up.max(1) }
            }
        }
    }

    fn sweep_if_due(&self) {
        let full = self.governor.len() >= self.max_subjects;
        let pause = if full { Self::SWEEP_FULL_EVERY } else { Self::SWEEP_EVERY };
        let now = u64::try_from(self.governor.clock().elapsed().as_millis()).unwrap_or(u64::MAX);
        let last = self.last_sweep.load(Ordering::Relaxed);
        if u128::from(now.saturating_sub(last)) < pause.as_millis() {
            return;
        }
        // One caller sweeps, the others continue.
        if self.last_sweep.compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            self.governor.retain_recent();
            if self.governor.len() < self.max_subjects / 4 {
                self.governor.shrink_to_fit();
            }
        }
    }
}

#[cfg(test)]
#[path = "rate_limiter/tests.rs"]
mod tests;
