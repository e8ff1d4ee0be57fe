//! What sends an SMS.

use std::fmt;
use std::time::Duration;

use mfa_core::{BoxFuture, SecretText};

use crate::PhoneNumber;

/// A provider that sends SMS.
///
/// It sends once for each call and repeats nothing by itself: whether another try is safe is decided above it. It takes
/// no longer than its own deadlines to connect and to answer.
pub trait SmsGateway: Send + Sync + fmt::Debug {
    /// Its name in logs, metrics and settings: `ovh`, `twilio`.
    fn name(&self) -> &'static str;

    /// Hands one message over.
    fn send<'a>(&'a self, message: &'a SmsMessage) -> BoxFuture<'a, SendOutcome>;
}

/// One message. `Debug` shows the masked number and no text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SmsMessage {
    /// Where to.
    pub to: PhoneNumber,
    /// What it says, the code included.
    pub text: SecretText,
    /// After how long it is not worth delivering any more.
    pub validity: Duration,
}

/// What became of one try at one gateway. Neither the number nor the text is ever in it.
#[must_use]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SendOutcome {
    /// The provider has taken it, which is not to say that it arrived.
    Accepted {
        /// The provider's name for it.
        id: String,
    },
    /// The provider refused it for good: nothing was sent.
    Permanent(RefusalScope),
    /// Nothing was sent, and the same may pass later: no connection, too many at once.
    Retryable {
        /// How long the provider asks to wait, where it says so.
        after: Option<Duration>,
    },
    /// It may have been sent: the answer is missing or makes no sense.
    Unknown,
}

/// Whose matter a refusal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusalScope {
    /// The user's: the number.
    User(NumberRefusal),
    /// The operator's: no number would pass.
    Operator(ProviderRefusal),
}

/// Why a provider will not send to a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NumberRefusal {
    /// It says that there is no such number.
    Invalid,
    /// It is no mobile, or nothing leads to it.
    Unreachable,
    /// It is a premium or information number.
    Premium,
    /// Its country is not served.
    Country,
    /// Its owner has asked for no more messages.
    OptedOut,
}

/// Why a provider would send to no number at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProviderRefusal {
    /// Keys or rights.
    Credentials,
    /// The account: closed, suspended, on trial.
    Account,
    /// No credit left.
    Credit,
    /// The sender name or number.
    Sender,
    /// The text: filtered.
    Content,
    /// It did not understand the request.
    Request,
}

impl NumberRefusal {
    /// Its name in logs and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Invalid => "invalid",
            Self::Unreachable => "unreachable",
            Self::Premium => "premium",
            Self::Country => "country",
            Self::OptedOut => "opted-out",
        }
    }
}

impl ProviderRefusal {
    /// Its name in logs and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Credentials => "credentials",
            Self::Account => "account",
            Self::Credit => "credit",
            Self::Sender => "sender",
            Self::Content => "content",
            Self::Request => "request",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::CODE_LIFETIME;

    #[test]
    fn debug_shows_neither_the_number_nor_the_text() {
        let message = SmsMessage {
            to: PhoneNumber::parse("0612345612", "FR").unwrap(),
            text: SecretText::new("012345 est votre code".into()),
            validity: CODE_LIFETIME,
        };
        let shown = format!("{message:?}");
        assert_eq!(shown, "SmsMessage { to: PhoneNumber(+33•••••••12), text: [redacted], validity: 300s }");
    }
}
