//! Worker that sends the queued mails: one server at a time, each mail at least once.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use mfa_core::{Clock, StoreError, Timestamp};
use mfa_mail::{
    MailMessage, MailOutbox, MailOutcome, MailQueueState, MailTexts, MailTransport, QueuedMail, RetrySchedule,
};
use slog::Logger;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::metrics::{DropReason, MailMetrics};

/// Interval between two looks at the queue.
const INTERVAL: Duration = Duration::from_secs(1);
/// Duration of the lease. After a crash another server sends from then on.
const LEASE: Duration = Duration::from_secs(30);
/// Interval in which the lease is extended while a mail is sent.
const RENEWAL: Duration = Duration::from_secs(10);
/// Interval between two removals of old mails, if this server sends none.
const CLEANUP: Duration = Duration::from_hours(1);
/// Longest pause while the mail server cannot be used.
const LONGEST_PAUSE: Duration = Duration::from_mins(5);
/// Age of the oldest mail from which the queue counts as blocked.
const BLOCKED_AFTER: Duration = Duration::from_mins(10);

/// Parts that the worker uses.
#[derive(Debug)]
pub(crate) struct MailWorkerParts {
    pub(crate) outbox: Arc<dyn MailOutbox>,
    /// `None` if users are told of nothing.
    pub(crate) transport: Option<Arc<dyn MailTransport>>,
    pub(crate) texts: MailTexts,
    pub(crate) clock: Arc<dyn Clock>,
    /// Random name of this process.
    pub(crate) holder: String,
    pub(crate) log: Logger,
    pub(crate) metrics: MailMetrics,
}

/// Background task that sends queued mails.
#[derive(Debug)]
pub(crate) struct MailWorker {
    parts: MailWorkerParts,
    state: Mutex<MailQueueState>,
    stopped: CancellationToken,
}

/// State of the queue for the readiness check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MailQueueHealth {
    /// Nothing has waited for long.
    Drains,
    /// The oldest mail has waited for long.
    Blocked,
}

/// Next step of the worker after a mail.
enum Next {
    Continue,
    /// No mail can be sent now.
    Pause,
}

impl MailWorker {
    pub(crate) fn new(parts: MailWorkerParts) -> Self {
        Self { parts, state: Mutex::default(), stopped: CancellationToken::new() }
    }

    /// Ends [`run`](Self::run) after the mail that is being sent.
    pub(crate) fn stop(&self) {
        self.stopped.cancel();
    }

