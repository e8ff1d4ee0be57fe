//! Protection against cross-site request forgery: a key in each form, and the origin of the request.

use actix_web::http::header::{HOST, HeaderMap, ORIGIN};
use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use mfa_core::{Entropy, EntropyError, SecretText};
use sha2::Sha256;

/// Draws the random id of a browser, from which the keys of its forms are derived.
///
/// # Errors
///
/// [`EntropyError`] if the operating system has no randomness.
pub(crate) fn new_browser_id(entropy: &dyn Entropy) -> Result<SecretText, EntropyError> {
    let mut bytes = [0_u8; 32];
    entropy.fill(&mut bytes)?;
    Ok(SecretText::new(BASE64URL_NOPAD.encode(&bytes)))
}

/// Returns the key that each form of this browser and session carries. It reveals neither.
pub(super) fn form_key(browser: &SecretText, session: Option<&SecretText>) -> SecretText {
    // HMAC accepts a key of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(browser.expose().as_bytes()) else {
        return SecretText::new(String::new());
    };
    mac.update(b"nova-mfa form\0");
    mac.update(session.map(SecretText::expose).unwrap_or_default().as_bytes());
    SecretText::new(BASE64URL_NOPAD.encode(&mac.finalize().into_bytes()))
}

/// Returns true if the browser reports that a page of this origin sent the form.
///
/// `Sec-Fetch-Site` decides if it is present, because no script can set it. Otherwise `Origin` must be ours: the host
/// of the request, or that of `PUBLIC_URL`. A request with neither is rejected.
pub(super) fn is_same_origin(headers: &HeaderMap, public_origin: Option<&str>) -> bool {
    if headers.contains_key("sec-fetch-site") {
        return only(headers, "sec-fetch-site") == Some("same-origin");
    }
    let Some(origin) = only(headers, ORIGIN.as_str()) else { return false };
    if public_origin == Some(origin) {
        return true;
    }
    let host = only(headers, HOST.as_str());
    host.is_some() && origin.split_once("://").map(|(_, authority)| authority) == host
}

/// Returns true if the browser reports that a page of `origin` sent the form.
pub(super) fn is_from(headers: &HeaderMap, origin: &str) -> bool {
    only(headers, ORIGIN.as_str()) == Some(origin)
}

/// Returns the value of a header that occurs once.
pub(super) fn only<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut lines = headers.get_all(name);
    match (lines.next(), lines.next()) {
        (Some(line), None) => line.to_str().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::{HeaderName, HeaderValue};

    use super::*;

    fn ours(lines: &[(&'static str, &'static str)], public_origin: Option<&str>) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        is_same_origin(&headers, public_origin)
    }

    #[test]
    fn the_word_of_the_browser_decides_where_there_is_one() {
        let host = ("host", "mfa.test");
        assert!(ours(&[host, ("sec-fetch-site", "same-origin")], None));
        for site in ["cross-site", "same-site", "none", ""] {
            assert!(!ours(&[host, ("origin", "https://mfa.test"), ("sec-fetch-site", site)], None), "{site}");
        }
        let twice = ("sec-fetch-site", "same-origin");
        assert!(!ours(&[host, twice, twice], None));
    }

    #[test]
    fn without_it_the_origin_must_be_the_host_that_was_called_or_the_public_one() {
        let host = ("host", "10.0.0.7:8200");
        assert!(ours(&[host, ("origin", "http://10.0.0.7:8200")], None));
        assert!(ours(&[host, ("origin", "https://mfa.test")], Some("https://mfa.test")));
        for origin in ["https://evil.test", "null", "", "http://10.0.0.7", "https://10.0.0.7:8200.evil.test"]
        {
            assert!(!ours(&[host, ("origin", origin)], Some("https://mfa.test")), "{origin}");
        }
        assert!(!ours(&[host], Some("https://mfa.test")));
        assert!(!ours(&[("origin", "http://mfa.test")], None));
    }

    #[test]
    fn the_key_of_a_form_is_of_one_browser_and_one_login() {
        let text = |it: &str| SecretText::new(it.to_owned());
        let key = |browser, session: Option<&str>| form_key(&text(browser), session.map(text).as_ref());
        assert_eq!(key("a", Some("s")), key("a", Some("s")));
        for other in [key("b", Some("s")), key("a", Some("t")), key("a", None)] {
            assert_ne!(key("a", Some("s")), other);
        }
        assert_eq!(key("a", None).expose().len(), 43);
    }
}
