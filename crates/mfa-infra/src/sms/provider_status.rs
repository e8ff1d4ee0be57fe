//! What a provider says of our account when it is asked, without an SMS.

/// What a provider says of our account. Nothing here repeats what it wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ProviderStatus {
    /// It knows us.
    Ok {
        /// What else can be said.
        note: Option<String>,
    },
    /// It knows us, and not all is well.
    Degraded { note: String, cure: &'static str },
    /// It does not know us, or says nothing: an SMS would fail.
    Rejected { note: String, cure: &'static str },
}

impl ProviderStatus {
    pub(super) fn silent() -> Self {
        Self::Rejected {
            note: "it gives no answer".to_owned(),
            cure: "see that this machine may call it by HTTPS, and that the endpoint is right",
        }
    }

    pub(super) fn unclear(status: u16) -> Self {
        Self::Degraded {
            note: format!("it answers with {status}, which says nothing of our account"),
            cure: "ask again later",
        }
    }
}