    /// Returns the state of the queue at the last look.
    pub(crate) fn state(&self) -> MailQueueState {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns whether the queue drained at the last look.
    pub(crate) fn health(&self) -> MailQueueHealth {
        let oldest = self.state().oldest.filter(|_| self.parts.transport.is_some());
        match oldest {
            Some(oldest) if self.parts.clock.now().since(oldest) >= BLOCKED_AFTER => MailQueueHealth::Blocked,
            Some(_) | None => MailQueueHealth::Drains,
        }
    }

    /// Sends what is due, every second, until the worker is stopped.
    pub(crate) async fn run(self: Arc<Self>) {
        match &self.parts.transport {
            Some(transport) => self.send_all(transport.as_ref()).await,
            None => self.clean_up().await,
        }
    }

    async fn send_all(&self, transport: &dyn MailTransport) {
        let (mut failures, mut paused_until) = (0_u32, Instant::now());
        while self.pause(INTERVAL).await {
            let Ok(state) = self.look().await else { continue };
            let is_due = state.next_try.is_some_and(|at| at <= self.parts.clock.now());
            if !is_due || Instant::now() < paused_until {
                continue;
            }
            match self.drain(transport).await {
                Ok(Next::Continue) => failures = 0,
                Ok(Next::Pause) => {
                    failures = failures.saturating_add(1);
                    let pause = 2_u32.checked_pow(failures).map_or(LONGEST_PAUSE, |seconds| {
                        Duration::from_secs(seconds.into()).min(LONGEST_PAUSE)
                    });
                    paused_until = Instant::now().checked_add(pause).unwrap_or(paused_until);
                }
                // Readiness reports a database that does not answer.
                Err(error) => {
                    slog::debug!(self.parts.log, "cannot read the queue of mails"; "error" => %error);
                }
            }
            transport.close().await;
        }
        drop(self.parts.outbox.release_mail(self.parts.holder.clone()).await);
    }

    /// Removes old mails that were queued before notifications were switched off.
    async fn clean_up(&self) {
        let mut interval = INTERVAL.saturating_mul(60);
        while self.pause(interval).await {
            interval = CLEANUP;
            let before = self.parts.clock.now().minus(RetrySchedule::MAX_AGE);
            if let Ok(removed @ 1..) = self.parts.outbox.remove_mails_before(before).await {
                self.parts.metrics.dropped(DropReason::Expired, removed);
                slog::warn!(self.parts.log, "mails dropped: MFA_NOTIFY is off"; "mails" => removed);
            }
        }
    }

    /// Waits, and returns whether the worker was not stopped.
    async fn pause(&self, duration: Duration) -> bool {
        tokio::select! {
            () = self.stopped.cancelled() => false,
            () = tokio::time::sleep(duration) => true,
        }
    }

    async fn look(&self) -> Result<MailQueueState, StoreError> {
        let state = self.parts.outbox.queue_state().await?;
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = state;
        Ok(state)
    }

    /// Sends what is due, if this server has the lease, and releases it.
    async fn drain(&self, transport: &dyn MailTransport) -> Result<Next, StoreError> {
        if !self.lease().await? {
            return Ok(Next::Continue);
        }
        let orphans = self.parts.outbox.remove_mails_of_deleted_users().await?;
        if orphans > 0 {
            self.parts.metrics.dropped(DropReason::UserDeleted, orphans);
        }
        let mut next = Next::Continue;
        // One after the other and each read just before it is sent: the user's data may be erased meanwhile.
        while !self.stopped.is_cancelled() && self.lease().await? {
            let Some(mail) = self.parts.outbox.next_mail(self.parts.clock.now()).await? else { break };
            next = self.deliver(transport, mail).await?;
            if matches!(next, Next::Pause) {
                break;
            }
        }
        self.parts.outbox.release_mail(self.parts.holder.clone()).await?;
        Ok(next)
    }

    async fn lease(&self) -> Result<bool, StoreError> {
        let now = self.parts.clock.now();
        self.parts.outbox.lease_mail(self.parts.holder.clone(), now, now.plus(LEASE)).await
    }

    async fn deliver(&self, transport: &dyn MailTransport, mail: QueuedMail) -> Result<Next, StoreError> {
        if RetrySchedule.is_too_old(mail.queued.at, self.parts.clock.now()) {
            self.give_up(mail, DropReason::Expired, "it could not be sent for 24 hours").await?;
            return Ok(Next::Continue);
        }
        let message = match self.parts.texts.compose(&mail) {
            Ok(message) => message,
            Err(error) => {
                self.give_up(mail, DropReason::Address, &error.to_string()).await?;
                return Ok(Next::Continue);
            }
        };
        match self.send_with_lease(transport, &message).await {
            MailOutcome::Sent => {
                self.parts.metrics.sent();
                slog::info!(self.parts.log, "mail sent"; "user" => mail.queued.user.value(),
                    "notice" => mail.queued.notice.as_str(), "message_id" => message.id.as_str());
                // If this fails, the mail is sent again with the same Message-ID.
                self.parts.outbox.remove_mail(mail.queued.event_id).await?;
                Ok(Next::Continue)
            }
            MailOutcome::Refused(reason) => {
                self.give_up(mail, DropReason::Refused, &reason).await?;
                Ok(Next::Continue)
            }
            MailOutcome::Failed(reason) => {
                self.postpone(mail, &reason).await?;
                Ok(Next::Continue)
            }
            MailOutcome::Unavailable(reason) => {
                self.postpone(mail, &reason).await?;
                Ok(Next::Pause)
            }
        }
    }

    /// Sends a mail, and extends the lease as long as this takes.
    async fn send_with_lease(&self, transport: &dyn MailTransport, message: &MailMessage) -> MailOutcome {
        let mut sending = transport.send(message);
        loop {
            match tokio::time::timeout(RENEWAL, &mut sending).await {
                Ok(outcome) => return outcome,
                // Without the lease another server may send the mail too: mail programs show it once.
                Err(_) => drop(self.lease().await),
            }
        }
    }

    async fn postpone(&self, mail: QueuedMail, reason: &str) -> Result<(), StoreError> {
        let tries = mail.tries.saturating_add(1);
        let now: Timestamp = self.parts.clock.now();
        let Some(next) = RetrySchedule.next_try(tries, mail.queued.at, now) else {
            return self.give_up(mail, DropReason::Expired, reason).await;
        };
        self.parts.metrics.failed();
        slog::warn!(self.parts.log, "mail not sent, it is tried again"; "user" => mail.queued.user.value(),
            "notice" => mail.queued.notice.as_str(), "tries" => tries, "reason" => reason);
        self.parts.outbox.postpone_mail(mail.queued.event_id, tries, next).await
    }

    async fn give_up(&self, mail: QueuedMail, why: DropReason, reason: &str) -> Result<(), StoreError> {
        self.parts.metrics.dropped(why, 1);
        slog::error!(self.parts.log, "mail dropped"; "user" => mail.queued.user.value(),
            "notice" => mail.queued.notice.as_str(), "tries" => mail.tries, "reason" => reason);
        self.parts.outbox.remove_mail(mail.queued.event_id).await
    }
}
