//! Request id, which links a response to its log lines.

use std::fmt::Write as _;

use actix_web::http::header::{HeaderMap, HeaderName};
use mfa_core::Entropy;

/// Header of requests and responses.
pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Maximum length of a request id.
const MAX_LENGTH: usize = 64;

/// Returns the id that the client sent if it is valid, otherwise a random one.
pub(super) fn request_id(headers: &HeaderMap, entropy: &dyn Entropy) -> String {
    let mut sent = headers.get_all(REQUEST_ID);
    match (sent.next().and_then(|it| it.to_str().ok()), sent.next()) {
        (Some(id), None) if is_request_id(id) => id.to_owned(),
        _ => random(entropy),
    }
}

/// Returns whether a text is a request id: 1 to 64 letters, digits, dots, underscores and dashes.
fn is_request_id(text: &str) -> bool {
    let is_allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    (1..=MAX_LENGTH).contains(&text.len()) && text.bytes().all(is_allowed)
}

fn random(entropy: &dyn Entropy) -> String {
    let mut bytes = [0_u8; 16];
    // Without randomness the id is all zeros. Nothing depends on it; what needs randomness fails by itself.
    let _ = entropy.fill(&mut bytes);
    bytes.iter().fold(String::with_capacity(32), |mut id, byte| {
        let _ = write!(id, "{byte:02x}");
        id
    })
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;
    use mfa_core::testing::SeededEntropy;

    use super::*;

    fn of(lines: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(REQUEST_ID, HeaderValue::from_bytes(line.as_bytes()).unwrap());
        }
        request_id(&headers, &SeededEntropy::default())
    }

    #[test]
    fn an_id_of_a_proxy_is_kept() {
        assert_eq!(of(&["Ab.9_-"]), "Ab.9_-");
        assert_eq!(of(&[&"a".repeat(64)]), "a".repeat(64));
    }

    #[test]
    fn an_invalid_id_is_replaced_by_a_random_one() {
        for lines in [&[][..], &[""], &["a b"], &["é"], &["a\"b"], &[&"a".repeat(65)], &["a", "b"]] {
            let id = of(lines);
            assert!(id.len() == 32 && id.bytes().all(|b| b.is_ascii_hexdigit()), "{lines:?}: {id}");
        }
    }
}
