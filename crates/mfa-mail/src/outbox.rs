//! Port of the queue of mails.

use std::fmt;
use std::net::IpAddr;

use mfa_core::{BoxFuture, PreferredLanguage, StoreError, Timestamp, UserId};

use crate::notice::Notice;

/// Notice to be queued in the commit of its event.
#[derive(Clone, PartialEq, Eq)]
pub struct QueuedNotice {
    /// User who is told.
    pub user: UserId,
    /// Number of the event among the user's events.
    pub seq: u64,
    /// Id of the event, in hexadecimal.
    pub event_id: String,
    /// E-mail address of the user at the time of the event.
    pub address: String,
    /// Kind of the notification.
    pub notice: Notice,
    /// Language of the mail.
    pub language: PreferredLanguage,
    /// Time of the event.
    pub at: Timestamp,
}

impl fmt::Debug for QueuedNotice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("QueuedNotice");
        debug.field("user", &self.user).field("seq", &self.seq).field("notice", &self.notice);
        debug.finish_non_exhaustive()
    }
}

/// Notice that waits in the queue, with what its event says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueuedMail {
    /// The notice.
    pub queued: QueuedNotice,
    /// Number of failed attempts.
    pub tries: u32,
    /// Client address of the event; `None` if it is not known or was erased.
    pub ip: Option<IpAddr>,
    /// User agent of the event.
    pub user_agent: Option<String>,
}

/// State of the queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MailQueueState {
    /// Number of mails.
    pub queued: u64,
    /// Time of the event of the oldest one.
    pub oldest: Option<Timestamp>,
    /// Time of the next attempt.
    pub next_try: Option<Timestamp>,
}

/// Queue of mails, which all servers share. Decisions add to it in the commit of their events.
///
/// One server at a time sends: the one that holds the lease.
pub trait MailOutbox: Send + Sync + fmt::Debug {
    /// Returns the state of the queue.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the database did not answer.
    fn queue_state(&self) -> BoxFuture<'_, Result<MailQueueState, StoreError>>;

    /// Takes or extends the lease until `until`. Returns whether this holder has it; no other one has it then.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the database did not answer: this holder may have the lease.
    fn lease_mail(
        &self,
        holder: String,
        now: Timestamp,
        until: Timestamp,
    ) -> BoxFuture<'_, Result<bool, StoreError>>;

    /// Ends the lease of this holder, if it has it.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the database did not answer: the lease expires.
    fn release_mail(&self, holder: String) -> BoxFuture<'_, Result<(), StoreError>>;

    /// Returns the mail whose next attempt is due first. Mails of deleted users, and of notices that only another version
    /// knows, are skipped.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the database did not answer.
    fn next_mail(&self, now: Timestamp) -> BoxFuture<'_, Result<Option<QueuedMail>, StoreError>>;

    /// Removes a mail that was sent or is given up.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the database did not answer: it may be sent again.
    fn remove_mail(&self, event_id: String) -> BoxFuture<'_, Result<(), StoreError>>;

    /// Stores that an attempt failed, and the time of the next one.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the database did not answer: the mail stays due.
    fn postpone_mail(
        &self,
        event_id: String,
        tries: u32,
        next_try: Timestamp,
    ) -> BoxFuture<'_, Result<(), StoreError>>;

    /// Removes the mails of deleted users.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the database did not answer.
    fn remove_mails_of_deleted_users(&self) -> BoxFuture<'_, Result<u64, StoreError>>;

    /// Removes the mails of events before this time.
    ///
    /// # Errors
    ///
    /// [`StoreError`] if the database did not answer.
    fn remove_mails_before(&self, before: Timestamp) -> BoxFuture<'_, Result<u64, StoreError>>;
}
