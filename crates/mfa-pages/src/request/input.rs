//! Fields of forms and query strings, as they arrive.

use std::net::IpAddr;

use actix_web::dev::Payload;
use actix_web::http::Method;
use actix_web::http::header::HOST;
use actix_web::{FromRequest as _, HttpRequest};
use mfa_core::SecretText;
use mfa_http::problem::ApiError;
use mfa_http::request::RawForm;
use url::form_urlencoded;

use crate::csrf;

/// The most form fields that are read; no form of ours has as many, with a box for each user of a page.
const MAX_FIELDS: usize = 64;

/// Names and values in the order of the request.
pub(super) type Fields = Vec<(String, SecretText)>;

/// Returns a code as it is checked: apps and messages show codes in groups, and without scripts they are typed so.
pub(crate) fn without_spaces(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

/// Reads the fields of a posted form; none if there is no form.
///
/// # Errors
///
/// [`ApiError`] if the body is too large, too slow or not a form.
pub(super) async fn read_form(request: &HttpRequest, mut payload: Payload) -> Result<Fields, ApiError> {
    if request.method() != Method::POST {
        return Ok(Vec::new());
    }
    let form = RawForm::from_request(request, &mut payload).await;
    let form = form.map_err(|error| match error.as_error::<ApiError>() {
        Some(ApiError::TooLarge) => ApiError::TooLarge,
        Some(ApiError::BodyTooSlow) => ApiError::BodyTooSlow,
        Some(ApiError::UnsupportedMediaType) => ApiError::UnsupportedMediaType,
        _ => ApiError::Malformed,
    })?;
    Ok(parse_fields(form.bytes()))
}

/// Parses a form or a query string.
pub(super) fn parse_fields(text: &[u8]) -> Fields {
    let pairs = form_urlencoded::parse(text).take(MAX_FIELDS);
    pairs.map(|(name, value)| (name.into_owned(), SecretText::new(value.into_owned()))).collect()
}

/// Returns the value of a field that occurs once.
pub(super) fn value<'a>(fields: &'a Fields, name: &str) -> Option<&'a str> {
    let mut values = fields.iter().filter(|(it, _)| it == name);
    match (values.next(), values.next()) {
        (Some((_, value)), None) => Some(value.expose()),
        _ => None,
    }
}

/// Returns true if peer and host are this machine and no proxy header is present. The host is checked because a name of
/// another site may resolve to this machine (DNS rebinding).
pub(super) fn is_loopback(request: &HttpRequest) -> bool {
    let is_loopback = |ip: IpAddr| ip.to_canonical().is_loopback();
    let headers = request.headers();
    let forwarded = ["forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via"];
    let host = csrf::only(headers, HOST.as_str()).map(|it| match it.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => it,
    });
    request.peer_addr().is_some_and(|peer| is_loopback(peer.ip()))
        && matches!(host, Some("localhost" | "127.0.0.1" | "[::1]"))
        && !forwarded.iter().any(|name| headers.contains_key(*name))
}
