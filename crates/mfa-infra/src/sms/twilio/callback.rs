//! Signature of Twilio callbacks (`X-Twilio-Signature`).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use mfa_core::SecretText;
use sha1::Sha1;

/// Result of verifying a callback signature.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CallbackCheck {
    /// The signature is valid.
    Genuine,
    /// The signature is not valid: another sender, or an altered request.
    Forged,
}

/// Returns the `X-Twilio-Signature` of a form with these fields: HMAC-SHA1 in Base64.
///
/// `url` is the full public URL that Twilio calls, with its query, not a URL rewritten by a proxy. `params` are the
/// decoded fields of the body, not trimmed, in any order.
pub fn twilio_signature(auth_token: &SecretText, url: &str, params: &[(&str, &str)]) -> String {
    STANDARD.encode(mac(auth_token, url, params).finalize().into_bytes())
}

/// Verifies the `X-Twilio-Signature` of a form in constant time. For the arguments see [`twilio_signature`].
///
/// Twilio signs the URL with or without its port, depending on the product. Both are accepted, as in Twilio's own
/// libraries.
pub fn check_twilio_callback(
    auth_token: &SecretText,
    url: &str,
    params: &[(&str, &str)],
    signature: &str,
) -> CallbackCheck {
    let genuine = STANDARD.decode(signature).is_ok_and(|signature| {
        let is_valid = |url: &String| mac(auth_token, url, params).verify_slice(&signature).is_ok();
        with_and_without_port(url).iter().any(is_valid)
    });
    if genuine { CallbackCheck::Genuine } else { CallbackCheck::Forged }
}

/// Returns the URL with and without its port. A URL without one gets the default port of its scheme.
fn with_and_without_port(url: &str) -> [String; 2] {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let (authority, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let port = authority.rsplit_once(':').filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
    let other = match port {
        Some((host, _)) => format!("{scheme}://{host}{path}"),
        None => format!("{scheme}://{authority}:{}{path}", if scheme == "http" { 80 } else { 443 }),
    };
    [url.to_owned(), other]
}

/// Computes the MAC over the URL, then every name with its value, sorted, each pair once.
#[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
fn mac(auth_token: &SecretText, url: &str, params: &[(&str, &str)]) -> Hmac<Sha1> {
    let mut params = params.to_vec();
    params.sort_unstable();
    params.dedup();
    let mac = Hmac::<Sha1>::new_from_slice(auth_token.expose().as_bytes()).expect("HMAC takes any key");
    params.iter().fold(mac.chain_update(url), |mac, (name, value)| mac.chain_update(name).chain_update(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    const URL: &str = "https://mfa.example.com/hooks/twilio/status";
    const PARAMS: [(&str, &str); 3] = [
        ("To", "+33600000000"),
        ("MessageSid", "SM00000000000000000000000000000001"),
        ("MessageStatus", "delivered"),
    ];
    const SIGNATURE: &str = "7JrtUffgIsnJf7mfr6Z0UMuYSOY=";

    fn token() -> SecretText {
        SecretText::new("authtoken".into())
    }

    #[test]
    fn the_signature_of_the_fixed_form_is_the_known_one() {
        assert_eq!(twilio_signature(&token(), URL, &PARAMS), SIGNATURE);
        assert_eq!(check_twilio_callback(&token(), URL, &PARAMS, SIGNATURE), CallbackCheck::Genuine);
    }

    #[test]
    fn the_url_is_signed_with_or_without_its_port() {
        for (ours, signed) in [
            ("https://a.example/hook?b=1", "https://a.example:443/hook?b=1"),
            ("https://a.example:443/hook", "https://a.example/hook"),
            ("https://a.example:8443/hook:1", "https://a.example/hook:1"),
            ("http://a.example", "http://a.example:80"),
            ("https://[2001:db8::1]/hook", "https://[2001:db8::1]:443/hook"),
            ("https://[2001:db8::1]:8443/hook", "https://[2001:db8::1]/hook"),
        ] {
            for url in [ours, signed] {
                let signature = twilio_signature(&token(), url, &PARAMS);
                let check = check_twilio_callback(&token(), ours, &PARAMS, &signature);
                assert_eq!(check, CallbackCheck::Genuine, "{url} as {ours}");
            }
        }
        let signature = twilio_signature(&token(), "https://a.example:8443/hook", &PARAMS);
        let check = check_twilio_callback(&token(), "https://a.example/hook", &PARAMS, &signature);
        assert_eq!(check, CallbackCheck::Forged, "a port that PUBLIC_URL does not have");
    }

    #[test]
    fn any_change_makes_the_signature_invalid() {
        let check = |url: &str, params: &[(&str, &str)], signature: &str| {
            check_twilio_callback(&token(), url, params, signature)
        };
        let failed = PARAMS.map(|(name, value)| (name, if value == "delivered" { "failed" } else { value }));
        let trimmed = PARAMS.map(|(name, value)| (name, value.trim_start_matches('+')));
        assert_eq!(check(URL, &failed, SIGNATURE), CallbackCheck::Forged);
        assert_eq!(check(URL, &trimmed, SIGNATURE), CallbackCheck::Forged);
        assert_eq!(check(URL, &PARAMS[..2], SIGNATURE), CallbackCheck::Forged);
        assert_eq!(check(&URL.replace("https", "http"), &PARAMS, SIGNATURE), CallbackCheck::Forged);
        for signature in ["", "=", "7JrtUffgIsnJf7mfr6Z0UMuYSOU=", "7JrtUffgIsnJf7mfr6Z0UMuYSOY", "7Jrt", "é"]
        {
            assert_eq!(check(URL, &PARAMS, signature), CallbackCheck::Forged, "{signature:?}");
        }
        let other = SecretText::new("authtokem".into());
        assert_eq!(check_twilio_callback(&other, URL, &PARAMS, SIGNATURE), CallbackCheck::Forged);
    }
}
