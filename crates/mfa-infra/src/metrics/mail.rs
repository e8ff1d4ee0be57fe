//! Prometheus metrics of mails to users.

use mfa_core::Timestamp;
use mfa_mail::MailQueueState;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DropLabels {
    reason: &'static str,
}

/// Reason why a mail is not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DropReason {
    /// The mail server refused it for good.
    Refused,
    /// It could not be sent for 24 hours.
    Expired,
    /// The user's address is not one e-mail address.
    Address,
    /// The user was deleted.
    UserDeleted,
}

impl DropReason {
    const ALL: [Self; 4] = [Self::Refused, Self::Expired, Self::Address, Self::UserDeleted];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Expired => "expired",
            Self::Address => "address",
            Self::UserDeleted => "user_deleted",
        }
    }
}

/// Metrics of mails.
#[derive(Clone, Debug, Default)]
pub(crate) struct MailMetrics {
    sent: Counter,
    failed: Counter,
    dropped: Family<DropLabels, Counter>,
    queued: Gauge,
    oldest: Gauge,
}

impl MailMetrics {
    pub(super) fn register(registry: &mut Registry) -> Self {
        let it = Self::default();
        registry.register("mfa_mail_sent", "Total mails accepted by the mail server", it.sent.clone());
        registry.register(
            "mfa_mail_failed",
            "Total attempts to send a mail that failed and are repeated",
            it.failed.clone(),
        );
        registry.register(
            "mfa_mail_dropped",
            "Total mails that were given up, by reason",
            it.dropped.clone(),
        );
        registry.register("mfa_mail_queued", "Mails waiting in the queue", it.queued.clone());
        registry.register(
            "mfa_mail_oldest_seconds",
            "Age of the oldest mail in the queue, in seconds",
            it.oldest.clone(),
        );
        for reason in DropReason::ALL {
            drop(it.dropped.get_or_create(&DropLabels { reason: reason.as_str() }));
        }
        it
    }

    pub(crate) fn sent(&self) {
        self.sent.inc();
    }

    pub(crate) fn failed(&self) {
        self.failed.inc();
    }

    pub(crate) fn dropped(&self, reason: DropReason, mails: u64) {
        self.dropped.get_or_create(&DropLabels { reason: reason.as_str() }).inc_by(mails);
    }

    /// Sets the state of the queue.
    pub(crate) fn queue(&self, state: MailQueueState, now: Timestamp) {
        let age = state.oldest.map(|oldest| now.since(oldest).as_secs()).unwrap_or_default();
        self.queued.set(i64::try_from(state.queued).unwrap_or(i64::MAX));
        self.oldest.set(i64::try_from(age).unwrap_or(i64::MAX));
    }
}
