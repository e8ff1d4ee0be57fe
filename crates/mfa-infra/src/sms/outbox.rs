//! SMS gateway that writes to a file, for development.

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use mfa_core::{BoxFuture, Clock, Timestamp};
use mfa_sms::{SendOutcome, SmsGateway, SmsMessage};
use serde::Serialize;
use zeroize::Zeroizing;

use crate::outbox_file;

/// SMS gateway that appends each message to a file as a JSON line: `to`, `text` and `at` (RFC 3339, UTC).
///
/// For development only: it blocks the calling thread while it writes.
#[derive(Debug)]
pub struct OutboxGateway {
    path: PathBuf,
    clock: Arc<dyn Clock>,
}

#[derive(Serialize)]
struct OutboxLine<'a> {
    to: &'a str,
    text: &'a str,
    at: &'a str,
}

impl OutboxGateway {
    /// Creates an outbox in this file. The first message creates the file and its folder.
    pub fn new(path: PathBuf, clock: Arc<dyn Clock>) -> Self {
        Self { path, clock }
    }

    fn append(&self, message: &SmsMessage) -> SendOutcome {
        let now = self.clock.now();
        let Ok(mut file) = outbox_file::open(&self.path) else {
            return SendOutcome::Retryable { after: None };
        };
        // One write, so that the lines of two servers do not mix. A partial line may contain the code.
        match file.write_all(&line(message, now)) {
            Ok(()) => SendOutcome::Accepted { id: format!("outbox-{}", now.millis()) },
            Err(_) => SendOutcome::Unknown,
        }
    }
}

impl SmsGateway for OutboxGateway {
    fn name(&self) -> &'static str {
        "outbox"
    }

    fn send<'a>(&'a self, message: &'a SmsMessage) -> BoxFuture<'a, SendOutcome> {
        Box::pin(async { self.append(message) })
    }
}

fn line(message: &SmsMessage, now: Timestamp) -> Zeroizing<Vec<u8>> {
    let at = Timestamp::from_seconds(now.seconds()).to_rfc3339();
    let line = OutboxLine {
        to: message.to.e164(),
        text: message.text.expose(),
        at: at.as_deref().unwrap_or_default(),
    };
    let mut bytes = Zeroizing::new(Vec::with_capacity(2048));
    // Serialising strings to a buffer cannot fail.
    let _ = serde_json::to_writer(&mut *bytes, &line);
    bytes.push(b'\n');
    bytes
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt as _;
    use std::path::Path;
    use std::time::Duration;

    use mfa_core::SecretText;
    use mfa_core::testing::ManualClock;
    use mfa_sms::PhoneNumber;

    use super::*;

    fn message(text: &str) -> SmsMessage {
        SmsMessage {
            to: PhoneNumber::parse("0612345612", "FR").unwrap(),
            text: SecretText::new(text.to_owned()),
            validity: Duration::from_mins(5),
        }
    }

    fn outbox(path: &Path) -> OutboxGateway {
        let clock = ManualClock::at(Timestamp::from_millis(1_700_000_000_042));
        OutboxGateway::new(path.to_owned(), Arc::new(clock))
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn every_message_is_a_line_that_only_the_owner_may_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data/sms-outbox.jsonl");
        let outbox = outbox(&path);
        for text in ["012345 est à vous\n@a.fr #012345", "second"] {
            let outcome = outbox.append(&message(text));
            assert_eq!(outcome, SendOutcome::Accepted { id: "outbox-1700000000042".into() });
        }
        let expected = concat!(
            r#"{"to":"+33612345612","text":"012345 est à vous\n@a.fr #012345","at":"2023-11-14T22:13:20Z"}"#,
            "\n",
            r#"{"to":"+33612345612","text":"second","at":"2023-11-14T22:13:20Z"}"#,
            "\n",
        );
        assert_eq!(fs::read_to_string(&path).unwrap(), expected);
        assert_eq!(mode(&path), 0o600);
    }

    #[test]
    fn a_file_that_others_can_read_is_restricted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("outbox");
        fs::write(&path, "").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(outbox(&path).append(&message("a")), SendOutcome::Accepted { .. }));
        assert_eq!(mode(&path), 0o600);
    }

    #[test]
    fn an_outbox_that_cannot_be_opened_has_sent_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let outcome = outbox(folder.path()).append(&message("a"));
        assert_eq!(outcome, SendOutcome::Retryable { after: None });
    }
}
