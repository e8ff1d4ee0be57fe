//! Mails to users: SMTP, the outbox file of development, and the worker that sends what decisions queued.
//!
//! The queue is in the database ([`MailOutbox`](mfa_mail::MailOutbox)); what is told to whom, and the texts, are in
//! `mfa-mail`.

mod encode;
mod outbox;
mod smtp;
mod smtp_error;
mod worker;

pub use outbox::{MailOutboxFile, MailOutboxReader, OutboxMail};
pub use smtp::SmtpTransport;
pub(crate) use worker::{MailQueueHealth, MailWorker, MailWorkerParts};
