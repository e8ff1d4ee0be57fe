//! Committers: gather decisions, store them in groups, and answer after the commit.
//!
//! A committer is one thread with one connection. Each account belongs to one committer by its id, so decisions for an
//! account never race inside a process; between processes each write compares the row's version. A decision whose row
//! another session has locked or changed goes to the contended queue, whose threads may wait for the row.

mod clock;
mod contended;
mod group;
mod limits;
mod queue;
mod write;

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use mfa_core::{Decision, Phase, StoreError, StoreErrorKind, UserId};
use tokio::sync::oneshot;

use contended::ContendedAccounts;
use queue::{Job, Queue};

pub(super) use clock::now;
pub(super) use group::GroupContext;
pub use limits::CommitterLimits;
pub(super) use write::{AccountWrite, Decide, GroupFailure, GroupStore, StoreFactory, WriteResult};

/// Committers of one database.
pub(super) struct Committers {
    slots: Vec<Arc<CommitterSlot>>,
    /// Queue for contended rows; `None` if the database has a single writer.
    contended_queue: Option<Arc<Queue>>,
    contended: Arc<ContendedAccounts>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    limits: CommitterLimits,
}

/// Slot of one committer: its queue, and the thread that currently serves it.
struct CommitterSlot {
    queue: Arc<Queue>,
    worker: Worker,
    factory: StoreFactory,
    /// Generation of the current thread. A replaced thread ends as soon as it sees that its own is older.
    generation: AtomicU64,
    /// Start of the group that the current thread is working on.
    busy_since: Mutex<Option<Instant>>,
    /// Number of replaced threads that have not ended.
    unresponsive: AtomicUsize,
}

/// Name of the threads that serve the contended queue.
const CONTENDED_THREAD: &str = "contended";

/// Maximum number of replaced threads of one slot that have not ended: each holds a connection.
const MAX_UNRESPONSIVE: usize = 2;

impl fmt::Debug for Committers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Committers").field("committers", &self.slots.len()).finish_non_exhaustive()
    }
}

impl Committers {
    /// Starts one thread for each factory: committers, and consumers of the contended queue.
    pub(super) fn start(
        factories: Vec<StoreFactory>,
        contended_factories: Vec<StoreFactory>,
        context: &GroupContext,
        limits: CommitterLimits,
    ) -> Self {
        let queue = || Arc::new(Queue::new(limits.waiting, limits.waiting_per_account));
        let contended = Arc::<ContendedAccounts>::default();
        let contended_queue = (!contended_factories.is_empty()).then(queue);
        let mut threads = Vec::new();
        let mut slots = Vec::new();
        for factory in factories {
            let worker = Worker {
                contended_queue: contended_queue.clone(),
                contended: Arc::clone(&contended),
                context: context.clone(),
                group: limits.group,
            };
            let slot = Arc::new(CommitterSlot {
                queue: queue(),
                worker,
                factory,
                generation: AtomicU64::new(0),
                busy_since: Mutex::default(),
                unresponsive: AtomicUsize::new(0),
            });
            threads.extend(slot.spawn(0));
            slots.push(slot);
        }
        if let Some(queue) = &contended_queue {
            for factory in contended_factories {
                let (queue, accounts, context) = (Arc::clone(queue), Arc::clone(&contended), context.clone());
                let work = move || contended::work(&queue, &accounts, &context, &factory);
                threads.extend(spawn(CONTENDED_THREAD, work));
            }
        }
        Self { slots, contended_queue, contended, threads: Mutex::new(threads), limits }
    }

    /// Queues a decision at the committer of its account and waits for the result.
    pub(super) async fn apply(
        &self,
        user: UserId,
        phase: Phase,
        decision: Decision,
    ) -> Result<bool, StoreError> {
        let (answer, answered) = oneshot::channel();
        let deadline = now().checked_add(self.limits.patience).unwrap_or_else(now);
        let slot = self.slot_for(user);
        slot.queue.put(Job { user, phase, decision, answer, deadline, sent: None });
        match tokio::time::timeout(self.limits.answer_within, answered).await {
            Ok(Ok(answer)) => answer,
            // The committer panicked or does not respond: the commit may have happened.
            Ok(Err(_)) => Err(StoreError::new(StoreErrorKind::Unknown, "committer")),
            Err(_) => {
                self.replace_if_unresponsive(slot);
                Err(StoreError::new(StoreErrorKind::Unknown, "committer"))
            }
        }
    }

    /// Replaces a thread that has worked on one group for three quarters of the time that a caller waits.
    ///
    /// A late write of the replaced thread does no harm: it compares the version of each row.
    fn replace_if_unresponsive(&self, slot: &Arc<CommitterSlot>) {
        let whole = self.limits.answer_within;
        let limit = whole.saturating_sub(whole.checked_div(4).unwrap_or_default());
        let mut threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        let mut busy_since = slot.busy_since();
        let is_unresponsive = busy_since.is_some_and(|since| now().duration_since(since) >= limit);
        if !is_unresponsive || slot.unresponsive.load(Ordering::SeqCst) >= MAX_UNRESPONSIVE {
            return;
        }
        slot.unresponsive.fetch_add(1, Ordering::SeqCst);
        let generation = slot.generation.fetch_add(1, Ordering::SeqCst).wrapping_add(1);
        *busy_since = None;
        drop(busy_since);
        threads.extend(slot.spawn(generation));
    }

