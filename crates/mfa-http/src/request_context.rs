//! Who calls, as far as HTTP can tell before a token is read.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use actix_web::http::header::HeaderMap;
use mfa_core::{Origin, RateRule};

use crate::i18n::{Argument, Translations};
use crate::language::Language;

/// What the edge found out about a call. It travels in the request's extensions.
#[derive(Clone, Debug)]
pub struct RequestContext {
    /// In which language to answer.
    pub language: Language,
    /// What to answer with.
    pub texts: Arc<Translations>,
    /// The id of the request, in the answer and in every log line.
    pub request_id: String,
    /// From where, for events.
    pub origin: Origin,
    /// What is left of the limit on client addresses.
    pub allowance: RateLimitStatus,
}

/// What is left of a limit on client addresses, once the call has taken a try from it. Shared by the clones of a
/// caller, so that the edge can tell what a handler found.
#[derive(Clone, Debug, Default)]
pub struct RateLimitStatus(Arc<OnceLock<(RateRule, u32)>>);

impl RateLimitStatus {
    /// A try was taken, and this many are left. A call takes one.
    pub fn taken(&self, rule: RateRule, left: u32) {
        let _ = self.0.set((rule, left));
    }

    /// By which rule a try was taken, and how many are left.
    pub fn told(&self) -> Option<(RateRule, u32)> {
        self.0.get().copied()
    }
}

impl RequestContext {
    /// Returns the context of published documents: English, with an example of a request id.
    pub(crate) fn for_documents(texts: Arc<Translations>) -> Self {
        Self {
            language: Language::English,
            texts,
            request_id: "3f1c9a5be8d24c6f9b0a7e5d4c3b2a10".to_owned(),
            origin: Origin::default(),
            allowance: RateLimitStatus::default(),
        }
    }

    /// A text in the caller's language: see [`Translations::translate`].
    pub fn translate<'a>(&'a self, name: &'a str, arguments: &[(&str, Argument<'_>)]) -> Cow<'a, str> {
        self.texts.translate(self.language, name, arguments)
    }
}

/// The caller's user agent, bytes that are no UTF-8 replaced.
pub(crate) fn user_agent(headers: &HeaderMap) -> Option<String> {
    let agent = headers.get(actix_web::http::header::USER_AGENT)?;
    Some(String::from_utf8_lossy(agent.as_bytes()).into_owned())
}
