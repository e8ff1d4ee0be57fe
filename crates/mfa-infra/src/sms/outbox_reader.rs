//! Reader of the SMS outbox, for the SMS preview of the web interface in development.

use std::io;
use std::path::PathBuf;

use mfa_core::SecretText;
use serde::Deserialize;

use crate::outbox_file;

/// Reads the newest messages of an outbox.
#[derive(Clone, Debug)]
pub struct OutboxReader {
    path: PathBuf,
}

/// Message in the outbox.
#[derive(Clone, Debug)]
pub struct OutboxMessage {
    /// Phone number, not masked: the file belongs to a developer.
    pub to: SecretText,
    /// Message text with the code.
    pub text: SecretText,
    /// Time of sending (RFC 3339, UTC).
    pub at: String,
}

#[derive(Deserialize)]
struct StoredMessage {
    to: String,
    text: String,
    at: String,
}

impl OutboxReader {
    /// Creates a reader of the outbox in this file.
    pub const fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// Returns at max `max` messages, newest first; none if the file does not exist yet.
    ///
    /// # Errors
    ///
    /// The error of the operating system if the file exists but cannot be read.
    pub fn newest(&self, max: usize) -> io::Result<Vec<OutboxMessage>> {
        let stored: Vec<StoredMessage> = outbox_file::newest(&self.path, max)?;
        Ok(stored.into_iter().map(OutboxMessage::from).collect())
    }
}

impl From<StoredMessage> for OutboxMessage {
    fn from(StoredMessage { to, text, at }: StoredMessage) -> Self {
        Self { to: SecretText::new(to), text: SecretText::new(text), at }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn texts(content: &str, max: usize) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("outbox");
        fs::write(&path, content).unwrap();
        let messages = OutboxReader::new(path).newest(max).unwrap();
        messages.into_iter().map(|it| it.text.expose().to_owned()).collect()
    }

    fn line(text: &str) -> String {
        format!(
            "{}\n",
            serde_json::json!({ "to": "+33612345612", "text": text, "at": "2026-11-22T12:00:00Z" })
        )
    }

    #[test]
    fn the_newest_message_comes_first_and_no_more_than_requested() {
        let content = [line("one"), line("two"), line("three")].concat();
        assert_eq!(texts(&content, 2), ["three", "two"]);
    }

    #[test]
    fn truncated_lines_are_skipped() {
        assert_eq!(texts(&[&line("one")[20..], &line("two"), r#"{"to":"+33"#].concat(), 9), ["two"]);
        let long = [line(&"x".repeat(20_000)), line("short")].concat();
        assert_eq!(texts(&long, 9), ["short"]);
    }

    #[test]
    fn an_outbox_that_does_not_exist_is_empty() {
        let folder = tempfile::tempdir().unwrap();
        assert!(OutboxReader::new(folder.path().join("none")).newest(3).unwrap().is_empty());
    }
}
