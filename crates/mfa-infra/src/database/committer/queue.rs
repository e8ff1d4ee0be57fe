//! What waits for a committer: bounded in all and per account.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use mfa_core::{Decision, Phase, StoreError, StoreErrorKind, UserId};
use tokio::sync::oneshot;

use super::write::AccountWrite;

/// One decision that waits for its turn.
pub(crate) struct Job {
    pub(crate) user: UserId,
    pub(crate) turn: Phase,
    pub(crate) decision: Decision,
    pub(crate) answer: oneshot::Sender<Result<bool, StoreError>>,
    /// Past it the job is dropped undecided.
    pub(crate) deadline: Instant,
    /// What it was decided to and sent as, where it is not known whether that was stored.
    pub(crate) sent: Option<Arc<AccountWrite>>,
}

impl Job {
    pub(crate) fn answer(self, answer: Result<bool, StoreError>) {
        // A caller who no longer listens has been told 503 by its own deadline.
        drop(self.answer.send(answer));
    }

    /// Tells that nothing was stored; or, where something was sent before, that it is not known.
    pub(crate) fn refuse(self, kind: StoreErrorKind) {
        let kind = if self.sent.is_some() { StoreErrorKind::Unknown } else { kind };
        self.answer(Err(StoreError::new(kind, "committer")));
    }
}

/// A queue with one taker or several.
pub(crate) struct Queue {
    state: Mutex<State>,
    arrived: Condvar,
    most: usize,
    most_per_account: usize,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    per_account: HashMap<UserId, usize>,
    /// Accounts that a taker has in hand: their later jobs wait for it.
    taken: Vec<UserId>,
    closed: bool,
}

impl Queue {
    pub(crate) fn new(most: usize, most_per_account: usize) -> Self {
        Self { state: Mutex::default(), arrived: Condvar::new(), most, most_per_account }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a job in, or refuses it at once: one that begins something, where too many wait.
    pub(crate) fn put(&self, job: Job) {
        let mut state = self.state();
        let waiting = state.per_account.get(&job.user).copied().unwrap_or(0);
        let has_room = state.jobs.len() < self.most && waiting < self.most_per_account;
        let may_wait = job.turn == Phase::Settle || job.sent.is_some();
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
        state.closed || state.jobs.len() >= self.most
    }

    /// Waits for work and takes what is there, up to `most`; never waits for more. `None` once closed and empty.
    pub(crate) fn take(&self, most: usize) -> Option<Vec<Job>> {
        let mut state = self.state();
        loop {
            if !state.jobs.is_empty() {
                let count = most.min(state.jobs.len());
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

    /// Waits for work and takes all that waits for one account that no other taker has in hand. The taker hands the
    /// account back by [`Queue::give_back`].
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

    /// Hands an account back. Answers whether nothing more waits for it.
    pub(crate) fn give_back(&self, user: UserId) -> bool {
        let mut state = self.state();
        state.taken.retain(|taken| *taken != user);
        let done = !state.per_account.contains_key(&user);
        drop(state);
        self.arrived.notify_all();
        done
    }

    /// Takes no more jobs; those that wait are still taken.
    pub(crate) fn close(&self) {
        self.state().closed = true;
        self.arrived.notify_all();
    }

    /// Refuses all that still waits.
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

impl State {
    fn forget_waiting(&mut self, user: UserId) {
        if let Some(count) = self.per_account.get_mut(&user) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.per_account.remove(&user);
            }
        }
    }
}
