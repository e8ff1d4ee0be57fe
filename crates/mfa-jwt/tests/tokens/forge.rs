//! Fixtures: a token service, and a signer that signs any header and claims.

use std::sync::LazyLock;

use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use mfa_core::{SecretText, Timestamp, TokenSubject, UserId};
use mfa_jwt::{SecretKey, TokenConfig, TokenKeyRing, TokenService};
use serde_json::{Value, json};
use sha2::Sha256;

pub(crate) const KEY: &str = "b2f7Qm1xV8s0KzJ4tYp6RcLw9aHdEu3N";
/// base64url of the first eight bytes of HMAC-SHA256([`KEY`], "kid"), computed with Python.
pub(crate) const KID: &str = "wEyssxs5Om8";
pub(crate) const OTHER_KEY: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
/// The second at which the tests stand.
pub(crate) const NOW: i64 = 1_800_000_000;

pub(crate) fn now() -> Timestamp {
    Timestamp::from_seconds(NOW)
}

pub(crate) fn key(secret: &str) -> SecretKey {
    SecretKey::new(&SecretText::new(secret.to_owned())).unwrap()
}

pub(crate) fn service_with(keys: TokenKeyRing, accept_legacy: bool) -> TokenService {
    let config = TokenConfig::new("nova-mfa", "nova", keys).accept_legacy(accept_legacy);
    TokenService::new(config).unwrap()
}

pub(crate) fn service() -> &'static TokenService {
    static SERVICE: LazyLock<TokenService> =
        LazyLock::new(|| service_with(TokenKeyRing::shared_secret(key(KEY), vec![]), false));
    &SERVICE
}

pub(crate) fn legacy_service() -> &'static TokenService {
    static SERVICE: LazyLock<TokenService> =
        LazyLock::new(|| service_with(TokenKeyRing::shared_secret(key(KEY), vec![]), true));
    &SERVICE
}

pub(crate) fn marie() -> TokenSubject {
    TokenSubject {
        user: UserId::new(42),
        email: "marie@example.com".to_owned(),
        is_superuser: false,
        session: 3,
    }
}

pub(crate) fn hmac(secret: &[u8], message: &str) -> String {
    let mac = Hmac::<Sha256>::new_from_slice(secret).unwrap().chain_update(message);
    BASE64URL_NOPAD.encode(&mac.finalize().into_bytes())
}

/// Signs header and claims as they are written.
pub(crate) fn sign_text(header: &str, claims: &str, secret: &str) -> String {
    let encode = |text: &str| BASE64URL_NOPAD.encode(text.as_bytes());
    let signed = format!("{}.{}", encode(header), encode(claims));
    let signature = hmac(secret.as_bytes(), &signed);
    format!("{signed}.{signature}")
}

pub(crate) fn sign(header: &Value, claims: &Value) -> String {
    sign_text(&header.to_string(), &claims.to_string(), KEY)
}

pub(crate) fn header(typ: &str) -> Value {
    json!({ "alg": "HS256", "typ": typ, "kid": KID })
}

pub(crate) const PENDING: &str = "mfa-pending+jwt";
pub(crate) const ACCESS: &str = "at+jwt";

pub(crate) fn pending_claims() -> Value {
    json!({
        "iss": "nova-mfa", "aud": "nova-mfa", "sub": "42", "iat": NOW, "iat_ms": NOW * 1000 + 250, "nbf": NOW,
        "exp": NOW + 300, "jti": "AAECAwQFBgcICQoLDA0ODw", "sv": 3, "email": "marie@example.com",
        "is_superuser": false, "mfa_pending": true, "amr": ["pwd"],
    })
}

pub(crate) fn one_factor_claims() -> Value {
    with(
        pending_claims(),
        &json!({
            "aud": "nova", "exp": NOW + 3600, "mfa_pending": null, "mfa_ok": false, "acr": "aal1",
        }),
    )
}

pub(crate) fn two_factor_claims() -> Value {
    with(
        one_factor_claims(),
        &json!({
            "mfa_ok": true, "acr": "aal2", "amr": ["pwd", "otp", "mfa"], "auth_time": NOW,
        }),
    )
}

/// The three kinds of token, with the `typ` of each.
pub(crate) fn kinds() -> [(&'static str, Value); 3] {
    [(PENDING, pending_claims()), (ACCESS, one_factor_claims()), (ACCESS, two_factor_claims())]
}

/// The object with these members in place of its own; a null takes one away.
pub(crate) fn with(mut object: Value, changes: &Value) -> Value {
    let members = object.as_object_mut().unwrap();
    for (name, value) in changes.as_object().unwrap() {
        if value.is_null() {
            members.remove(name);
        } else {
            members.insert(name.clone(), value.clone());
        }
    }
    object
}

/// The object with this very value for one member, null included.
pub(crate) fn set(mut object: Value, name: &str, value: Value) -> Value {
    object.as_object_mut().unwrap().insert(name.to_owned(), value);
    object
}
