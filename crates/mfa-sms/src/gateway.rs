//! Port for SMS providers.

use std::fmt;
use std::time::Duration;

use mfa_core::{BoxFuture, SecretText};

use crate::PhoneNumber;

/// SMS provider.
///
/// It sends at most once per call and never retries: the caller decides whether a retry is safe. It has its own
/// deadlines for connecting and for the response.
pub trait SmsGateway: Send + Sync + fmt::Debug {
    /// Returns the name used in logs, metrics and settings: `ovh`, `twilio`.
    fn name(&self) -> &'static str;

    /// Sends one message.
    fn send<'a>(&'a self, message: &'a SmsMessage) -> BoxFuture<'a, SendOutcome>;
}

/// SMS message. `Debug` shows the masked number and no text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SmsMessage {
    /// Destination number.
    pub to: PhoneNumber,
    /// Text, including the code.
    pub text: SecretText,
    /// Time after which the message is no longer worth delivering.
    pub validity: Duration,
}

/// Outcome of one call to a gateway. It contains neither the number nor the text.
///
/// Exhaustive, so that failover handles every outcome.
#[must_use]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SendOutcome {
    /// The provider accepted the message. It may still not arrive.
    Accepted {
        /// Message ID of the provider.
        id: String,
    },
    /// The provider rejected the message permanently. Nothing was sent.
    Permanent(RefusalScope),
    /// Nothing was sent, and a retry may succeed, for example after a connection error or a rate limit.
    Retryable {
        /// Delay that the provider requested.
        after: Option<Duration>,
    },
    /// The message may have been sent: the response is missing or invalid.
    Unknown,
}

/// Scope of a rejection.
///
/// Exhaustive, so that failover handles each scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusalScope {
    /// Only this number is rejected.
    User(NumberRefusal),
    /// Every number would be rejected, and the operator must act.
    Operator(ProviderRefusal),
}

/// Reason why a provider rejects a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NumberRefusal {
    /// The number does not exist.
    Invalid,
    /// The number is not a mobile number or is unreachable.
    Unreachable,
    /// The number is a premium-rate or information number.
    Premium,
    /// The provider does not serve the country.
    Country,
    /// The owner of the number has opted out.
    OptedOut,
}

/// Reason why a provider would reject every message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ProviderRefusal {
    /// Invalid credentials or missing permissions.
    Credentials,
    /// Account closed, suspended or on trial.
    Account,
    /// No credit left.
    Credit,
    /// Invalid sender name or number.
    Sender,
    /// Content filtered.
    Content,
    /// Request not understood.
    Request,
}

impl NumberRefusal {
    /// Returns the name used in logs and metrics.
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
    /// Returns the name used in logs and metrics.
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
