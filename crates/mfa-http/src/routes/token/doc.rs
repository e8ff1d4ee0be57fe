//! What there is to know of verifying tokens elsewhere.

use serde_json::json;
use utoipa::openapi::schema::ArrayBuilder;
use utoipa::openapi::{Object, ObjectBuilder};

use super::{IntrospectionOutcome, LONGEST_TOKEN};
use crate::openapi::schemas::{self, TOKEN, request, text};
use crate::openapi::{ApiTag, Operation};
use crate::problem::FieldErrorKind;

pub(in crate::routes) fn keys() -> Operation {
    Operation::new(
        "jwks",
        ApiTag::System,
        "The public keys of access tokens",
        "A JWK set (RFC 7517) of every key that a token in force may be signed by. Empty where tokens are \
         HS256, whose key is nobody else's business.",
    )
    .answers_media("The keys.", "application/json", key_set())
}

fn key_set() -> Object {
    let word = |words| schemas::word(words).build();
    let key = ObjectBuilder::new()
        .property("kty", word(&["OKP", "EC"]))
        .property("crv", word(&["Ed25519", "P-256"]))
        .property("x", text(43, 43).build())
        .property("y", text(43, 43).description(Some("Of a P-256 key.")).build())
        .property("use", word(&["sig"]))
        .property("alg", word(&["EdDSA", "ES256"]))
        .property("kid", text(43, 43).description(Some("Its thumbprint (RFC 7638).")).build());
    let key = ["kty", "crv", "x", "use", "alg", "kid"].into_iter().fold(key, ObjectBuilder::required);
    ObjectBuilder::new().property("keys", ArrayBuilder::new().items(key)).required("keys").build()
}

pub(in crate::routes) fn introspect() -> Operation {
    let fields =
        [("token", text(1, LONGEST_TOKEN).build(), true), ("token_type_hint", schemas::any_text(), false)];
    Operation::new(
        "introspectToken",
        ApiTag::System,
        "Is this token active now?",
        "RFC 7662, for backends. The account is asked: a token that is spent or revoked, or whose user is \
         disabled, is not active, and nothing more is said of it. There only where `INTROSPECTION_KEY` is \
         set.",
    )
    .introspection_key()
    .body(request(fields.clone()), json!({ "token": TOKEN }), ("token", FieldErrorKind::Missing))
    .form(schemas::request_of_others(fields), json!({ "token": TOKEN }))
    .answers_with::<IntrospectionOutcome<'_>>(
        200,
        "What there is to say of the token.",
        vec![
            (
                "active",
                json!({
                    "active": true,
                    "sub": "42",
                    "username": "ada",
                    "email": "ada@example.com",
                    "iss": "nova-mfa",
                    "aud": "nova",
                    "exp": 1_795_392_421,
                    "iat": 1_795_388_821,
                    "nbf": 1_795_388_821,
                    "jti": "Vb1cPz0xT9yq2mJ4h8WwNg",
                    "token_type": "bearer",
                    "acr": "aal2",
                    "amr": ["pwd", "otp", "mfa"],
                    "auth_time": 1_795_388_821,
                    "mfa_ok": true,
                }),
            ),
            ("inactive", json!({ "active": false })),
        ],
    )
}
