//! Assertions with the software authenticator.

use super::support::{
    HANDLE, ORIGIN, assert_json, challenge, config, log_in, log_in_at, register, registered, rejected, rp,
};
use crate::testing::{AuthenticatorError, SoftwareAuthenticator};
use crate::{
    AuthenticationResponse, ChallengePurpose, CounterStatus, Credential, NoUsableCredential, RejectReason,
    RelyingParty, RelyingPartyConfig, RequestOptions, UserHandle, counter_status, verify_assertion,
};

#[test]
fn a_registered_credential_logs_in() {
    let (mut authenticator, credential) = registered();
    let first = log_in(&mut authenticator, &credential, ORIGIN).unwrap();
    assert_eq!(first.sign_count, 2);
    assert!(first.user_verified && !first.backed_up && !first.backup_eligible);
    assert!(!first.backup_eligible_changed);
    assert_eq!(log_in(&mut authenticator, &credential, ORIGIN).unwrap().sign_count, 3);
}

#[test]
fn a_credential_logs_in_after_it_was_stored_as_json() {
    let (mut authenticator, credential) = registered();
    let stored = serde_json::to_string(&credential).unwrap();
    let loaded: Credential = serde_json::from_str(&stored).unwrap();
    assert!(log_in(&mut authenticator, &loaded, ORIGIN).is_ok());
}

#[test]
fn a_response_verifies_again_so_the_caller_must_record_the_challenge() {
    let (mut authenticator, credential) = registered();
    let challenge = challenge(ChallengePurpose::Login, 2);
    let json = assert_json(&mut authenticator, &credential, &challenge, ORIGIN);
    let response = AuthenticationResponse::parse(json.as_bytes()).unwrap();
    let verify = || verify_assertion(&rp(), &challenge, &credential, &HANDLE, &response).unwrap();
    assert_eq!(verify(), verify());
}

#[test]
fn a_response_to_another_challenge_is_rejected() {
    let (mut authenticator, credential) = registered();
    let json = assert_json(&mut authenticator, &credential, &challenge(ChallengePurpose::Login, 2), ORIGIN);
    let response = AuthenticationResponse::parse(json.as_bytes()).unwrap();
    let other = challenge(ChallengePurpose::Login, 3);
    let result = verify_assertion(&rp(), &other, &credential, &HANDLE, &response);
    assert_eq!(result, rejected(RejectReason::Challenge));
}

#[test]
fn deviating_assertions_are_rejected() {
    let deviating = |change: fn(&mut SoftwareAuthenticator), origin: &str| {
        let (mut authenticator, credential) = registered();
        change(&mut authenticator);
        log_in(&mut authenticator, &credential, origin)
    };
    assert_eq!(deviating(|it| it.bad_signature = true, ORIGIN), rejected(RejectReason::Signature));
    assert_eq!(deviating(|it| it.rp_id = Some("example.net".into()), ORIGIN), rejected(RejectReason::RpId));
    assert_eq!(deviating(|it| it.user_present = false, ORIGIN), rejected(RejectReason::UserNotPresent));
    assert_eq!(deviating(|it| it.cross_origin = true, ORIGIN), rejected(RejectReason::CrossOrigin));
    assert_eq!(deviating(|it| it.backed_up = true, ORIGIN), rejected(RejectReason::BackupFlags));
    assert_eq!(deviating(|_| (), "https://login.example.net"), rejected(RejectReason::Origin));
    assert_eq!(
        deviating(|it| it.user_handle = Some(vec![8; 64]), ORIGIN),
        rejected(RejectReason::UserHandle)
    );
    assert_eq!(
        deviating(|it| it.user_handle = Some(vec![7; 63]), ORIGIN),
        rejected(RejectReason::UserHandle)
    );
}

#[test]
fn a_user_handle_may_be_absent_or_empty() {
    for absent in [None, Some(vec![])] {
        let (mut authenticator, credential) = registered();
        authenticator.user_handle = absent;
        assert!(log_in(&mut authenticator, &credential, ORIGIN).is_ok());
    }
}

#[test]
fn a_response_of_another_account_or_credential_is_rejected() {
    let (mut authenticator, credential) = registered();
    let challenge = challenge(ChallengePurpose::Login, 2);
    let json = assert_json(&mut authenticator, &credential, &challenge, ORIGIN);
    let response = AuthenticationResponse::parse(json.as_bytes()).unwrap();
    let stranger = UserHandle::from_bytes([9; 64]);
    let result = verify_assertion(&rp(), &challenge, &credential, &stranger, &response);
    assert_eq!(result, rejected(RejectReason::UserHandle));

    let other = register(&mut SoftwareAuthenticator::new(2), ORIGIN).unwrap().credential;
    let result = verify_assertion(&rp(), &challenge, &other, &HANDLE, &response);
    assert_eq!(result, rejected(RejectReason::CredentialId));
    // The ID is not signed: the key decides.
    let swapped = Credential { id: credential.id, ..other };
    let result = verify_assertion(&rp(), &challenge, &swapped, &HANDLE, &response);
    assert_eq!(result, rejected(RejectReason::Signature));
}

