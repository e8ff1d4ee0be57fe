//! Mail as it is sent.

use std::fmt;

use mfa_core::Timestamp;

use crate::recipient::Recipient;

/// `Message-ID` of the mail about one event.
///
/// It is the same for each attempt, so that mail programs show a mail once that was sent twice.
#[derive(Clone, PartialEq, Eq)]
pub struct MessageId(String);

impl MessageId {
    /// Creates the `Message-ID` of an event, below the domain of the sender. `event_id` is hexadecimal.
    pub fn new(event_id: &str, domain: &str) -> Self {
        Self(format!("<{event_id}.nova-mfa@{domain}>"))
    }

    /// Returns the id with its angle brackets, as the header has it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Mail as it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailMessage {
    /// Recipient.
    pub to: Recipient,
    /// Subject.
    pub subject: String,
    /// Plain text. Lines end with `\n`.
    pub text: String,
    /// Language tag (BCP 47) of subject and text.
    pub language: &'static str,
    /// `Message-ID`.
    pub id: MessageId,
    /// Time of the event, for the header `Date`: the mail is the same at each attempt.
    pub at: Timestamp,
}
