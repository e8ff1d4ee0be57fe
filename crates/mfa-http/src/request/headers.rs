//! What the headers of a call must say before its body is looked at.

use actix_web::http::header::{
    AUTHORIZATION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, TRANSFER_ENCODING,
};

use crate::problem::ApiError;
use crate::request::MOST_BYTES;

/// Refuses a call that announces a body over the limit.
pub(super) fn announced_size(headers: &HeaderMap) -> Result<(), ApiError> {
    let length =
        headers.get(CONTENT_LENGTH).and_then(|it| it.to_str().ok()).and_then(|it| it.parse::<u64>().ok());
    if length.is_some_and(|length| length > MOST_BYTES as u64) { Err(ApiError::TooLarge) } else { Ok(()) }
}

/// Whether a body follows at all (RFC 9112 §6.3). Without this, a call that offers to upgrade its connection would
/// read as one whose body never ends.
pub(super) fn has_body(headers: &HeaderMap) -> bool {
    headers.contains_key(CONTENT_LENGTH) || headers.contains_key(TRANSFER_ENCODING)
}

/// Refuses a body that is announced as anything but plain JSON in UTF-8.
pub(super) fn media_type(headers: &HeaderMap) -> Result<(), ApiError> {
    announced(headers, is_json)
}

/// Refuses a body that is announced as anything but a plain form.
pub(super) fn form(headers: &HeaderMap) -> Result<(), ApiError> {
    announced(headers, |it| is(it, "application/x-www-form-urlencoded"))
}

fn announced(headers: &HeaderMap, fits: impl FnOnce(&str) -> bool) -> Result<(), ApiError> {
    let mut types = headers.get_all(CONTENT_TYPE);
    let (Some(first), None) = (types.next(), types.next()) else {
        return Err(ApiError::UnsupportedMediaType);
    };
    let fits = first.to_str().is_ok_and(fits);
    let is_plain =
        headers.get_all(CONTENT_ENCODING).all(|it| it.as_bytes().eq_ignore_ascii_case(b"identity"));
    if fits && is_plain { Ok(()) } else { Err(ApiError::UnsupportedMediaType) }
}

/// A charset must be UTF-8 (RFC 8259 §8.1).
fn is_json(media_type: &str) -> bool {
    is(media_type, "application/json")
}

/// This type, whatever its parameters; a charset must be UTF-8.
fn is(media_type: &str, wanted: &str) -> bool {
    let mut parts = media_type.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default();
    let is_utf8 = |parameter: &str| match parameter.split_once('=') {
        Some((name, value)) if name.eq_ignore_ascii_case("charset") => {
            value.trim_matches('"').eq_ignore_ascii_case("utf-8")
        }
        _ => true,
    };
    essence.eq_ignore_ascii_case(wanted) && parts.all(is_utf8)
}

/// The token of `Authorization: Bearer` (RFC 6750 §2.1); `None` where no such header was sent.
///
/// Of two `Authorization` headers neither is believed: what is handed on is empty, which is no genuine token.
pub fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut lines = headers.get_all(AUTHORIZATION);
    let first = lines.next()?;
    if lines.next().is_some() {
        return Some("");
    }
    let Ok(line) = first.to_str() else { return Some("") };
    let (scheme, token) = line.trim().split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;

    fn headers(lines: &[(HeaderName, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(name.clone(), HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        headers
    }

    #[test]
    fn json_in_utf8_is_the_one_media_type() {
        let takes = |it: &str| media_type(&headers(&[(CONTENT_TYPE, it)])).is_ok();
        for good in [
            "application/json",
            "Application/JSON",
            "application/json; charset=utf-8",
            "application/json;charset=\"UTF-8\"",
            "application/json ; v=1",
        ] {
            assert!(takes(good), "{good}");
        }
        for bad in [
            "",
            "text/plain",
            "application/jsonp",
            "application/problem+json",
            "application/json; charset=latin1",
            "application/x-www-form-urlencoded",
            "application/json, text/plain",
            "é",
        ] {
            assert!(!takes(bad), "{bad}");
        }
    }

    #[test]
    fn a_body_without_one_media_type_or_with_an_encoding_is_refused() {
        assert!(media_type(&headers(&[])).is_err());
        let json = (CONTENT_TYPE, "application/json");
        assert!(media_type(&headers(&[json.clone(), json.clone()])).is_err());
        assert!(media_type(&headers(&[json.clone(), (CONTENT_ENCODING, "gzip")])).is_err());
        assert!(media_type(&headers(&[json, (CONTENT_ENCODING, "identity")])).is_ok());
    }

    #[test]
    fn the_scheme_is_read_in_any_case_and_other_schemes_are_no_token() {
        let token = |line: &str| bearer(&headers(&[(AUTHORIZATION, line)])).map(str::to_owned);
        assert_eq!(token("Bearer a.b.c"), Some("a.b.c".into()));
        assert_eq!(token("bEARER   a.b.c "), Some("a.b.c".into()));
        assert_eq!(token("Basic a.b.c"), None);
        assert_eq!(token("Bearer"), None);
        assert_eq!(token("a.b.c"), None);
        assert_eq!(token("Bearer é"), Some(String::new()));
        assert_eq!(bearer(&headers(&[])), None);
    }

    #[test]
    fn of_two_authorizations_neither_is_believed() {
        let good = (AUTHORIZATION, "Bearer a.b.c");
        assert_eq!(bearer(&headers(&[good.clone(), good.clone()])), Some(""));
        assert_eq!(bearer(&headers(&[good, (AUTHORIZATION, "Basic x")])), Some(""));
    }

    #[test]
    fn a_body_follows_only_where_its_length_or_coding_is_announced() {
        assert!(!has_body(&headers(&[(CONTENT_TYPE, "application/json")])));
        assert!(has_body(&headers(&[(CONTENT_LENGTH, "0")])));
        assert!(has_body(&headers(&[(TRANSFER_ENCODING, "chunked")])));
    }

    #[test]
    fn an_announced_size_over_16_kib_is_too_large() {
        let fits = |length: &str| announced_size(&headers(&[(CONTENT_LENGTH, length)])).is_ok();
        assert!(fits("0") && fits("16384"));
        assert!(!fits("16385") && !fits("18446744073709551615"));
    }
}
