//! The committer: gathers decisions, stores them in groups, answers after the commit.
//!
//! A committer is one thread with one connection. Accounts belong to committers by their id, so decisions for one
//! account never race inside a process; between processes each write compares the row's version. A row that somebody
//! else holds or has changed goes to the slow lane, which may wait for it.

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

use clock::now;
use contended::ContendedAccounts;
use queue::{Job, Queue};

pub(super) use group::GroupContext;
pub use limits::CommitterLimits;
pub(super) use write::{AccountWrite, Decide, GroupFailure, GroupStore, StoreFactory, WriteResult};

/// The committers of one database.
pub(super) struct Committers {
    seats: Vec<Arc<CommitterSlot>>,
    lane: Option<Arc<Queue>>,
    slow: Arc<ContendedAccounts>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    limits: CommitterLimits,
}

/// The place of one committer: its queue, and who sits there.
struct CommitterSlot {
    queue: Arc<Queue>,
    worker: Worker,
    maker: StoreFactory,
    /// Which thread it is whose place this is; an earlier one leaves as soon as it is heard of again.
    turn: AtomicU64,
    /// Since when that one is busy with one group.
    busy_since: Mutex<Option<Instant>>,
    /// Earlier ones that have not been heard of again.
    silent: AtomicUsize,
}

/// The most earlier threads that one place may be waiting for: each holds a connection.
const MOST_SILENT: usize = 2;

impl fmt::Debug for Committers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Committers").field("committers", &self.seats.len()).finish_non_exhaustive()
    }
}

impl Committers {
    /// Starts a thread for each committer, and for each taker of the slow lane where there is one.
    pub(super) fn start(
        makers: Vec<StoreFactory>,
        slow_makers: Vec<StoreFactory>,
        context: &GroupContext,
        limits: CommitterLimits,
    ) -> Self {
        let queue = || Arc::new(Queue::new(limits.waiting, limits.waiting_per_account));
        let slow = Arc::<ContendedAccounts>::default();
        let lane = (!slow_makers.is_empty()).then(queue);
        let mut threads = Vec::new();
        let mut seats = Vec::new();
        for maker in makers {
            let worker = Worker {
                lane: lane.clone(),
                slow: Arc::clone(&slow),
                context: context.clone(),
                group: limits.group,
            };
            let seat = Arc::new(CommitterSlot {
                queue: queue(),
                worker,
                maker,
                turn: AtomicU64::new(0),
                busy_since: Mutex::default(),
                silent: AtomicUsize::new(0),
            });
            threads.extend(seat.take(0));
            seats.push(seat);
        }
        if let Some(lane) = &lane {
            for maker in slow_makers {
                let (lane, slow, context) = (Arc::clone(lane), Arc::clone(&slow), context.clone());
                threads.extend(spawn("slow-lane", move || contended::work(&lane, &slow, &context, &maker)));
            }
        }
        Self { seats, lane, slow, threads: Mutex::new(threads), limits }
    }

    /// Hands a decision to the committer of its account and waits for the answer.
    pub(super) async fn apply(
        &self,
        user: UserId,
        turn: Phase,
        decision: Decision,
    ) -> Result<bool, StoreError> {
        let (answer, answered) = oneshot::channel();
        let deadline = now().checked_add(self.limits.patience).unwrap_or_else(now);
        let seat = self.seat_of(user);
        seat.queue.put(Job { user, turn, decision, answer, deadline, sent: None });
        match tokio::time::timeout(self.limits.answer_within, answered).await {
            Ok(Ok(answer)) => answer,
            // The committer died, or is silent: the commit may have happened.
            Ok(Err(_)) => Err(StoreError::new(StoreErrorKind::Unknown, "committer")),
            Err(_) => {
                self.replace_if_silent(seat);
                Err(StoreError::new(StoreErrorKind::Unknown, "committer"))
            }
        }
    }

    /// Puts another thread in the place of one that has been busy with one group for most of the time that a caller
    /// waits. What it may still store is guarded by the version of each row.
    fn replace_if_silent(&self, seat: &Arc<CommitterSlot>) {
        let whole = self.limits.answer_within;
        let silent_for = whole.saturating_sub(whole.checked_div(4).unwrap_or_default());
        let mut threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        let mut busy_since = seat.busy_since();
        let is_silent = busy_since.is_some_and(|since| now().duration_since(since) >= silent_for);
        if !is_silent || seat.silent.load(Ordering::SeqCst) >= MOST_SILENT {
            return;
        }
        seat.silent.fetch_add(1, Ordering::SeqCst);
        let turn = seat.turn.fetch_add(1, Ordering::SeqCst).wrapping_add(1);
        *busy_since = None;
        drop(busy_since);
        threads.extend(seat.take(turn));
    }

