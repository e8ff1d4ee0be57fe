//! A gateway whose messages arrive at once, in the pockets of the tests.

use std::sync::{Mutex, PoisonError};

use mfa_core::BoxFuture;
use mfa_sms::{SendOutcome, SmsCode, SmsGateway, SmsMessage};

/// Takes every message and keeps it.
#[derive(Debug, Default)]
pub struct RecordingGateway(Mutex<Vec<SmsMessage>>);

impl RecordingGateway {
    /// How many messages there are.
    pub fn count(&self) -> usize {
        self.messages().len()
    }

    /// The code of the newest message.
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
        "pocket"
    }

    fn send<'a>(&'a self, message: &'a SmsMessage) -> BoxFuture<'a, SendOutcome> {
        Box::pin(async move {
            let mut messages = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            messages.push(message.clone());
            SendOutcome::Accepted { id: format!("pocket-{}", messages.len()) }
        })
    }
}
