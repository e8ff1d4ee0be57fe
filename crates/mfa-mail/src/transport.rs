//! Port of the mail server.

use std::fmt;

use mfa_core::BoxFuture;

use crate::message::MailMessage;

/// Sends mails one after the other.
pub trait MailTransport: Send + Sync + fmt::Debug {
    /// Sends a mail. It may keep the connection for the next one.
    fn send<'a>(&'a self, message: &'a MailMessage) -> BoxFuture<'a, MailOutcome>;

    /// Ends the connection, if one is open: no mail is waiting.
    fn close(&self) -> BoxFuture<'_, ()>;
}

/// Outcome of an attempt to send a mail. The reasons contain no address and no password.
///
/// Exhaustive, so that each outcome is handled.
#[must_use]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MailOutcome {
    /// The server accepted the mail.
    Sent,
    /// The server refused this mail for good (SMTP 5xx): it is not tried again.
    Refused(String),
    /// The server refused this mail for now (SMTP 4xx), or the connection ended while it was sent.
    Failed(String),
    /// The server could not be reached, or refused the connection or the login: no mail can be sent.
    Unavailable(String),
}
