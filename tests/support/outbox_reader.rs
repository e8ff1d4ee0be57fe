//! Reader of the SMS outbox file.

use serde_json::Value;

use crate::{Installation, TestServer};

impl Installation {
    /// Returns the recipients and texts in the outbox, oldest first.
    pub fn outbox(&self) -> Vec<(String, String)> {
        let path = self.folder().join("data/sms-outbox.jsonl");
        let lines = std::fs::read_to_string(path).unwrap_or_default();
        let line = |line: &str| {
            let line: Value = serde_json::from_str(line).expect("a line of JSON");
            let text = |name: &str| line.get(name).and_then(Value::as_str).expect("a text").to_owned();
            (text("to"), text("text"))
        };
        lines.lines().map(line).collect()
    }

    /// Returns the code of the newest message to this number (E.164).
    #[track_caller]
    pub fn sms_code(&self, number: &str) -> String {
        let messages = self.outbox();
        let (_, text) = messages.iter().rev().find(|(to, _)| to == number).expect("a message to this number");
        let digits: String = text.chars().filter(char::is_ascii_digit).take(6).collect();
        assert_eq!(digits.len(), 6, "{text}");
        digits
    }
}

impl TestServer {
    /// Returns the recipients and texts in the outbox, oldest first.
    pub fn outbox(&self) -> Vec<(String, String)> {
        self.installation.outbox()
    }

    /// Returns the code of the newest message to this number (E.164).
    #[track_caller]
    pub fn sms_code(&self, number: &str) -> String {
        self.installation.sms_code(number)
    }
}
