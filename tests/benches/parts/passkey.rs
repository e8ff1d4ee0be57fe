//! Assertion of a passkey.

use std::hint::black_box;

use mfa_core::{TokenId, UserId};
use mfa_passkey::testing::SoftwareAuthenticator;
use mfa_passkey::{
    AuthenticationResponse, Challenge, ChallengeBinding, ChallengeKey, ChallengePurpose, CreationOptions,
    Credential, RegistrationResponse, RelyingParty, RelyingPartyConfig, RequestOptions, UserEntity,
    UserHandle, verify_assertion, verify_registration,
};

use crate::NOW;
use crate::part::MeasuredPart;

const ORIGIN: &str = "https://login.example.com";
const HANDLE: UserHandle = UserHandle::from_bytes([7; 64]);

/// Check of an assertion (ES256): parsing of the response, the challenge, and the signature.
#[derive(Debug)]
pub(crate) struct PasskeyAssertion {
    relying_party: RelyingParty,
    key: ChallengeKey,
    credential: Credential,
    response: String,
}

impl PasskeyAssertion {
    /// Registers a passkey of a software authenticator and lets it sign a challenge.
    pub(crate) fn open() -> Self {
        let relying_party = relying_party();
        let key = ChallengeKey::from_bytes([3; 32]);
        let mut device = SoftwareAuthenticator::new(1);
        let credential = register(&relying_party, &key, &mut device);

        let challenge = Challenge::issue(&key, [2; 16], binding(ChallengePurpose::Login), NOW);
        let options = RequestOptions::new(&relying_party, &challenge, [&credential]).expect("a credential");
        let options = serde_json::to_string(&options).expect("JSON");
        let response = device.authenticate(&options, ORIGIN).expect("an assertion");
        Self { relying_party, key, credential, response }
    }
}

impl MeasuredPart for PasskeyAssertion {
    type Input = ();

    fn input(&self) {}

    fn run(&self, (): &mut ()) {
        let response = AuthenticationResponse::parse(black_box(self.response.as_bytes())).expect("JSON");
        let binding = binding(ChallengePurpose::Login);
        let challenge =
            Challenge::verify(&self.key, response.challenge(), binding, NOW).expect("a challenge");
        let assertion =
            verify_assertion(&self.relying_party, &challenge, &self.credential, &HANDLE, &response);
        assert_eq!(assertion.expect("a correct signature").sign_count, 2);
    }
}

fn register(rp: &RelyingParty, key: &ChallengeKey, device: &mut SoftwareAuthenticator) -> Credential {
    let challenge = Challenge::issue(key, [1; 16], binding(ChallengePurpose::Register), NOW);
    let user = UserEntity { handle: &HANDLE, name: "ada@example.com", display_name: "Ada" };
    let options = serde_json::to_string(&CreationOptions::new(rp, user, &challenge, [])).expect("JSON");
    let response = device.register(&options, ORIGIN).expect("a new credential");
    let response = RegistrationResponse::parse(response.as_bytes()).expect("JSON");
    verify_registration(rp, &challenge, response).expect("a correct registration").credential
}

fn relying_party() -> RelyingParty {
    let config = RelyingPartyConfig {
        rp_id: "example.com".to_owned(),
        rp_name: "Example".to_owned(),
        origins: vec![ORIGIN.to_owned()],
        ..RelyingPartyConfig::default()
    };
    RelyingParty::new(config).expect("a domain and its origin")
}

fn binding(purpose: ChallengePurpose) -> ChallengeBinding {
    ChallengeBinding { purpose, user: UserId::new(42), token: TokenId::from_jti("token") }
}
