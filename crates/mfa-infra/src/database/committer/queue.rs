//! Queue of a committer, bounded in total and per account.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use mfa_core::{Decision, Phase, StoreError, StoreErrorKind, UserId};
use tokio::sync::oneshot;

use super::write::AccountWrite;

/// Waiting decision.
pub(crate) struct Job {
    pub(crate) user: UserId,
    pub(crate) phase: Phase,
    pub(crate) decision: Decision,
    pub(crate) answer: oneshot::Sender<Result<bool, StoreError>>,
    /// Time after which the job is rejected without having run.
    pub(crate) deadline: Instant,
    /// Write that was sent for this job, if it is not known whether it was stored.
    pub(crate) sent: Option<Arc<AccountWrite>>,
}

impl Job {
    /// Sends the result to the caller.
    pub(crate) fn answer(self, answer: Result<bool, StoreError>) {
        // A caller that stopped waiting has already returned 503 at its own deadline.
        drop(self.answer.send(answer));
    }

    /// Reports that nothing was stored; or, after an unconfirmed write, that the outcome is unknown.
    pub(crate) fn refuse(self, kind: StoreErrorKind) {
        let kind = if self.sent.is_some() { StoreErrorKind::Unknown } else { kind };
        self.answer(Err(StoreError::new(kind, "committer")));
    }
}

/// Queue with one consumer or several.
pub(crate) struct Queue {
    state: Mutex<QueueState>,
    arrived: Condvar,
    max: usize,
    max_per_account: usize,
}

#[derive(Default)]
struct QueueState {
    jobs: VecDeque<Job>,
    per_account: HashMap<UserId, usize>,
    /// Accounts that a consumer is working on: their later jobs wait.
    taken: Vec<UserId>,
    closed: bool,
}

impl Queue {
    pub(crate) fn new(max: usize, max_per_account: usize) -> Self {
        Self { state: Mutex::default(), arrived: Condvar::new(), max, max_per_account }
    }

    fn state(&self) -> MutexGuard<'_, QueueState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues a job. Rejects it at once if too many wait, unless it settles what was begun or was sent before.
    pub(crate) fn put(&self, job: Job) {
        let mut state = self.state();
        let waiting = state.per_account.get(&job.user).copied().unwrap_or(0);
        let has_room = state.jobs.len() < self.max && waiting < self.max_per_account;
        let may_wait = job.phase == Phase::Settle || job.sent.is_some();
        if state.closed || !(may_wait || has_room) {
            drop(state);
            return job.refuse(StoreErrorKind::Overloaded);
        }
        state.per_account.insert(job.user, waiting.saturating_add(1));
        state.jobs.push_back(job);
        drop(state);
        self.arrived.notify_one();
    }

    pub(crate) fn len(&self) -> usize {
        self.state().jobs.len()
    }

    pub(crate) fn is_full(&self) -> bool {
        let state = self.state();
        state.closed || state.jobs.len() >= self.max
    }

    /// Waits for at least one job and takes up to `max`. Returns `None` once the queue is closed and empty.
    pub(crate) fn take(&self, max: usize) -> Option<Vec<Job>> {
        let mut state = self.state();
        loop {
            if !state.jobs.is_empty() {
                let count = max.min(state.jobs.len());
                let jobs: Vec<Job> = state.jobs.drain(..count).collect();
                for job in &jobs {
                    state.forget_waiting(job.user);
                }
                return Some(jobs);
            }
            if state.closed {
                return None;
            }
            state = self.arrived.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Waits for work and takes all jobs of one account that no other consumer is working on. End the work with
    /// [`Queue::release_account`].
    pub(crate) fn take_account(&self) -> Option<(UserId, Vec<Job>)> {
        let mut state = self.state();
        loop {
            let free = state.jobs.iter().map(|job| job.user).find(|user| !state.taken.contains(user));
            if let Some(user) = free {
                let (mine, rest): (Vec<_>, Vec<_>) = state.jobs.drain(..).partition(|job| job.user == user);
                state.jobs = rest.into();
                state.per_account.remove(&user);
                state.taken.push(user);
                return Some((user, mine));
            }
            if state.closed && state.jobs.is_empty() {
                return None;
            }
            state = self.arrived.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Ends the work on an account. Returns whether no more jobs of it wait.
    pub(crate) fn release_account(&self, user: UserId) -> bool {
        let mut state = self.state();
        state.taken.retain(|taken| *taken != user);
        let done = !state.per_account.contains_key(&user);
        drop(state);
        self.arrived.notify_all();
        done
    }

    /// Rejects new jobs; waiting jobs can still be taken.
    pub(crate) fn close(&self) {
        self.state().closed = true;
        self.arrived.notify_all();
    }

    /// Rejects all waiting jobs.
    pub(crate) fn refuse_all(&self) {
        let mut state = self.state();
        state.per_account.clear();
        let jobs: Vec<Job> = state.jobs.drain(..).collect();
        drop(state);
        for job in jobs {
            job.refuse(StoreErrorKind::Overloaded);
        }
    }
}

impl QueueState {
    fn forget_waiting(&mut self, user: UserId) {
        if let Some(count) = self.per_account.get_mut(&user) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.per_account.remove(&user);
            }
        }
    }
}
