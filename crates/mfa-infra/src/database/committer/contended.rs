//! The slow lane: one account at a time, where waiting for a row is allowed, and so always some progress.

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use mfa_core::{StoreErrorKind, UserId};

use super::clock::now;
use super::group::GroupContext;
use super::queue::{Job, Queue};
use super::write::{GroupStore, StoreFactory};

/// How long after its deadline a write that was sent is still looked for: callers wait for so long.
const LOOKED_FOR: Duration = Duration::from_secs(4);
/// How long the lane waits before it looks again in a database that is away.
const PAUSE: Duration = Duration::from_millis(50);

/// The accounts whose decisions go to the slow lane.
#[derive(Default)]
pub(super) struct ContendedAccounts(Mutex<HashSet<UserId>>);

impl ContendedAccounts {
    pub(super) fn set(&self) -> MutexGuard<'_, HashSet<UserId>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) fn work(queue: &Queue, slow: &ContendedAccounts, context: &GroupContext, maker: &StoreFactory) {
    let mut store = maker();
    while let Some((user, jobs)) = queue.take_account() {
        for batch in batches(jobs) {
            let jobs = run(batch, context, &mut store, maker);
            for job in jobs {
                job.refuse(StoreErrorKind::Unavailable);
            }
        }
        // Under the lock of the set, so that no job slips into the lane after the account has left it.
        let mut set = slow.set();
        if queue.give_back(user) {
            set.remove(&user);
        }
    }
}

/// Jobs of one write whose outcome is not known come together, and before those that were never sent.
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

/// Runs jobs to their end. What comes back was not stored, or is not known to be; nothing more can be done for it.
fn run(
    mut jobs: Vec<Job>,
    context: &GroupContext,
    store: &mut Box<dyn GroupStore>,
    maker: &StoreFactory,
) -> Vec<Job> {
    loop {
        let now = now();
        let is_late = |job: &Job| {
            let grace = if job.sent.is_some() { LOOKED_FOR } else { Duration::ZERO };
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
            *store = maker();
            return Vec::new();
        };
        // A row that was lost while it was held cannot be; one whose write is to be looked for is looked for again.
        let (sent, lost): (Vec<_>, Vec<_>) = lost.into_iter().partition(|job| job.sent.is_some());
        if sent.is_empty() {
            return lost;
        }
        for job in lost {
            job.refuse(StoreErrorKind::Unavailable);
        }
        jobs = sent;
        std::thread::sleep(PAUSE);
    }
}
