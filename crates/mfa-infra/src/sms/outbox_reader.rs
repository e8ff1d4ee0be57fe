//! What stands in the outbox, for the phone that the interface shows in development.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::PathBuf;

use mfa_core::SecretText;
use serde::Deserialize;

/// As much of the end of the file as is read: room for dozens of messages.
const TAIL: u64 = 16 * 1024;

/// Reads the newest messages of an outbox.
#[derive(Clone, Debug)]
pub struct OutboxReader {
    path: PathBuf,
}

/// One message that would have been sent.
#[derive(Clone, Debug)]
pub struct OutboxMessage {
    /// The number, in full: this is a developer's own file.
    pub to: SecretText,
    /// The text, with its code.
    pub text: SecretText,
    /// When (RFC 3339, UTC).
    pub at: String,
}

#[derive(Deserialize)]
struct Line {
    to: String,
    text: String,
    at: String,
}

impl OutboxReader {
    /// Of the outbox in this file.
    pub const fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// The newest messages, newest first; none where nothing was sent yet.
    ///
    /// # Errors
    ///
    /// What the operating system says of a file that is there and cannot be read.
    pub fn newest(&self, most: usize) -> io::Result<Vec<OutboxMessage>> {
        let mut file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(TAIL)))?;
        let mut tail = Vec::new();
        file.take(TAIL).read_to_end(&mut tail)?;
        // The first line may be cut in half, and the last one is being written: neither is JSON then.
        let lines =
            tail.rsplit(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice::<Line>(line).ok());
        Ok(lines.take(most).map(OutboxMessage::from).collect())
    }
}

impl From<Line> for OutboxMessage {
    fn from(Line { to, text, at }: Line) -> Self {
        Self { to: SecretText::new(to), text: SecretText::new(text), at }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn texts(content: &str, most: usize) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("outbox");
        fs::write(&path, content).unwrap();
        let messages = OutboxReader::new(path).newest(most).unwrap();
        messages.into_iter().map(|it| it.text.expose().to_owned()).collect()
    }

    fn line(text: &str) -> String {
        format!(
            "{}\n",
            serde_json::json!({ "to": "+33612345612", "text": text, "at": "2026-11-22T12:00:00Z" })
        )
    }

    #[test]
    fn the_newest_message_comes_first_and_no_more_come_than_were_asked_for() {
        let content = [line("one"), line("two"), line("three")].concat();
        assert_eq!(texts(&content, 2), ["three", "two"]);
    }

    #[test]
    fn lines_that_are_cut_are_passed_over() {
        assert_eq!(texts(&[&line("one")[20..], &line("two"), r#"{"to":"+33"#].concat(), 9), ["two"]);
        let long = [line(&"x".repeat(20_000)), line("short")].concat();
        assert_eq!(texts(&long, 9), ["short"]);
    }

    #[test]
    fn an_outbox_that_is_not_there_yet_is_empty() {
        let folder = tempfile::tempdir().unwrap();
        assert!(OutboxReader::new(folder.path().join("none")).newest(3).unwrap().is_empty());
    }
}
