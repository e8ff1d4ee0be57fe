//! A relying party and ceremonies with the software authenticator.

use mfa_core::{Timestamp, TokenId, UserId};

use crate::testing::SoftwareAuthenticator;
use crate::{
    Assertion, AuthenticationResponse, Challenge, ChallengeBinding, ChallengeKey, ChallengePurpose,
    CreationOptions, Credential, PasskeyError, Registered, RegistrationResponse, RejectReason, RelyingParty,
    RelyingPartyConfig, RequestOptions, UserEntity, UserHandle, verify_assertion, verify_registration,
};

pub(super) const ORIGIN: &str = "https://login.example.com";
pub(super) const HANDLE: UserHandle = UserHandle::from_bytes([7; 64]);
pub(super) const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

pub(super) fn config() -> RelyingPartyConfig {
    RelyingPartyConfig {
        rp_id: "example.com".to_owned(),
        rp_name: "Example".to_owned(),
        origins: vec![ORIGIN.to_owned()],
        ..RelyingPartyConfig::default()
    }
}

pub(super) fn rp() -> RelyingParty {
    RelyingParty::new(config()).unwrap()
}

pub(super) fn key() -> ChallengeKey {
    ChallengeKey::from_bytes([3; 32])
}

pub(super) fn binding(purpose: ChallengePurpose) -> ChallengeBinding {
    ChallengeBinding { purpose, user: UserId::new(42), token: TokenId::from_jti("token") }
}

pub(super) fn challenge(purpose: ChallengePurpose, nonce: u8) -> Challenge {
    Challenge::issue(&key(), [nonce; 16], binding(purpose), NOW)
}

pub(super) fn creation_options(challenge: &Challenge, existing: &[Credential]) -> String {
    let user = UserEntity { handle: &HANDLE, name: "ada@example.com", display_name: "Ada" };
    serde_json::to_string(&CreationOptions::new(&rp(), user, challenge, existing)).unwrap()
}

pub(super) fn request_options(challenge: &Challenge, credential: &Credential) -> String {
    serde_json::to_string(&RequestOptions::new(&rp(), challenge, [credential]).unwrap()).unwrap()
}

/// Registers a credential with the authenticator's current knobs.
pub(super) fn register(
    authenticator: &mut SoftwareAuthenticator,
    origin: &str,
) -> Result<Registered, PasskeyError> {
    let challenge = challenge(ChallengePurpose::Register, 1);
    let json = authenticator.register(&creation_options(&challenge, &[]), origin).unwrap();
    let response = RegistrationResponse::parse(json.as_bytes()).unwrap();
    verify_registration(&rp(), &challenge, response)
}

/// Returns an authenticator with a registered credential.
pub(super) fn registered() -> (SoftwareAuthenticator, Credential) {
    let mut authenticator = SoftwareAuthenticator::new(1);
    let credential = register(&mut authenticator, ORIGIN).unwrap().credential;
    (authenticator, credential)
}

/// Returns a response to the challenge as JSON.
pub(super) fn assert_json(
    authenticator: &mut SoftwareAuthenticator,
    credential: &Credential,
    challenge: &Challenge,
    origin: &str,
) -> String {
    authenticator.authenticate(&request_options(challenge, credential), origin).unwrap()
}

/// Logs in with the authenticator's current knobs.
pub(super) fn log_in(
    authenticator: &mut SoftwareAuthenticator,
    credential: &Credential,
    origin: &str,
) -> Result<Assertion, PasskeyError> {
    log_in_at(&rp(), authenticator, credential, origin)
}

/// Logs in at another relying party than that of the options.
pub(super) fn log_in_at(
    rp: &RelyingParty,
    authenticator: &mut SoftwareAuthenticator,
    credential: &Credential,
    origin: &str,
) -> Result<Assertion, PasskeyError> {
    let challenge = challenge(ChallengePurpose::Login, 2);
    let json = assert_json(authenticator, credential, &challenge, origin);
    let response = AuthenticationResponse::parse(json.as_bytes()).unwrap();
    verify_assertion(rp, &challenge, credential, &HANDLE, &response)
}

pub(super) fn rejected<T>(reason: RejectReason) -> Result<T, PasskeyError> {
    Err(PasskeyError::Rejected(reason))
}
