//! Responses that are not well-formed, and those that are unusual but right.

use serde_json::{Value, json};

use super::support::{HANDLE, ORIGIN, assert_json, challenge, creation_options, registered, rp};
use crate::testing::SoftwareAuthenticator;
use crate::{
    AuthenticationResponse, ChallengePurpose, CredentialId, CredentialIdError, PasskeyError,
    RegistrationResponse, base64url, verify_assertion, verify_registration,
};

fn registration() -> Value {
    let options = creation_options(&challenge(ChallengePurpose::Register, 1), &[]);
    serde_json::from_str(&SoftwareAuthenticator::new(1).register(&options, ORIGIN).unwrap()).unwrap()
}

fn assertion() -> Value {
    let (mut authenticator, credential) = registered();
    let json = assert_json(&mut authenticator, &credential, &challenge(ChallengePurpose::Login, 2), ORIGIN);
    serde_json::from_str(&json).unwrap()
}

#[test]
fn a_registration_with_a_wrong_member_is_malformed() {
    assert!(RegistrationResponse::from_json(&registration()).is_ok());
    for (path, value) in [
        ("/id", json!("")),
        ("/id", json!("!")),
        ("/id", json!(base64url::encode(&[1; 1024]))),
        ("/rawId", json!("AAAA")),
        ("/rawId", json!(null)),
        ("/type", json!("password")),
        ("/response", json!(null)),
        ("/response/clientDataJSON", json!("!")),
        ("/response/clientDataJSON", json!(base64url::encode(b"{}"))),
        ("/response/clientDataJSON", json!(base64url::encode(b"\xff"))),
        ("/response/clientDataJSON", json!(base64url::encode(&[b' '; 5000]))),
        ("/response/attestationObject", json!(base64url::encode(&vec![0; 40_000]))),
        ("/response/attestationObject", json!(7)),
        ("/response/transports", json!("usb")),
        ("/clientExtensionResults", json!([])),
    ] {
        let mut changed = registration();
        *changed.pointer_mut(path).unwrap() = value.clone();
        assert!(RegistrationResponse::from_json(&changed).is_err(), "{path} {value}");
    }
}

#[test]
fn an_assertion_with_a_wrong_member_is_malformed() {
    assert!(AuthenticationResponse::from_json(&assertion()).is_ok());
    for (path, value) in [
        ("/id", json!(1)),
        ("/type", json!("Public-Key")),
        ("/response/authenticatorData", json!(base64url::encode(&[0; 5000]))),
        ("/response/authenticatorData", json!(null)),
        ("/response/signature", json!(base64url::encode(&[0; 2000]))),
        ("/response/signature", json!("=")),
        ("/response/userHandle", json!(base64url::encode(&[7; 65]))),
        ("/response/userHandle", json!("é")),
    ] {
        let mut changed = assertion();
        *changed.pointer_mut(path).unwrap() = value.clone();
        assert!(AuthenticationResponse::from_json(&changed).is_err(), "{path} {value}");
    }
    assert!(AuthenticationResponse::parse(&vec![b' '; 70_000]).is_err());
    assert!(AuthenticationResponse::parse(b"").is_err());
}

#[test]
fn attestation_objects_that_cannot_be_decoded_are_malformed() {
    let challenge = challenge(ChallengePurpose::Register, 1);
    let original =
        base64url::decode(registration()["response"]["attestationObject"].as_str().unwrap()).unwrap();
    let cut = &original[..original.len() - 20];
    let longer = [original.as_slice(), &[0]].concat();
    // Arrays nested a thousand times: the decoder's depth is limited.
    let deep = [&[0x81_u8; 1000][..], &[0x00]].concat();
    for object in [&b""[..], b"\xa0", b"\xff", cut, &longer, &deep, b"\xa1\x68authData\x41\x00"] {
        let mut changed = registration();
        changed["response"]["attestationObject"] = base64url::encode(object).into();
        let response = RegistrationResponse::from_json(&changed).unwrap();
        let result = verify_registration(&rp(), &challenge, response);
        assert!(matches!(result, Err(PasskeyError::Malformed(_))), "{object:?} {result:?}");
    }
}

#[test]
fn an_id_that_differs_from_the_attested_one_is_malformed() {
    let mut changed = registration();
    (changed["id"], changed["rawId"]) = (json!("AAAA"), json!("AAAA"));
    let response = RegistrationResponse::from_json(&changed).unwrap();
    let result = verify_registration(&rp(), &challenge(ChallengePurpose::Register, 1), response);
    assert!(matches!(result, Err(PasskeyError::Malformed(_))), "{result:?}");
}

#[test]
fn authenticator_data_that_is_too_short_is_malformed() {
    let (_, credential) = registered();
    let mut changed = assertion();
    changed["response"]["authenticatorData"] = base64url::encode(&[0; 36]).into();
    let response = AuthenticationResponse::from_json(&changed).unwrap();
    let result =
        verify_assertion(&rp(), &challenge(ChallengePurpose::Login, 2), &credential, &HANDLE, &response);
    assert!(matches!(result, Err(PasskeyError::Malformed(_))), "{result:?}");
}

#[test]
fn padding_unknown_members_and_odd_transports_are_accepted() {
    let mut changed = registration();
    let pad = |text: &str| {
        let padding = "=".repeat(text.len().wrapping_neg() % 4);
        json!(format!("{text}{padding}"))
    };
    for path in ["/id", "/rawId", "/response/clientDataJSON", "/response/attestationObject"] {
        let member = changed.pointer_mut(path).unwrap();
        *member = pad(member.as_str().unwrap());
    }
    changed["future"] = json!({"a": [1]});
    changed["response"]["future"] = json!(1);
    changed["response"]["transports"] =
        json!(["usb", "usb", "smart-card", "NFC", "", "x".repeat(33), "with space", "future-one"]);
    let response = RegistrationResponse::from_json(&changed).unwrap();
    let registered = verify_registration(&rp(), &challenge(ChallengePurpose::Register, 1), response).unwrap();
    assert_eq!(registered.credential.transports, ["future-one", "smart-card", "usb"]);

    changed["response"]["transports"] = json!(null);
    changed["clientExtensionResults"] = json!(null);
    assert!(RegistrationResponse::from_json(&changed).is_ok());
}

#[test]
fn a_credential_id_has_at_most_1023_bytes() {
    assert!(CredentialId::from_bytes(vec![0; 1023]).is_ok());
    assert_eq!(CredentialId::from_bytes(vec![0; 1024]), Err(CredentialIdError));
    assert_eq!(CredentialId::from_bytes(vec![]), Err(CredentialIdError));
    assert_eq!(CredentialId::parse("AAAA").unwrap().to_string(), "AAAA");
}

#[test]
fn an_error_says_which_member_and_nothing_of_its_value() {
    let mut changed = registration();
    changed["id"] = json!("secret value");
    let error = RegistrationResponse::from_json(&changed).unwrap_err();
    assert_eq!(error.to_string(), "malformed credential: id is not 1 to 1023 bytes of base64url");
}
