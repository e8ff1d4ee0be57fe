//! Notifications by e-mail (NIST SP 800-63B-4 §4.6): which events notify the user, with which text, and for how long
//! the sending is retried.
//!
//! - [`Notice`]: the kinds of notification. [`notices`] maps the events of a decision to notices. Its `match` is exhaustive,
//!   so that a new kind of event is a decision.
//! - [`MailTexts`]: composes the mail of a notice in the user's language. No mail contains a code, a secret, a phone
//!   number, a password, or a text that somebody else may have chosen, such as a name or the header of a browser.
//! - [`RetrySchedule`]: pauses between attempts, up to 24 hours.
//! - [`MailOutbox`] and [`MailTransport`]: ports of the queue and of the mail server.
//!
//! This crate does no I/O. To add a notice, add a variant to [`Notice`], its case in [`notices`], and its two texts in
//! `locales/fr/mail.ftl` and `locales/en/mail.ftl`.

mod compose;
mod device;
mod message;
mod notice;
mod outbox;
mod recipient;
mod retry;
mod selection;
mod transport;

pub use compose::{HelpContact, MailTexts, MailTextsError};
pub use message::{MailMessage, MessageId};
pub use notice::Notice;
pub use outbox::{MailOutbox, MailQueueState, QueuedMail, QueuedNotice};
pub use recipient::{Recipient, RecipientError};
pub use retry::RetrySchedule;
pub use selection::{LOCK_INTERVAL, notices};
pub use transport::{MailOutcome, MailTransport};