#[test]
fn missing_user_verification_is_accepted_and_reported() {
    // Also for a credential that was registered with user verification.
    let (mut authenticator, credential) = registered();
    authenticator.user_verified = false;
    assert!(!log_in(&mut authenticator, &credential, ORIGIN).unwrap().user_verified);
}

#[test]
fn a_changed_backup_eligible_flag_is_reported_and_strictly_rejected() {
    let strict = RelyingParty::new(RelyingPartyConfig { strict_backup_flag: true, ..config() }).unwrap();
    let (mut authenticator, credential) = registered();
    assert!(log_in_at(&strict, &mut authenticator, &credential, ORIGIN).is_ok());

    authenticator.backup_eligible = true;
    let changed = log_in(&mut authenticator, &credential, ORIGIN).unwrap();
    assert!(changed.backup_eligible_changed && changed.backup_eligible);
    let result = log_in_at(&strict, &mut authenticator, &credential, ORIGIN);
    assert_eq!(result, rejected(RejectReason::BackupEligibilityChanged));
    authenticator.bad_signature = true;
    let result = log_in_at(&strict, &mut authenticator, &credential, ORIGIN);
    assert_eq!(result, rejected(RejectReason::Signature), "the flag of a wrong signature says nothing");

    // The other direction too.
    let mut synced = SoftwareAuthenticator::synced(3);
    let credential = register(&mut synced, ORIGIN).unwrap().credential;
    (synced.backup_eligible, synced.backed_up) = (false, false);
    let changed = log_in(&mut synced, &credential, ORIGIN).unwrap();
    assert!(changed.backup_eligible_changed && !changed.backup_eligible);
}

#[test]
fn the_backup_state_may_change() {
    let mut synced = SoftwareAuthenticator::synced(3);
    let credential = register(&mut synced, ORIGIN).unwrap().credential;
    for backed_up in [false, true] {
        synced.backed_up = backed_up;
        let assertion = log_in(&mut synced, &credential, ORIGIN).unwrap();
        assert_eq!((assertion.backed_up, assertion.backup_eligible_changed), (backed_up, false));
    }
}

#[test]
fn a_counter_that_does_not_grow_regresses_unless_there_is_none() {
    let cases = [(0, 0, CounterStatus::Ok), (0, 1, CounterStatus::Ok), (5, 6, CounterStatus::Ok)];
    let regressions = [(5, 5), (5, 4), (5, 0), (1, 0), (u32::MAX, u32::MAX), (u32::MAX, 0)]
        .map(|(stored, new)| (stored, new, CounterStatus::Regressed));
    for (stored, new, expected) in cases.into_iter().chain(regressions) {
        assert_eq!(counter_status(stored, new), expected, "{stored} {new}");
    }
}

#[test]
fn a_regressed_counter_verifies_and_is_left_to_the_decision() {
    let (mut authenticator, credential) = registered();
    authenticator.sign_count = 1;
    let assertion = log_in(&mut authenticator, &credential, ORIGIN).unwrap();
    assert_eq!(counter_status(1, assertion.sign_count), CounterStatus::Regressed);
}

#[test]
fn the_rp_id_of_the_credential_is_checked_and_not_the_setting() {
    let (mut authenticator, credential) = registered();
    let moved =
        RelyingParty::new(RelyingPartyConfig { rp_id: "login.example.com".to_owned(), ..config() }).unwrap();
    assert!(!credential.is_usable_with(&moved) && credential.is_usable_with(&rp()));
    assert!(log_in_at(&moved, &mut authenticator, &credential, ORIGIN).is_ok());

    let options = RequestOptions::new(&moved, &challenge(ChallengePurpose::Login, 2), [&credential]);
    assert_eq!(options.map(|_| ()), Err(NoUsableCredential));
}

#[test]
fn an_authenticator_signs_for_its_own_credentials_only() {
    let (_, credential) = registered();
    let mut other = SoftwareAuthenticator::new(2);
    let options = super::support::request_options(&challenge(ChallengePurpose::Login, 2), &credential);
    assert_eq!(other.authenticate(&options, ORIGIN), Err(AuthenticatorError::NoCredential));
}

#[test]
fn extension_outputs_that_were_not_requested_are_ignored() {
    // {"credProtect": 2, "hmac-secret": true, "future": [1]}
    let extensions = b"\xa3\x6bcredProtect\x02\x6bhmac-secret\xf5\x66future\x81\x01";
    let mut authenticator = SoftwareAuthenticator::new(1);
    authenticator.extensions = extensions.to_vec();
    let credential = register(&mut authenticator, ORIGIN).unwrap().credential;
    authenticator.extensions = b"\xa1\x66future\xf5".to_vec();
    assert!(log_in(&mut authenticator, &credential, ORIGIN).is_ok());
}
