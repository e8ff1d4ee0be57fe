//! Queue of recovery code sets that wait to be hashed: first enrolments before renewals.

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures::channel::oneshot;
use mfa_core::{Account, HashError, Timestamp, UserId};

use crate::error::FlowError;

/// Occasion on which a set of recovery codes is generated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CodeSetOccasion {
    /// First enrolment of a user.
    FirstEnrolment,
    /// Any other: a regeneration, a new authenticator app, or an enrolment soon after another.
    Renewal,
}

/// Time after a verified second factor in which an enrolment is no first one. Otherwise a user who enrols and removes a
/// factor in a loop would always go first.
const NEWCOMER_AFTER: Duration = Duration::from_hours(1);

impl CodeSetOccasion {
    /// Returns the occasion of an enrolment in this account, before the new factor is stored.
    pub(crate) fn of_enrolment(account: &Account, now: Timestamp) -> Self {
        let is_recent = account.last_success_at.is_some_and(|at| now.since(at) < NEWCOMER_AFTER);
        if account.has_factor() || is_recent { Self::Renewal } else { Self::FirstEnrolment }
    }
}

/// Queue in which sets of recovery codes wait for the slow hasher. Cheap to clone.
///
/// One set is hashed at a time, and one of each user is in the queue. First enrolments go first, so that nobody who
/// renews codes keeps newcomers from enrolling. After [`CodeQueue::MAX_PASSED_OVER`] of them one other set is hashed.
#[derive(Clone, Debug, Default)]
pub(crate) struct CodeQueue(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    running: HashSet<UserId>,
    first: VecDeque<Waiting>,
    others: VecDeque<Waiting>,
    /// First enrolments that were served while another set was waiting.
    passed_over: usize,
}

#[derive(Debug)]
struct Waiting {
    user: UserId,
    start: oneshot::Sender<()>,
}

/// Turn in the queue: the set may be hashed until this is dropped.
#[derive(Debug)]
pub(crate) struct CodeTurn {
    queue: CodeQueue,
    user: UserId,
}

impl CodeQueue {
    /// Sets that are hashed at once. The hasher has one thread for them.
    const RUNNING: usize = 1;
    /// First enrolments that wait: about four seconds of work.
    const FIRST: usize = 16;
    /// Other sets that wait.
    const OTHERS: usize = 3;
    /// First enrolments after which another set is served.
    const MAX_PASSED_OVER: usize = 8;

    /// Checks whether a set could enter the queue now.
    ///
    /// # Errors
    ///
    /// As [`CodeQueue::enter`].
    pub(crate) fn check_room(&self, user: UserId, occasion: CodeSetOccasion) -> Result<(), FlowError> {
        self.state().check_room(user, occasion)
    }

    /// Waits for the turn of a set.
    ///
    /// # Errors
    ///
    /// [`HashError::Overloaded`] at once if the queue is full, or a set of this user is in it.
    pub(crate) async fn enter(&self, user: UserId, occasion: CodeSetOccasion) -> Result<CodeTurn, FlowError> {
        let (turn, started) = self.join(user, occasion)?;
        started.await.map_err(|_| HashError::Overloaded)?;
        Ok(turn)
    }

    fn join(
        &self,
        user: UserId,
        occasion: CodeSetOccasion,
    ) -> Result<(CodeTurn, oneshot::Receiver<()>), FlowError> {
        let mut state = self.state();
        state.check_room(user, occasion)?;
        let (start, started) = oneshot::channel();
        state.line(occasion).push_back(Waiting { user, start });
        state.start_next();
        drop(state);
        Ok((CodeTurn { queue: self.clone(), user }, started))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn line(&mut self, occasion: CodeSetOccasion) -> &mut VecDeque<Waiting> {
        match occasion {
            CodeSetOccasion::FirstEnrolment => &mut self.first,
            CodeSetOccasion::Renewal => &mut self.others,
        }
    }

    fn check_room(&mut self, user: UserId, occasion: CodeSetOccasion) -> Result<(), FlowError> {
        let most = match occasion {
            CodeSetOccasion::FirstEnrolment => CodeQueue::FIRST,
            CodeSetOccasion::Renewal => CodeQueue::OTHERS,
        };
        if self.line(occasion).len() >= most || self.has(user) {
            return Err(HashError::Overloaded.into());
        }
        Ok(())
    }

    fn has(&self, user: UserId) -> bool {
        let waiting = self.first.iter().chain(&self.others);
        self.running.contains(&user) || waiting.into_iter().any(|it| it.user == user)
    }

    /// Starts waiting sets while a place is free.
    fn start_next(&mut self) {
        while self.running.len() < CodeQueue::RUNNING {
            let Some(next) = self.pop() else { return };
            if next.start.send(()).is_ok() {
                self.running.insert(next.user);
            }
        }
    }

    fn pop(&mut self) -> Option<Waiting> {
        let is_others_turn = self.first.is_empty() || self.passed_over >= CodeQueue::MAX_PASSED_OVER;
        if is_others_turn && let Some(other) = self.others.pop_front() {
            self.passed_over = 0;
            return Some(other);
        }
        let first = self.first.pop_front()?;
        if !self.others.is_empty() {
            self.passed_over = self.passed_over.saturating_add(1);
        }
        Some(first)
    }
}

impl Drop for CodeTurn {
    /// Ends the turn, or leaves the queue if the caller stopped waiting.
    fn drop(&mut self) {
        let mut state = self.queue.state();
        if state.running.remove(&self.user) {
            state.start_next();
        } else {
            state.first.retain(|it| it.user != self.user);
            state.others.retain(|it| it.user != self.user);
        }
    }
}

#[cfg(test)]
#[path = "code_queue/tests.rs"]
mod tests;
