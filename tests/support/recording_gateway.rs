//! SMS gateway that records all messages.

use std::sync::{Mutex, PoisonError};

use mfa_core::BoxFuture;
use mfa_sms::{SendOutcome, SmsCode, SmsGateway, SmsMessage};

/// SMS gateway that accepts and stores every message.
#[derive(Debug, Default)]
pub struct RecordingGateway(Mutex<Vec<SmsMessage>>);

impl RecordingGateway {
    /// Returns the number of messages.
    pub fn count(&self) -> usize {
        self.messages().len()
    }

    /// Returns the code of the newest message.
    pub fn newest_code(&self) -> SmsCode {
        let messages = self.messages();
        let newest = messages.last().expect("a message");
        let digits: String = newest.text.expose().chars().filter(char::is_ascii_digit).take(6).collect();
        SmsCode::parse(&digits).expect("six digits")
    }

    fn messages(&self) -> Vec<SmsMessage> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl SmsGateway for RecordingGateway {
    fn name(&self) -> &'static str {
        "recording"
    }

    fn send<'a>(&'a self, message: &'a SmsMessage) -> BoxFuture<'a, SendOutcome> {
        Box::pin(async move {
            let mut messages = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            messages.push(message.clone());
            SendOutcome::Accepted { id: format!("recording-{}", messages.len()) }
        })
    }
}
