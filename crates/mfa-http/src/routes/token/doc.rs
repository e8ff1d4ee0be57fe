//! OpenAPI descriptions of the public keys and of token introspection.

use serde_json::json;
use utoipa::openapi::schema::ArrayBuilder;
use utoipa::openapi::{Object, ObjectBuilder};

use super::{IntrospectionOutcome, IntrospectionRequest};
use crate::openapi::{ApiTag, Operation};
use crate::problem::FieldErrorKind;
use crate::schemas::{self, TOKEN, text};

pub(in crate::routes) fn keys() -> Operation {
    Operation::new(
        "jwks",
        ApiTag::System,
        "Get the JSON Web Key Set (JWKS)",
        "Returns the JWK set (RFC 7517) of all keys that verify access tokens. The set is empty if tokens are signed \
         with HS256, whose key is secret.",
    )
    .responds_with_media("JWK set.", "application/json", key_set())
}

fn key_set() -> Object {
    let values = |values| schemas::string_enum(values).build();
    let key = ObjectBuilder::new()
        .property("kty", values(&["OKP", "EC"]))
        .property("crv", values(&["Ed25519", "P-256"]))
        .property("x", text(43, 43).build())
        .property("y", text(43, 43).description(Some("Second coordinate of a P-256 key.")).build())
        .property("use", values(&["sig"]))
        .property("alg", values(&["EdDSA", "ES256"]))
        .property("kid", text(43, 43).description(Some("Id of the key: its thumbprint (RFC 7638).")).build());
    let key = ["kty", "crv", "x", "use", "alg", "kid"].into_iter().fold(key, ObjectBuilder::required);
    ObjectBuilder::new().property("keys", ArrayBuilder::new().items(key)).required("keys").build()
}

pub(in crate::routes) fn introspect() -> Operation {
    Operation::new(
        "introspectToken",
        ApiTag::System,
        "Introspect a token",
        "Returns whether a token is active, for backends (RFC 7662). A token that is used or revoked, or whose user is \
         disabled, is not active; the response does not contain the reason. Available if `INTROSPECTION_KEY` is set.",
    )
    .introspection_key()
    .body::<IntrospectionRequest>(json!({ "token": TOKEN }), ("token", FieldErrorKind::Missing))
    .form::<IntrospectionRequest>(json!({ "token": TOKEN }))
    .responds_with::<IntrospectionOutcome<'_>>(
        200,
        "State of the token, with its claims if it is active.",
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