    fn slot_for(&self, user: UserId) -> &Arc<CommitterSlot> {
        // Fibonacci hashing: neighbouring ids spread over the committers.
        let spread = user.value().unsigned_abs().wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        let index = usize::try_from(spread).unwrap_or(0).checked_rem(self.slots.len()).unwrap_or(0);
        let fallback = || self.slots.first();
        match self.slots.get(index).or_else(fallback) {
            Some(slot) => slot,
            None => unreachable!("a database has at least one committer"),
        }
    }

    /// Returns the number of waiting decisions.
    pub(super) fn waiting(&self) -> usize {
        self.slots
            .iter()
            .map(|slot| &slot.queue)
            .chain(&self.contended_queue)
            .map(|queue| queue.len())
            .fold(0, usize::saturating_add)
    }

    /// Whether a committer rejects decisions because too many wait.
    pub(super) fn is_full(&self) -> bool {
        self.slots.iter().any(|slot| slot.queue.is_full())
    }

    /// Rejects new decisions, completes the waiting ones for up to `within`, and rejects the rest.
    pub(super) fn stop(&self, within: Duration) {
        let end = now().checked_add(within).unwrap_or_else(now);
        for slot in &self.slots {
            slot.queue.close();
        }
        let mut threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        let contended: Vec<_> = {
            let is_contended = |thread: &JoinHandle<()>| thread.thread().name() == Some(CONTENDED_THREAD);
            let (contended, committers) = threads.drain(..).partition(is_contended);
            join(committers, end);
            contended
        };
        // Closed only now: the committers may have queued their last rows here.
        if let Some(queue) = &self.contended_queue {
            queue.close();
        }
        join(contended, end);
        for queue in self.slots.iter().map(|slot| &slot.queue).chain(&self.contended_queue) {
            queue.refuse_all();
        }
        self.contended.set().clear();
    }
}

impl Drop for Committers {
    fn drop(&mut self) {
        self.stop(Duration::from_secs(1));
    }
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Option<JoinHandle<()>> {
    std::thread::Builder::new().name(name.to_owned()).spawn(work).ok()
}

/// Waits until `end` for threads to end; a thread that has not ended by then is detached.
fn join(threads: Vec<JoinHandle<()>>, end: Instant) {
    for thread in threads {
        while !thread.is_finished() && now() < end {
            std::thread::sleep(Duration::from_millis(2));
        }
        if thread.is_finished() {
            drop(thread.join());
        }
    }
}

impl CommitterSlot {
    /// Starts the thread of this generation.
    fn spawn(self: &Arc<Self>, generation: u64) -> Option<JoinHandle<()>> {
        let slot = Arc::clone(self);
        spawn("committer", move || {
            slot.work(generation);
            if slot.generation.load(Ordering::SeqCst) != generation {
                slot.unresponsive.fetch_sub(1, Ordering::SeqCst);
            }
        })
    }

    fn busy_since(&self) -> MutexGuard<'_, Option<Instant>> {
        self.busy_since.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets the start of the current group. Returns `false` if this thread was replaced.
    fn set_busy(&self, generation: u64, since: Option<Instant>) -> bool {
        let mut busy_since = self.busy_since();
        let is_current = self.generation.load(Ordering::SeqCst) == generation;
        if is_current {
            *busy_since = since;
        }
        is_current
    }

    fn work(&self, generation: u64) {
        let mut store = (self.factory)();
        while let Some(jobs) = self.queue.take(self.worker.group) {
            let jobs = self.worker.accept(jobs);
            if jobs.is_empty() {
                continue;
            }
            self.set_busy(generation, Some(now()));
            let ran = catch_unwind(AssertUnwindSafe(|| self.worker.context.run(store.as_mut(), jobs)));
            match ran {
                Ok(lost) => self.worker.queue_contended(lost),
                // The callers lost their senders, so they receive `StoreErrorKind::Unknown`.
                Err(_) => store = (self.factory)(),
            }
            if !self.set_busy(generation, None) {
                return;
            }
            drop(catch_unwind(AssertUnwindSafe(|| store.run_maintenance())));
        }
    }
}

/// Processing of jobs by a committer.
struct Worker {
    contended_queue: Option<Arc<Queue>>,
    contended: Arc<ContendedAccounts>,
    context: GroupContext,
    group: usize,
}

impl Worker {
    /// Rejects expired jobs, moves jobs of contended accounts to their queue, and returns the rest.
    fn accept(&self, jobs: Vec<Job>) -> Vec<Job> {
        let now = now();
        let mut accepted = Vec::with_capacity(jobs.len());
        for job in jobs {
            if job.deadline <= now {
                job.refuse(StoreErrorKind::Overloaded);
            } else if let (Some(queue), true) =
                (&self.contended_queue, self.contended.set().contains(&job.user))
            {
                queue.put(job);
            } else {
                accepted.push(job);
            }
        }
        accepted
    }

    /// Moves jobs whose rows were locked or changed to the contended queue.
    fn queue_contended(&self, lost: Vec<Job>) {
        self.context.metrics.contended(lost.len());
        for job in lost {
            match &self.contended_queue {
                Some(queue) => {
                    self.contended.set().insert(job.user);
                    queue.put(job);
                }
                None => job.refuse(StoreErrorKind::Unavailable),
            }
        }
    }
}
