//! Registrations with the software authenticator.

use super::support::{
    HANDLE, NOW, ORIGIN, binding, challenge, config, creation_options, key, register, registered, rejected,
    rp,
};
use crate::testing::{AuthenticatorError, SoftwareAuthenticator};
use crate::{
    Challenge, ChallengePurpose, Credential, PasskeyError, RegistrationResponse, RejectReason, RelyingParty,
    verify_registration,
};

#[test]
fn a_registration_returns_what_the_authenticator_sent() {
    let mut authenticator = SoftwareAuthenticator::new(1);
    authenticator.sign_count = 5;
    let registered = register(&mut authenticator, ORIGIN).unwrap();
    assert_eq!((registered.sign_count, registered.backed_up), (5, false));
    assert_eq!((registered.user_verified, registered.discoverable), (true, Some(true)));
    assert_eq!(registered.credential.rp_id, "example.com");
    assert_eq!(registered.credential.transports, ["nfc", "usb"]);
    assert!(!registered.credential.backup_eligible);
    assert_eq!(authenticator.user_handle.as_deref(), Some(HANDLE.bytes().as_slice()));
}

#[test]
fn a_synced_passkey_is_reported_as_such() {
    let registered = register(&mut SoftwareAuthenticator::synced(1), ORIGIN).unwrap();
    assert_eq!((registered.sign_count, registered.backed_up), (0, true));
    assert!(registered.credential.backup_eligible);
}

#[test]
fn a_stored_credential_is_small_and_comes_back() {
    let (_, credential) = registered();
    let json = serde_json::to_string(&credential).unwrap();
    assert!(json.len() <= 330, "{} bytes: {json}", json.len());
    assert_eq!(serde_json::from_str::<Credential>(&json).unwrap(), credential);
}

#[test]
fn a_damaged_stored_key_is_not_read() {
    let (_, credential) = registered();
    let mut json = serde_json::to_value(&credential).unwrap();
    for damaged in ["", "AAAA", "not base64url!", &"A".repeat(2000)] {
        json["public_key"] = damaged.into();
        assert!(serde_json::from_value::<Credential>(json.clone()).is_err(), "{damaged}");
    }
}

#[test]
fn a_user_without_verification_may_register() {
    let mut authenticator = SoftwareAuthenticator::new(1);
    authenticator.user_verified = false;
    assert!(!register(&mut authenticator, ORIGIN).unwrap().user_verified);
}

#[test]
fn deviating_registrations_are_rejected() {
    let deviating = |change: fn(&mut SoftwareAuthenticator)| {
        let mut authenticator = SoftwareAuthenticator::new(1);
        change(&mut authenticator);
        register(&mut authenticator, ORIGIN)
    };
    assert_eq!(deviating(|it| it.rp_id = Some("example.net".into())), rejected(RejectReason::RpId));
    assert_eq!(deviating(|it| it.user_present = false), rejected(RejectReason::UserNotPresent));
    assert_eq!(deviating(|it| it.cross_origin = true), rejected(RejectReason::CrossOrigin));
    assert_eq!(deviating(|it| it.backed_up = true), rejected(RejectReason::BackupFlags));
    assert_eq!(deviating(|it| it.challenge = Some("AAAA".into())), rejected(RejectReason::Challenge));
}

#[test]
fn an_origin_is_compared_as_text() {
    for origin in [
        "https://example.com",
        "https://login.example.com/",
        "https://login.example.com:443",
        "https://login.example.com:8443",
        "https://user@login.example.com",
        "https://LOGIN.example.com",
        "http://login.example.com",
        "https://evil.login.example.com",
        "https://login.example.com.evil.net",
        "null",
        "",
    ] {
        let result = register(&mut SoftwareAuthenticator::new(1), origin);
        assert_eq!(result, rejected(RejectReason::Origin), "{origin}");
    }
}

#[test]
fn a_related_origin_may_register() {
    let related = "https://example.net";
    let rp = RelyingParty::new(crate::RelyingPartyConfig {
        related_origins: vec![related.to_owned()],
        ..config()
    })
    .unwrap();
    let challenge = challenge(ChallengePurpose::Register, 1);
    let json = SoftwareAuthenticator::new(1).register(&creation_options(&challenge, &[]), related).unwrap();
    let response = RegistrationResponse::parse(json.as_bytes()).unwrap();
    assert!(verify_registration(&rp, &challenge, response).is_ok());
}

#[test]
fn an_assertion_is_no_registration() {
    let challenge = challenge(ChallengePurpose::Register, 1);
    let mut authenticator = SoftwareAuthenticator::new(1);
    let json = authenticator.register(&creation_options(&challenge, &[]), ORIGIN).unwrap();
    let mut value: serde_json::Value = serde_json::from_str(&json).unwrap();
    let data = format!(
        r#"{{"type":"webauthn.get","challenge":"{}","origin":"{ORIGIN}"}}"#,
        challenge.to_base64url()
    );
    value["response"]["clientDataJSON"] = crate::base64url::encode(data.as_bytes()).into();
    let response = RegistrationResponse::from_json(&value).unwrap();
    assert_eq!(verify_registration(&rp(), &challenge, response), rejected(RejectReason::ClientDataType));
}

#[test]
fn the_challenge_of_a_response_is_checked_by_its_mac() {
    let issued = challenge(ChallengePurpose::Register, 1);
    let json = SoftwareAuthenticator::new(1).register(&creation_options(&issued, &[]), ORIGIN).unwrap();
    let response = RegistrationResponse::parse(json.as_bytes()).unwrap();
    let verified =
        Challenge::verify(&key(), response.challenge(), binding(ChallengePurpose::Register), NOW).unwrap();
    assert_eq!(verified, issued);
    assert!(verify_registration(&rp(), &verified, response).is_ok());
}

#[test]
fn an_authenticator_refuses_to_register_twice() {
    let (mut authenticator, credential) = registered();
    let options = creation_options(&challenge(ChallengePurpose::Register, 2), &[credential]);
    assert_eq!(authenticator.register(&options, ORIGIN), Err(AuthenticatorError::Excluded));
}

#[test]
fn a_key_of_another_curve_is_rejected_for_es256() {
    // A P-256 credential whose key claims curve 2 (P-384): the coordinates are too short for it.
    let challenge = challenge(ChallengePurpose::Register, 1);
    let json = SoftwareAuthenticator::new(1).register(&creation_options(&challenge, &[]), ORIGIN).unwrap();
    let mut value: serde_json::Value = serde_json::from_str(&json).unwrap();
    let mut object =
        crate::base64url::decode(value["response"]["attestationObject"].as_str().unwrap()).unwrap();
    let at = object.windows(5).position(|it| it == [0x03, 0x26, 0x20, 0x01, 0x21]).unwrap();
    object[at + 3] = 0x02;
    value["response"]["attestationObject"] = crate::base64url::encode(&object).into();
    let response = RegistrationResponse::from_json(&value).unwrap();
    let result = verify_registration(&rp(), &challenge, response);
    assert_eq!(result, Err(PasskeyError::Rejected(RejectReason::Algorithm)));
}
