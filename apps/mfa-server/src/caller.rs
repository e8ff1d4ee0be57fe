//! Who calls, as far as HTTP can tell before a token is read.

use std::borrow::Cow;
use std::sync::Arc;

use actix_web::http::header::HeaderMap;
use mfa_core::Origin;

use crate::i18n::{Argument, Texts};
use crate::language::Language;

/// What the edge found out about a call. It travels in the request's extensions.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    /// In which language to answer.
    pub(crate) language: Language,
    /// What to answer with.
    pub(crate) texts: Arc<Texts>,
    /// The id of the request, in the answer and in every log line.
    pub(crate) request_id: String,
    /// From where, for events.
    pub(crate) origin: Origin,
}

impl Caller {
    /// A text in the caller's language: see [`Texts::say`].
    pub(crate) fn say<'a>(&'a self, name: &'a str, arguments: &[(&str, Argument<'_>)]) -> Cow<'a, str> {
        self.texts.say(self.language, name, arguments)
    }
}

/// The caller's user agent, bytes that are no UTF-8 replaced.
pub(crate) fn user_agent(headers: &HeaderMap) -> Option<String> {
    let agent = headers.get(actix_web::http::header::USER_AGENT)?;
    Some(String::from_utf8_lossy(agent.as_bytes()).into_owned())
}
