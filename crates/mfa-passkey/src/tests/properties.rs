//! Properties: parsers never panic, and nothing that was changed verifies.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::support::{
    HANDLE, NOW, ORIGIN, assert_json, binding, challenge, creation_options, key, registered, rp,
};
use crate::testing::SoftwareAuthenticator;
use crate::{
    AuthenticationResponse, Challenge, ChallengeError, ChallengePurpose, RegistrationResponse, base64url,
    verify_assertion, verify_registration,
};

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[a-zA-Z0-9_=-]{0,40}".prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 6, |inner| {
        let names = prop_oneof!["id|rawId|type|response|transports|signature|userHandle", any::<String>()];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(names, inner, 0..6).prop_map(|it| json!(it)),
        ]
    })
}

/// Replaces, removes or adds one byte.
fn mutate(bytes: &mut Vec<u8>, at: prop::sample::Index, how: u8, value: u8) {
    let at = at.index(bytes.len());
    match how {
        0 => bytes[at] ^= value.max(1),
        1 => drop(bytes.remove(at)),
        _ => bytes.insert(at, value),
    }
}

fn registration() -> Value {
    let options = creation_options(&challenge(ChallengePurpose::Register, 1), &[]);
    serde_json::from_str(&SoftwareAuthenticator::new(1).register(&options, ORIGIN).unwrap()).unwrap()
}

proptest! {
    #[test]
    fn parsers_do_not_panic_on_bytes(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(RegistrationResponse::parse(&bytes).is_err());
        prop_assert!(AuthenticationResponse::parse(&bytes).is_err());
    }

    #[test]
    fn parsers_do_not_panic_on_json(value in json_value()) {
        let _ = RegistrationResponse::from_json(&value);
        let _ = AuthenticationResponse::from_json(&value);
    }

    #[test]
    fn verification_does_not_panic_on_any_attestation_object(
        object in prop::collection::vec(any::<u8>(), 0..300),
    ) {
        let mut value = registration();
        value["response"]["attestationObject"] = base64url::encode(&object).into();
        let response = RegistrationResponse::from_json(&value).unwrap();
        prop_assert!(verify_registration(&rp(), &challenge(ChallengePurpose::Register, 1), response).is_err());
    }

    /// A registration is not signed, so some changes verify: it must not panic, and the ID must stay.
    #[test]
    fn verification_does_not_panic_on_a_changed_attestation_object(
        at in any::<prop::sample::Index>(), how in 0..3_u8, byte in any::<u8>(),
    ) {
        let mut value = registration();
        let text = value["response"]["attestationObject"].as_str().unwrap();
        let mut object = base64url::decode(text).unwrap();
        mutate(&mut object, at, how, byte);
        value["response"]["attestationObject"] = base64url::encode(&object).into();
        let response = RegistrationResponse::from_json(&value).unwrap();
        let id = response.credential_id().clone();
        if let Ok(registered) = verify_registration(&rp(), &challenge(ChallengePurpose::Register, 1), response) {
            prop_assert_eq!(registered.credential.id, id);
        }
    }

    #[test]
    fn a_changed_assertion_does_not_verify(
        member in prop::sample::select(vec!["authenticatorData", "clientDataJSON", "signature"]),
        at in any::<prop::sample::Index>(), how in 0..3_u8, byte in any::<u8>(),
    ) {
        let (mut authenticator, credential) = registered();
        let challenge = challenge(ChallengePurpose::Login, 2);
        let json = assert_json(&mut authenticator, &credential, &challenge, ORIGIN);
        let mut value: Value = serde_json::from_str(&json).unwrap();
        let mut bytes = base64url::decode(value["response"][member].as_str().unwrap()).unwrap();
        let original = bytes.clone();
        mutate(&mut bytes, at, how, byte);
        prop_assume!(bytes != original);
        value["response"][member] = base64url::encode(&bytes).into();
        if let Ok(response) = AuthenticationResponse::from_json(&value) {
            let result = verify_assertion(&rp(), &challenge, &credential, &HANDLE, &response);
            prop_assert!(result.is_err(), "{:?}", result);
        }
    }

    #[test]
    fn a_changed_challenge_does_not_verify(
        at in any::<prop::sample::Index>(), how in 0..3_u8, byte in any::<u8>(),
    ) {
        let issued = challenge(ChallengePurpose::Login, 1);
        let mut bytes = issued.bytes().to_vec();
        mutate(&mut bytes, at, how, byte);
        prop_assume!(bytes != issued.bytes());
        let result = Challenge::verify(&key(), &bytes, binding(ChallengePurpose::Login), NOW);
        prop_assert_eq!(result, Err(ChallengeError::Unknown));
    }

    #[test]
    fn a_random_challenge_is_unknown(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
        let result = Challenge::verify(&key(), &bytes, binding(ChallengePurpose::Login), NOW);
        prop_assert_eq!(result, Err(ChallengeError::Unknown));
    }

    #[test]
    fn base64url_comes_back(bytes in prop::collection::vec(any::<u8>(), 0..50)) {
        prop_assert_eq!(base64url::decode(&base64url::encode(&bytes)), Some(bytes));
    }
}
