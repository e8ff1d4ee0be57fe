//! Status of the account at an SMS provider, queried without sending an SMS.

/// Status of the account at an SMS provider. Contains no text of the provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ProviderStatus {
    /// The credentials are valid.
    Ok {
        /// Additional information, such as the remaining credit.
        note: Option<String>,
    },
    /// The account works with restrictions, or its status is unknown.
    Degraded { note: String, remedy: &'static str },
    /// The credentials are rejected or the provider does not answer: an SMS would fail.
    Rejected { note: String, remedy: &'static str },
}

impl ProviderStatus {
    /// Returns the status of a provider that does not answer.
    pub(super) fn unreachable() -> Self {
        Self::Rejected {
            note: "the provider does not answer".to_owned(),
            remedy: "check that this machine can reach the provider over HTTPS, and that the endpoint is correct",
        }
    }

    /// Returns the status for a response that does not describe the account.
    pub(super) fn unexpected(status: u16) -> Self {
        Self::Degraded {
            note: format!("the provider returned HTTP status {status} without account information"),
            remedy: "try again later",
        }
    }
}
