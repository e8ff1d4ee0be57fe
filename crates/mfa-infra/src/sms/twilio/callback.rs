//! Whether a call that says it comes from Twilio does.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use mfa_core::SecretText;
use sha1::Sha1;

/// Whether a call came from someone who knows the auth token.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallbackCheck {
    /// It did.
    Genuine,
    /// It did not, or it was changed on its way.
    Forged,
}

/// What `X-Twilio-Signature` says on a form with these fields: HMAC-SHA1 in Base64.
///
/// `url` is the whole public address that Twilio was given, with its query, not what a proxy made of it. The fields are
/// those of the body as they were decoded, nothing trimmed, in any order.
pub fn twilio_signature(auth_token: &SecretText, url: &str, params: &[(&str, &str)]) -> String {
    STANDARD.encode(mac(auth_token, url, params).finalize().into_bytes())
}

/// Checks the `X-Twilio-Signature` of a form, in constant time. For the arguments see [`twilio_signature`].
pub fn check_twilio_callback(
    auth_token: &SecretText,
    url: &str,
    params: &[(&str, &str)],
    signature: &str,
) -> CallbackCheck {
    let genuine = STANDARD
        .decode(signature)
        .is_ok_and(|signature| mac(auth_token, url, params).verify_slice(&signature).is_ok());
    if genuine { CallbackCheck::Genuine } else { CallbackCheck::Forged }
}

/// The address, then every name with its value, sorted, each pair once.
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
    fn whatever_was_changed_is_forged() {
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
