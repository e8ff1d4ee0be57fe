//! Context of a request before its token is verified: language, request id and client.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use actix_web::http::header::HeaderMap;
use mfa_core::{Origin, RateRule};

use crate::i18n::{Argument, Translations};
use crate::language::Language;

/// Context of a request. The middleware stores it in the extensions of the request.
#[derive(Clone, Debug)]
pub struct RequestContext {
    /// Language of the response.
    pub language: Language,
    /// Translated texts.
    pub texts: Arc<Translations>,
    /// Request id, in the response and in every log line.
    pub request_id: String,
    /// Client of the request, for security events.
    pub origin: Origin,
    /// State of the rate limit per IP address.
    pub allowance: RateLimitStatus,
}

/// State of the rate limit per IP address, once a handler has counted the request. The clones of a context share it, so
/// that the middleware can add the headers.
#[derive(Clone, Debug, Default)]
pub struct RateLimitStatus(Arc<OnceLock<(RateRule, u32)>>);

impl RateLimitStatus {
    /// Records the rule that counted the request and the number of remaining requests. Only the first call counts.
    pub fn record(&self, rule: RateRule, left: u32) {
        let _ = self.0.set((rule, left));
    }

    /// Returns the rule and the number of remaining requests, if the request was counted.
    pub fn get(&self) -> Option<(RateRule, u32)> {
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

    /// Sets the language of the response, and of messages about what the request does.
    pub fn set_language(&mut self, language: Language) {
        self.language = language;
        self.origin = self.origin.clone().with_language(language.into());
    }

    /// Returns a text in the language of the request: see [`Translations::translate`].
    pub fn translate<'a>(&'a self, name: &'a str, arguments: &[(&str, Argument<'_>)]) -> Cow<'a, str> {
        self.texts.translate(self.language, name, arguments)
    }
}

/// Returns the user agent. Bytes that are not UTF-8 are replaced.
pub(crate) fn user_agent(headers: &HeaderMap) -> Option<String> {
    let agent = headers.get(actix_web::http::header::USER_AGENT)?;
    Some(String::from_utf8_lossy(agent.as_bytes()).into_owned())
}
