//! OpenAPI descriptions of passkeys.

use mfa_flows::AcceptedStages;
use serde_json::{Value, json};

use super::{
    AssertionRequest, OptionsResponse, RegisteredResponse, RegistrationRequest, RelatedOriginsResponse,
};
use crate::openapi::{ApiTag, Operation};
use crate::problem::{FieldErrorKind, ProblemKind};
use crate::routes::authenticators::doc::passkey;
use crate::routes::verify::{VerifyResponse, doc::granted};
use crate::schemas::TIMESTAMP;

const CREDENTIAL_ID: &str = "hSZxhV7yWqHlAUMPB5l8cw";
const CHALLENGE: &str = "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyAhIiMkJSYnKCkqKywtLi8wMTIzNDU2Nzg";
/// Client data with this challenge, of a registration and of a verification.
const CREATED: &str = "eyJ0eXBlIjoid2ViYXV0aG4uY3JlYXRlIiwiY2hhbGxlbmdlIjoiQVFJREJBVUdCd2dKQ2dzTURRNFBFQkVTRXhRVkZoY1lHUm9i\
    SEIwZUh5QWhJaU1rSlNZbktDa3FLeXd0TGk4d01USXpORFUyTnpnIiwib3JpZ2luIjoiaHR0cHM6Ly9tZmEuZXhhbXBsZS5jb20i\
    LCJjcm9zc09yaWdpbiI6ZmFsc2V9";
const ASSERTED: &str = "eyJ0eXBlIjoid2ViYXV0aG4uZ2V0IiwiY2hhbGxlbmdlIjoiQVFJREJBVUdCd2dKQ2dzTURRNFBFQkVTRXhRVkZoY1lHUm9iSEIw\
    ZUh5QWhJaU1rSlNZbktDa3FLeXd0TGk4d01USXpORFUyTnpnIiwib3JpZ2luIjoiaHR0cHM6Ly9tZmEuZXhhbXBsZS5jb20iLCJj\
    cm9zc09yaWdpbiI6ZmFsc2V9";

pub(in crate::routes) fn start_registration() -> Operation {
    Operation::new(
        "startPasskeyRegistration",
        ApiTag::Authenticators,
        "Start the registration of a passkey",
        "Returns the options for `navigator.credentials.create()`. The first factor may be enrolled with any token that may \
         enrol, a further one needs a recent verification. Nothing is stored until the registration is finished.",
    )
    .enrols()
    .rate_limited_by_user()
    .no_body()
    .problems([
        ProblemKind::MethodNotAvailable,
        ProblemKind::TooManyAuthenticators,
        ProblemKind::ClockSkew,
    ])
    .responds::<OptionsResponse<Value>>(
        "Options for the browser.",
        json!({
            "options": {
                "rp": { "id": "mfa.example.com", "name": "NOVA" },
                "user": { "id": "bm92YS1tZmEtdXNlci1oYW5kbGU", "name": "ada@example.com", "displayName": "ada" },
                "challenge": CHALLENGE,
                "pubKeyCredParams": [{ "type": "public-key", "alg": -7 }],
                "timeout": 300_000,
                "excludeCredentials": [],
                "authenticatorSelection": { "residentKey": "preferred", "userVerification": "preferred" },
                "attestation": "none",
            },
            "expires_at": TIMESTAMP,
        }),
    )
}

pub(in crate::routes) fn finish_registration() -> Operation {
    Operation::new(
        "finishPasskeyRegistration",
        ApiTag::Authenticators,
        "Complete the registration of a passkey",
        "Verifies the new credential and stores it. For a first factor, the response also contains ten recovery codes and \
         a two-factor access token, and every other token of the user is revoked. An enrolment token is exchanged for \
         such a token too; recovery codes that are left stay valid.",
    )
    .enrols()
    .verifies_code()
    .body::<RegistrationRequest>(
        json!({ "credential": registration(), "name": "Phone" }),
        ("credential", FieldErrorKind::NotACredential),
    )
    .problems([
        ProblemKind::MethodNotAvailable,
        ProblemKind::NoChallenge,
        ProblemKind::AlreadyRegistered,
        ProblemKind::TooManyAuthenticators,
    ])
    .responds::<RegisteredResponse<'_>>("The passkey is registered.", passkey("Phone"))
}

pub(in crate::routes) fn start_verification() -> Operation {
    Operation::new(
        "startPasskeyVerification",
        ApiTag::Authenticators,
        "Start the verification of a passkey",
        "Returns the options for `navigator.credentials.get()`. Nothing is stored. Allowed during a temporary lock, because an \
         assertion cannot be guessed.",
    )
    .token(AcceptedStages::SecondFactor)
    .no_body()
    .problems([ProblemKind::MethodNotAvailable, ProblemKind::AccountLocked, ProblemKind::ClockSkew])
    .responds::<OptionsResponse<Value>>(
        "Options for the browser.",
        json!({
            "options": {
                "challenge": CHALLENGE,
                "timeout": 300_000,
                "rpId": "mfa.example.com",
                "allowCredentials": [{ "type": "public-key", "id": CREDENTIAL_ID }],
                "userVerification": "preferred",
            },
            "expires_at": TIMESTAMP,
        }),
    )
}

pub(in crate::routes) fn verify() -> Operation {
    Operation::new(
        "verifyPasskey",
        ApiTag::Authenticators,
        "Verify a passkey",
        "Exchanges an assertion for a two-factor access token with the claim `phr: true`. An assertion works once. One that \
         does not verify counts against the rate limit, and not towards a lock.",
    )
    .token(AcceptedStages::SecondFactor)
    .verifies_code()
    .body::<AssertionRequest>(
        json!({ "credential": assertion() }),
        ("credential", FieldErrorKind::NotACredential),
    )
    .problems([ProblemKind::MethodNotAvailable, ProblemKind::NoChallenge])
    .responds::<VerifyResponse<'_>>("The passkey is verified.", granted("passkey", None))
}

pub(in crate::routes) fn related_origins() -> Operation {
    Operation::new(
        "relatedOrigins",
        ApiTag::Authenticators,
        "Get the related origins of passkeys",
        "Lists the origins of `MFA_RELATED_ORIGINS` that may use passkeys of this RP ID (WebAuthn Level 3, section 5.11).",
    )
    .no_body()
    .problems([ProblemKind::NotFound])
    .responds::<RelatedOriginsResponse>(
        "Related origins.",
        json!({ "origins": ["https://login.example.org"] }),
    )
}

fn registration() -> Value {
    json!({
        "id": CREDENTIAL_ID,
        "rawId": CREDENTIAL_ID,
        "type": "public-key",
        "response": { "clientDataJSON": CREATED, "attestationObject": "o2NmbXRkbm9uZQ" },
        "clientExtensionResults": {},
    })
}

fn assertion() -> Value {
    json!({
        "id": CREDENTIAL_ID,
        "rawId": CREDENTIAL_ID,
        "type": "public-key",
        "response": {
            "clientDataJSON": ASSERTED,
            "authenticatorData": "SZYN5YgOjGh0NBcPZHZgW4_krrmihjLHmVzzuoMdl2MFAAAAAA",
            "signature": "MEUCIQDx",
        },
        "clientExtensionResults": {},
    })
}
