//! The JSON form of the options.

use serde_json::{Value, json};

use super::support::{HANDLE, challenge, creation_options, registered, request_options};
use crate::{ChallengePurpose, base64url};

#[test]
fn creation_options_have_the_form_of_webauthn_level_3() {
    let (_, credential) = registered();
    let challenge = challenge(ChallengePurpose::Register, 1);
    let options: Value =
        serde_json::from_str(&creation_options(&challenge, std::slice::from_ref(&credential))).unwrap();
    assert_eq!(
        options,
        json!({
            "rp": {"id": "example.com", "name": "Example"},
            "user": {
                "id": base64url::encode(HANDLE.bytes()),
                "name": "ada@example.com",
                "displayName": "Ada",
            },
            "challenge": base64url::encode(challenge.bytes()),
            "pubKeyCredParams": [{"type": "public-key", "alg": -7}, {"type": "public-key", "alg": -257}],
            "timeout": 300_000,
            "excludeCredentials":
                [{"type": "public-key", "id": credential.id.to_string(), "transports": ["nfc", "usb"]}],
            "authenticatorSelection": {
                "residentKey": "preferred",
                "requireResidentKey": false,
                "userVerification": "preferred",
            },
            "attestation": "none",
            "extensions": {"credProps": true},
        })
    );
}

#[test]
fn request_options_have_the_form_of_webauthn_level_3() {
    let (_, mut credential) = registered();
    credential.transports.clear();
    let challenge = challenge(ChallengePurpose::Login, 1);
    let options: Value = serde_json::from_str(&request_options(&challenge, &credential)).unwrap();
    assert_eq!(
        options,
        json!({
            "challenge": base64url::encode(challenge.bytes()),
            "timeout": 300_000,
            "rpId": "example.com",
            "allowCredentials": [{"type": "public-key", "id": credential.id.to_string()}],
            "userVerification": "preferred",
        })
    );
}
