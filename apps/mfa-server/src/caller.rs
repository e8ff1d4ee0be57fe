//! Who calls, as far as HTTP can tell before a token is read.

use actix_web::http::header::HeaderMap;
use mfa_core::Origin;

use crate::language::Language;

/// What the edge found out about a call. It travels in the request's extensions.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    /// In which language to answer.
    pub(crate) language: Language,
    /// The id of the request, in the answer and in every log line.
    pub(crate) request_id: String,
    /// From where, for events.
    pub(crate) origin: Origin,
}

/// The caller's user agent, bytes that are no UTF-8 replaced.
pub(crate) fn user_agent(headers: &HeaderMap) -> Option<String> {
    let agent = headers.get(actix_web::http::header::USER_AGENT)?;
    Some(String::from_utf8_lossy(agent.as_bytes()).into_owned())
}
