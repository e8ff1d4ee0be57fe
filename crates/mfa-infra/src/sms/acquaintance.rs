//! What a provider says of our account when it is asked, without an SMS.

/// What a provider says of our account. Nothing here repeats what it wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Acquaintance {
    /// It knows us.
    Known {
        /// What else can be said.
        note: Option<String>,
    },
    /// It knows us, and not all is well.
    Poor { note: String, cure: &'static str },
    /// It does not know us, or says nothing: an SMS would fail.
    Stranger { note: String, cure: &'static str },
}

impl Acquaintance {
    pub(super) fn silent() -> Self {
        Self::Stranger {
            note: "it gives no answer".to_owned(),
            cure: "see that this machine may call it by HTTPS, and that the endpoint is right",
        }
    }

    pub(super) fn unclear(status: u16) -> Self {
        Self::Poor {
            note: format!("it answers with {status}, which says nothing of our account"),
            cure: "ask again later",
        }
    }
}