    fn seat_of(&self, user: UserId) -> &Arc<CommitterSlot> {
        // Fibonacci hashing: neighbouring ids spread over the committers.
        let spread = user.value().unsigned_abs().wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32;
        let place = usize::try_from(spread).unwrap_or(0).checked_rem(self.seats.len()).unwrap_or(0);
        let fallback = || self.seats.first();
        match self.seats.get(place).or_else(fallback) {
            Some(seat) => seat,
            None => unreachable!("a database has at least one committer"),
        }
    }

    /// How many decisions wait.
    pub(super) fn waiting(&self) -> usize {
        self.seats
            .iter()
            .map(|seat| &seat.queue)
            .chain(&self.lane)
            .map(|queue| queue.len())
            .fold(0, usize::saturating_add)
    }

    /// Whether a committer refuses decisions because too many wait.
    pub(super) fn is_full(&self) -> bool {
        self.seats.iter().any(|seat| seat.queue.is_full())
    }

    /// Takes no more decisions, answers those that wait for up to `within`, and refuses the rest.
    pub(super) fn stop(&self, within: Duration) {
        let end = now().checked_add(within).unwrap_or_else(now);
        for seat in &self.seats {
            seat.queue.close();
        }
        let mut threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        let lanes: Vec<_> = {
            let is_lane = |thread: &JoinHandle<()>| thread.thread().name() == Some("slow-lane");
            let (lanes, committers) = threads.drain(..).partition(is_lane);
            join(committers, end);
            lanes
        };
        // Closed only now: the committers may have handed it their last rows.
        if let Some(lane) = &self.lane {
            lane.close();
        }
        join(lanes, end);
        for queue in self.seats.iter().map(|seat| &seat.queue).chain(&self.lane) {
            queue.refuse_all();
        }
        self.slow.set().clear();
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

/// Waits for threads to end, but no longer than until `end`; one that has not ended by then is left behind.
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
    /// A thread takes the place.
    fn take(self: &Arc<Self>, turn: u64) -> Option<JoinHandle<()>> {
        let seat = Arc::clone(self);
        spawn("committer", move || {
            seat.work(turn);
            if seat.turn.load(Ordering::SeqCst) != turn {
                seat.silent.fetch_sub(1, Ordering::SeqCst);
            }
        })
    }

    fn busy_since(&self) -> MutexGuard<'_, Option<Instant>> {
        self.busy_since.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says since when this thread is busy; answers whether the place is still its own.
    fn set_busy(&self, turn: u64, since: Option<Instant>) -> bool {
        let mut busy_since = self.busy_since();
        let is_mine = self.turn.load(Ordering::SeqCst) == turn;
        if is_mine {
            *busy_since = since;
        }
        is_mine
    }

    fn work(&self, turn: u64) {
        let mut store = (self.maker)();
        while let Some(jobs) = self.queue.take(self.worker.group) {
            let jobs = self.worker.sort_out(jobs);
            if jobs.is_empty() {
                continue;
            }
            self.set_busy(turn, Some(now()));
            let ran = catch_unwind(AssertUnwindSafe(|| self.worker.context.run(store.as_mut(), jobs)));
            match ran {
                Ok(lost) => self.worker.slow_down(lost),
                // Whoever waited has lost its sender, and is told that the outcome is unknown.
                Err(_) => store = (self.maker)(),
            }
            if !self.set_busy(turn, None) {
                return;
            }
            drop(catch_unwind(AssertUnwindSafe(|| store.run_maintenance())));
        }
    }
}

/// What a committer does with jobs.
struct Worker {
    lane: Option<Arc<Queue>>,
    slow: Arc<ContendedAccounts>,
    context: GroupContext,
    group: usize,
}

impl Worker {
    /// Drops what has waited too long, and hands on what belongs to the slow lane.
    fn sort_out(&self, jobs: Vec<Job>) -> Vec<Job> {
        let now = now();
        let mut mine = Vec::with_capacity(jobs.len());
        for job in jobs {
            if job.deadline <= now {
                job.refuse(StoreErrorKind::Overloaded);
            } else if let (Some(lane), true) = (&self.lane, self.slow.set().contains(&job.user)) {
                lane.put(job);
            } else {
                mine.push(job);
            }
        }
        mine
    }

    fn slow_down(&self, lost: Vec<Job>) {
        self.context.metrics.slow(lost.len());
        for job in lost {
            match &self.lane {
                Some(lane) => {
                    self.slow.set().insert(job.user);
                    lane.put(job);
                }
                None => job.refuse(StoreErrorKind::Unavailable),
            }
        }
    }
}
