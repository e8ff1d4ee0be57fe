//! OpenAPI descriptions of the public keys and of token introspection.

use serde_json::json;

use super::{IntrospectionRequest, IntrospectionResponse, JsonWebKeySet};
use crate::openapi::{ApiTag, Operation};
use crate::problem::FieldErrorKind;
use crate::schemas::TOKEN;

pub(in crate::routes) fn keys() -> Operation {
    Operation::new(
        "jwks",
        ApiTag::System,
        "Get the JSON Web Key Set (JWKS)",
        "Returns the JWK set (RFC 7517) of all keys that verify access tokens. The set is empty if tokens are signed \
         with HS256, whose key is secret.",
    )
    .responds::<JsonWebKeySet>(
        "JWK set.",
        json!({
            "keys": [{
                "kty": "OKP",
                "crv": "Ed25519",
                "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
                "use": "sig",
                "alg": "EdDSA",
                "kid": "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",
            }],
        }),
    )
}

pub(in crate::routes) fn introspect() -> Operation {
    Operation::new(
        "introspectToken",
        ApiTag::System,
        "Introspect a token",
        "Returns whether a token is active, for backends (RFC 7662). A token that is used or revoked, or whose user is \
         disabled, is not active; the response does not contain the reason. The form of RFC 7662 is accepted too. Available if \
         `INTROSPECTION_KEY` is set.",
    )
    .introspection_key()
    // Only the JSON is described: generators make unusable code of two kinds of body.
    .body::<IntrospectionRequest>(json!({ "token": TOKEN }), ("token", FieldErrorKind::Missing))
    .responds_with::<IntrospectionResponse<'_>>(
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
