//! The id by which a request is found in the log.

use std::fmt::Write as _;

use actix_web::http::header::{HeaderMap, HeaderName};
use mfa_core::Entropy;

/// The header that carries it, both ways.
pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

const LONGEST: usize = 64;

/// The id that the caller gave, where it is one; a fresh one otherwise.
pub(super) fn request_id(headers: &HeaderMap, entropy: &dyn Entropy) -> String {
    let mut given = headers.get_all(REQUEST_ID);
    match (given.next().and_then(|it| it.to_str().ok()), given.next()) {
        (Some(id), None) if is_request_id(id) => id.to_owned(),
        _ => fresh(entropy),
    }
}

/// 1 to 64 letters, digits, dots, underscores and dashes: what is safe in every log.
fn is_request_id(text: &str) -> bool {
    let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    (1..=LONGEST).contains(&text.len()) && text.bytes().all(fits)
}

fn fresh(entropy: &dyn Entropy) -> String {
    let mut bytes = [0_u8; 16];
    // Without randomness the id is all zeros: nothing rests on it, and what needs chance fails by itself.
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
    fn an_id_that_a_proxy_gave_is_kept() {
        assert_eq!(of(&["Ab.9_-"]), "Ab.9_-");
        assert_eq!(of(&[&"a".repeat(64)]), "a".repeat(64));
    }

    #[test]
    fn what_is_no_id_is_replaced_by_a_random_one() {
        for lines in [&[][..], &[""], &["a b"], &["é"], &["a\"b"], &[&"a".repeat(65)], &["a", "b"]] {
            let id = of(lines);
            assert!(id.len() == 32 && id.bytes().all(|b| b.is_ascii_hexdigit()), "{lines:?}: {id}");
        }
    }
}
