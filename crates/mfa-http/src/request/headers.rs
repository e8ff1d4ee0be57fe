//! Checks of the request headers that come before the body is read, and the bearer token.

use actix_web::http::header::{
    ACCEPT, AUTHORIZATION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, TRANSFER_ENCODING,
};

use crate::problem::ApiError;

/// Rejects a request whose `Content-Length` exceeds the limit.
pub(super) fn check_content_length(headers: &HeaderMap, most: usize) -> Result<(), ApiError> {
    let length =
        headers.get(CONTENT_LENGTH).and_then(|it| it.to_str().ok()).and_then(|it| it.parse::<u64>().ok());
    if length.is_some_and(|length| length > most as u64) { Err(ApiError::TooLarge) } else { Ok(()) }
}

/// Returns whether a body follows (RFC 9112 §6.3). Without this check, a request that offers a connection upgrade
/// would look like one whose body never ends.
pub(super) fn has_body(headers: &HeaderMap) -> bool {
    headers.contains_key(CONTENT_LENGTH) || headers.contains_key(TRANSFER_ENCODING)
}

/// Rejects a body whose content type is not JSON in UTF-8, or that is encoded.
pub(super) fn require_json(headers: &HeaderMap) -> Result<(), ApiError> {
    require_type(headers, is_json)
}

/// Rejects a body whose content type is not a URL-encoded form, or that is encoded.
pub(super) fn require_form(headers: &HeaderMap) -> Result<(), ApiError> {
    require_type(headers, |it| has_type(it, "application/x-www-form-urlencoded"))
}

/// Returns whether the client prefers CSV: it names `text/csv`, and JSON not at all or with a lower quality
/// (RFC 9110 §12.5.1). A generated client lists both and expects JSON.
pub(super) fn accepts_csv(headers: &HeaderMap) -> bool {
    let csv = quality(headers, "text/csv");
    csv > 0.0 && csv > quality(headers, "application/json")
}

/// Returns the quality that `Accept` gives to a media type by its name, or 0.
fn quality(headers: &HeaderMap, media_type: &str) -> f32 {
    let lines = headers.get_all(ACCEPT).filter_map(|line| line.to_str().ok());
    let ranges = lines.flat_map(|line| line.split(','));
    ranges.filter_map(|range| quality_of(range, media_type)).fold(0.0, f32::max)
}

fn quality_of(range: &str, media_type: &str) -> Option<f32> {
    let mut parts = range.split(';').map(str::trim);
    let named = parts.next()?.eq_ignore_ascii_case(media_type);
    let weight = parts.find_map(|it| it.strip_prefix("q=").or_else(|| it.strip_prefix("Q=")));
    named.then(|| weight.map_or(1.0, |it| it.parse().unwrap_or(0.0)))
}

fn require_type(headers: &HeaderMap, accepts: impl FnOnce(&str) -> bool) -> Result<(), ApiError> {
    let mut types = headers.get_all(CONTENT_TYPE);
    let (Some(first), None) = (types.next(), types.next()) else {
        return Err(ApiError::UnsupportedMediaType);
    };
    let is_accepted = first.to_str().is_ok_and(accepts);
    let is_plain =
        headers.get_all(CONTENT_ENCODING).all(|it| it.as_bytes().eq_ignore_ascii_case(b"identity"));
    if is_accepted && is_plain { Ok(()) } else { Err(ApiError::UnsupportedMediaType) }
}

fn is_json(media_type: &str) -> bool {
    has_type(media_type, "application/json")
}

/// Returns whether a content type is `expected`, with any parameters. A charset must be UTF-8 (RFC 8259 §8.1).
fn has_type(media_type: &str, expected: &str) -> bool {
    let mut parts = media_type.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default();
    let is_utf8 = |parameter: &str| match parameter.split_once('=') {
        Some((name, value)) if name.eq_ignore_ascii_case("charset") => {
            value.trim_matches('"').eq_ignore_ascii_case("utf-8")
        }
        _ => true,
    };
    essence.eq_ignore_ascii_case(expected) && parts.all(is_utf8)
}

/// Returns the token of `Authorization: Bearer` (RFC 6750 §2.1), or `None` without such a header.
///
/// A repeated `Authorization` header gives an empty token, which is never valid.
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

    use super::super::body::MAX_BODY_BYTES;
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
        let accepts = |it: &str| require_json(&headers(&[(CONTENT_TYPE, it)])).is_ok();
        for good in [
            "application/json",
            "Application/JSON",
            "application/json; charset=utf-8",
            "application/json;charset=\"UTF-8\"",
            "application/json ; v=1",
        ] {
            assert!(accepts(good), "{good}");
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
            assert!(!accepts(bad), "{bad}");
        }
    }

    #[test]
    fn csv_is_sent_to_a_client_that_prefers_it() {
        let csv = |it: &str| accepts_csv(&headers(&[(ACCEPT, it)]));
        for asked in [
            "text/csv",
            "Text/CSV; charset=utf-8",
            "text/csv, */*;q=0.1",
            "text/csv;q=0.5",
            "application/json;q=0.5, text/csv",
            "text/csv, application/json; q=0",
        ] {
            assert!(csv(asked), "{asked}");
        }
        for not_asked in [
            "*/*",
            "text/*",
            "application/json",
            "application/json, text/csv",
            "text/csv;q=0",
            "text/csv;q=0.5, application/json",
            "text/csv;q=x",
            "",
        ] {
            assert!(!csv(not_asked), "{not_asked}");
        }
        assert!(!accepts_csv(&headers(&[])));
    }

    #[test]
    fn a_body_without_one_media_type_or_with_an_encoding_is_refused() {
        assert!(require_json(&headers(&[])).is_err());
        let json = (CONTENT_TYPE, "application/json");
        assert!(require_json(&headers(&[json.clone(), json.clone()])).is_err());
        assert!(require_json(&headers(&[json.clone(), (CONTENT_ENCODING, "gzip")])).is_err());
        assert!(require_json(&headers(&[json, (CONTENT_ENCODING, "identity")])).is_ok());
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
    fn a_repeated_authorization_header_is_an_invalid_token() {
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
    fn an_check_content_length_over_16_kib_is_too_large() {
        let fits = |length: &str| {
            check_content_length(&headers(&[(CONTENT_LENGTH, length)]), MAX_BODY_BYTES).is_ok()
        };
        assert!(fits("0") && fits("16384"));
        assert!(!fits("16385") && !fits("18446744073709551615"));
    }
}
