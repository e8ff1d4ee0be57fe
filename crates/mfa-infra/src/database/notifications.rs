//! Mails of the events that a decision recorded, to be stored in the same commit.

use data_encoding::HEXLOWER;
use mfa_core::{Account, PreferredLanguage};
use mfa_mail::{QueuedNotice, notices};

use super::chain::ChainedEvent;

/// Queuing of notifications by email.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Notifications {
    /// Language of the mails about what an administrator did, and about requests without a language.
    pub fallback: PreferredLanguage,
}

impl Notifications {
    /// Returns the mails of the events. Notes in `after` what limits later ones. None for a user without an address.
    ///
    /// The address is the one in the row that the decision read. It is stored, because an attacker may change it before the
    /// mail is sent.
    pub(super) fn of(
        self,
        before: &Account,
        after: &mut Account,
        events: &[ChainedEvent],
    ) -> Vec<QueuedNotice> {
        let address = before.email.trim();
        if address.is_empty() {
            return Vec::new();
        }
        let selected = notices(before, after, events.iter().map(|it| &it.event));
        let mails = events.iter().zip(selected).filter_map(|(chained, notice)| {
            let own = chained.event.origin.language().filter(|_| chained.event.actor.is_none());
            Some(QueuedNotice {
                user: chained.user,
                seq: chained.seq,
                event_id: HEXLOWER.encode(&chained.event_id),
                address: address.to_owned(),
                notice: notice?,
                language: own.unwrap_or(self.fallback),
                at: chained.event.at,
            })
        });
        mails.collect()
    }
}
