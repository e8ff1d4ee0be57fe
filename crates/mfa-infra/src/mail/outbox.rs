//! Outbox file of mails, for development: written instead of sending, and read by the preview of the pages.

use std::io::{self, Write as _};
use std::path::PathBuf;

use mfa_core::BoxFuture;
use mfa_mail::{MailMessage, MailOutcome, MailTransport};
use serde::{Deserialize, Serialize};

use crate::outbox_file;

/// Transport that appends each mail to a file as a JSON line, for development.
#[derive(Debug)]
pub struct MailOutboxFile {
    path: PathBuf,
}

/// Mail in the outbox file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutboxMail {
    /// Address of the recipient, not masked: the file belongs to a developer.
    pub to: String,
    /// Subject.
    pub subject: String,
    /// Plain text.
    pub text: String,
    /// Time of the event (RFC 3339, UTC).
    pub at: String,
    /// Language tag.
    pub language: String,
    /// `Message-ID`.
    pub message_id: String,
}

impl MailOutboxFile {
    /// Creates an outbox in this file. The first mail creates the file and its folder.
    pub const fn new(path: PathBuf) -> Self {
        Self { path }
    }

    fn append(&self, message: &MailMessage) -> io::Result<()> {
        let line = OutboxMail {
            to: message.to.as_str().to_owned(),
            subject: message.subject.clone(),
            text: message.text.clone(),
            at: message.at.to_rfc3339().unwrap_or_default(),
            language: message.language.to_owned(),
            message_id: message.id.as_str().to_owned(),
        };
        let mut bytes = serde_json::to_vec(&line)?;
        bytes.push(b'\n');
        // One write, so that the lines of two servers do not mix.
        outbox_file::open(&self.path)?.write_all(&bytes)
    }
}

impl MailTransport for MailOutboxFile {
    fn send<'a>(&'a self, message: &'a MailMessage) -> BoxFuture<'a, MailOutcome> {
        Box::pin(async {
            match self.append(message) {
                Ok(()) => MailOutcome::Sent,
                Err(error) => {
                    MailOutcome::Unavailable(format!("cannot write {}: {error}", self.path.display()))
                }
            }
        })
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {})
    }
}

/// Reads the newest mails of an outbox file.
#[derive(Clone, Debug)]
pub struct MailOutboxReader {
    path: PathBuf,
}

impl MailOutboxReader {
    /// Creates a reader of the outbox in this file.
    pub const fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// Returns at most `max` mails, newest first; none if the file does not exist yet.
    ///
    /// # Errors
    ///
    /// The error of the operating system if the file exists but cannot be read.
    pub fn newest(&self, max: usize) -> io::Result<Vec<OutboxMail>> {
        outbox_file::newest(&self.path, max)
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use mfa_core::Timestamp;
    use mfa_mail::{MessageId, Recipient};

    use super::*;

    #[tokio::test]
    async fn each_mail_is_a_line_that_only_the_owner_may_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data/mail-outbox.jsonl");
        let outbox = MailOutboxFile::new(path.clone());
        for subject in ["one", "two"] {
            let message = MailMessage {
                to: Recipient::parse("ada@example.com").unwrap(),
                subject: subject.to_owned(),
                text: "a\nb\n".to_owned(),
                language: "en",
                id: MessageId::new("0123", "localhost"),
                at: Timestamp::from_seconds(1_700_000_000),
            };
            assert_eq!(outbox.send(&message).await, MailOutcome::Sent);
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let first = r#"{"to":"ada@example.com","subject":"one","text":"a\nb\n","at":"2023-11-14T22:13:20Z","language":"en","message_id":"<0123.nova-mfa@localhost>"}"#;
        assert_eq!(text.lines().next(), Some(first));
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let newest = MailOutboxReader::new(path).newest(5).unwrap();
        let subjects: Vec<_> = newest.iter().map(|mail| mail.subject.as_str()).collect();
        assert_eq!(subjects, ["two", "one"]);
    }

    #[tokio::test]
    async fn a_file_that_cannot_be_written_is_reported_and_nothing_is_lost() {
        let folder = tempfile::tempdir().unwrap();
        let outbox = MailOutboxFile::new(folder.path().to_owned());
        let message = MailMessage {
            to: Recipient::parse("ada@example.com").unwrap(),
            subject: String::new(),
            text: String::new(),
            language: "en",
            id: MessageId::new("0123", "localhost"),
            at: Timestamp::from_seconds(0),
        };
        assert!(matches!(outbox.send(&message).await, MailOutcome::Unavailable(_)));
    }
}
