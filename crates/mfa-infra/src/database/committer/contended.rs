//! Threads of the contended queue: one account at a time, in a transaction that may wait for the row.

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use mfa_core::{StoreErrorKind, UserId};

use super::clock::now;
use super::group::GroupContext;
use super::queue::{Job, Queue};
use super::write::{GroupStore, StoreFactory};

/// Time after its deadline for which an unconfirmed write is still searched: callers wait that long.
const SEARCH_TIME: Duration = Duration::from_secs(4);
/// Pause before the next attempt on an unreachable database.
const RETRY_PAUSE: Duration = Duration::from_millis(50);

/// Accounts whose decisions go to the contended queue.
#[derive(Default)]
pub(super) struct ContendedAccounts(Mutex<HashSet<UserId>>);

impl ContendedAccounts {
    pub(super) fn set(&self) -> MutexGuard<'_, HashSet<UserId>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Serves the contended queue until it is closed and empty.
pub(super) fn work(
    queue: &Queue,
    accounts: &ContendedAccounts,
    context: &GroupContext,
    factory: &StoreFactory,
) {
    let mut store = factory();
    while let Some((user, jobs)) = queue.take_account() {
        for batch in batches(jobs) {
            let jobs = run(batch, context, &mut store, factory);
            for job in jobs {
                job.refuse(StoreErrorKind::Unavailable);
            }
        }
        // Under the lock of the set, so that no job enters the queue after its account was removed from the set.
        let mut set = accounts.set();
        if queue.release_account(user) {
            set.remove(&user);
        }
    }
}

/// Groups jobs by unconfirmed write, before the jobs that were never sent.
fn batches(jobs: Vec<Job>) -> Vec<Vec<Job>> {
    let (sent, fresh): (Vec<_>, Vec<_>) = jobs.into_iter().partition(|job| job.sent.is_some());
    let mut batches: Vec<Vec<Job>> = Vec::new();
    for job in sent {
        let same = |batch: &&mut Vec<Job>| {
            let other = batch.first().and_then(|it| it.sent.as_ref());
            other.zip(job.sent.as_ref()).is_some_and(|(one, other)| Arc::ptr_eq(one, other))
        };
        match batches.iter_mut().find(same) {
            Some(batch) => batch.push(job),
            None => batches.push(vec![job]),
        }
    }
    batches.push(fresh);
    batches
}

/// Runs jobs, and returns those that were not stored, or not as far as is known. They are not retried.
fn run(
    mut jobs: Vec<Job>,
    context: &GroupContext,
    store: &mut Box<dyn GroupStore>,
    factory: &StoreFactory,
) -> Vec<Job> {
    loop {
        let now = now();
        let is_late = |job: &Job| {
            let grace = if job.sent.is_some() { SEARCH_TIME } else { Duration::ZERO };
            job.deadline.checked_add(grace).is_none_or(|end| end <= now)
        };
        let (late, rest): (Vec<_>, Vec<_>) = jobs.into_iter().partition(is_late);
        for job in late {
            job.refuse(StoreErrorKind::Overloaded);
        }
        if rest.is_empty() {
            return Vec::new();
        }
        let Ok(lost) = catch_unwind(AssertUnwindSafe(|| context.run(store.as_mut(), rest))) else {
            *store = factory();
            return Vec::new();
        };
        // A row cannot be lost while this transaction holds its lock. Unconfirmed writes are searched again.
        let (sent, lost): (Vec<_>, Vec<_>) = lost.into_iter().partition(|job| job.sent.is_some());
        if sent.is_empty() {
            return lost;
        }
        for job in lost {
            job.refuse(StoreErrorKind::Unavailable);
        }
        jobs = sent;
        std::thread::sleep(RETRY_PAUSE);
    }
}
