//! Credentials for the Twilio API.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use mfa_core::SecretText;
use zeroize::Zeroizing;

/// Returns the value of the header `Authorization` for HTTP Basic (RFC 7617).
pub(super) fn basic_authorization(account_sid: &str, auth_token: &SecretText) -> SecretText {
    let pair = Zeroizing::new([account_sid, ":", auth_token.expose()].concat());
    let encoded = Zeroizing::new(STANDARD.encode(&*pair));
    SecretText::new(["Basic ", encoded.as_str()].concat())
}
