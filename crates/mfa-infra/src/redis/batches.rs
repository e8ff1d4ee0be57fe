//! Batches of rate limit requests: what arrives while Redis answers is sent with the next call.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout};

use super::error::RedisLimiterError;
use super::gcra::{self, GcraAnswer, GcraRequest};
use super::pool::Pool;

/// Deadline for opening a connection. Longer than any caller waits, for the benefit of later callers: the first of
/// several nodes or sentinels may be unreachable.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// Time between two calls, which gathers requests under load. A call costs several times as much as one more request in it.
const GATHER: Duration = Duration::from_millis(1);

/// Answer of Redis to one request. A failed call has one error for all its requests.
pub(super) type Answer = Result<GcraAnswer, Arc<RedisLimiterError>>;

/// Sender of rate limit requests to Redis. A few tasks send them, each with one call at a time.
pub(super) struct Batches {
    pool: Arc<Pool>,
    /// Deadline of a call on an open connection.
    deadline: Duration,
    runtime: Handle,
    queue: Mutex<RequestQueue>,
}

#[derive(Default)]
struct RequestQueue {
    requests: VecDeque<WaitingRequest>,
    /// Tasks that send requests.
    senders: usize,
    /// When the next call may start.
    next_call: Option<Instant>,
}

struct WaitingRequest {
    request: GcraRequest,
    answer: oneshot::Sender<Answer>,
}

impl Batches {
    pub(super) fn new(pool: Arc<Pool>, deadline: Duration, runtime: Handle) -> Self {
        Self { pool, deadline, runtime, queue: Mutex::default() }
    }

    fn queue(&self) -> MutexGuard<'_, RequestQueue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Queues a request. Wait with a deadline: Redis may not answer, and after the end of the runtime nothing is sent.
    pub(super) fn send(self: &Arc<Self>, request: GcraRequest) -> oneshot::Receiver<Answer> {
        let (answer, waiting) = oneshot::channel();
        let mut queue = self.queue();
        queue.requests.push_back(WaitingRequest { request, answer });
        let needs_sender = queue.senders < self.pool.max_senders();
        if needs_sender {
            queue.senders = queue.senders.saturating_add(1);
        }
        drop(queue);
        if needs_sender {
            let mut sender = Sender { batches: Arc::clone(self), has_ended: false };
            drop(self.runtime.spawn(async move { sender.run().await }));
        }
        waiting
    }
}

/// Task that sends the waiting requests until there are none.
struct Sender {
    batches: Arc<Batches>,
    has_ended: bool,
}

impl Sender {
    async fn run(&mut self) {
        loop {
            self.gather().await;
            let Some(batch) = self.next_batch() else { return };
            let result = self.call(&batch).await;
            match result.map_err(Arc::new) {
                Ok(answers) => {
                    for (waiting, answer) in batch.into_iter().zip(answers) {
                        drop(waiting.answer.send(Ok(answer)));
                    }
                }
                Err(error) => {
                    for waiting in batch {
                        drop(waiting.answer.send(Err(Arc::clone(&error))));
                    }
                }
            }
        }
    }

    /// Waits until the next call may start, unless each request is a call of its own.
    async fn gather(&self) {
        if self.batches.pool.max_batch() == 1 {
            return;
        }
        let next_call = self.batches.queue().next_call;
        if let Some(at) = next_call {
            tokio::time::sleep_until(at).await;
        }
    }

    /// Takes the next requests, without those whose callers no longer wait. `None`: there are none, and this task ends.
    fn next_batch(&mut self) -> Option<Vec<WaitingRequest>> {
        let max = self.batches.pool.max_batch();
        let mut queue = self.batches.queue();
        let mut batch = Vec::new();
        while batch.len() < max {
            match queue.requests.pop_front() {
                Some(waiting) if waiting.answer.is_closed() => {}
                Some(waiting) => batch.push(waiting),
                None => break,
            }
        }
        if !batch.is_empty() {
            queue.next_call = Instant::now().checked_add(GATHER);
            return Some(batch);
        }
        // Under the same lock as the search, so that a request that arrives now starts another task.
        queue.senders = queue.senders.saturating_sub(1);
        self.has_ended = true;
        None
    }

    async fn call(&self, batch: &[WaitingRequest]) -> Result<Vec<GcraAnswer>, RedisLimiterError> {
        let pool = &self.batches.pool;
        let connected = timeout(CONNECT_TIMEOUT, pool.connect()).await;
        let mut connection = connected.map_err(|_| RedisLimiterError::ConnectionLate)??;
        // Too late for these callers, but the next ones find the connection open.
        if batch.iter().all(|waiting| waiting.answer.is_closed()) {
            return Err(RedisLimiterError::Late);
        }
        let call = gcra::call(batch.iter().map(|waiting| &waiting.request));
        let result = match timeout(self.batches.deadline, connection.run(&call)).await {
            Ok(result) => result,
            Err(_) => Err(RedisLimiterError::Late),
        };
        let answers =
            result.and_then(|answer| gcra::split(&answer, batch.len()).ok_or(RedisLimiterError::Answer));
        if answers.is_err() {
            connection.close();
        }
        answers
    }
}

/// If the runtime has stopped, the task ends early, and nobody else sends the waiting requests.
impl Drop for Sender {
    fn drop(&mut self) {
        if !self.has_ended {
            let mut queue = self.batches.queue();
            queue.senders = queue.senders.saturating_sub(1);
            if queue.senders == 0 {
                queue.requests.clear();
            }
        }
    }
}

impl fmt::Debug for Batches {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batches").field("pool", &self.pool).finish_non_exhaustive()
    }
}
