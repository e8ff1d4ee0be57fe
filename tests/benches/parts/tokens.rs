//! Tokens: check of a pending token, and signing of an access token with `mfa_ok: true`.

use std::hint::black_box;

use mfa_core::testing::SeededEntropy;
use mfa_core::{FactorKind, Jti, SecretText, Stage, TokenSubject, UserId, VerifiedFactor};
use mfa_jwt::{PrivateKey, SecretKey, SigningAlgorithm, TokenConfig, TokenKeyRing, TokenService};
use nova_mfa_tests::JWT_SECRET;

use crate::NOW;
use crate::part::MeasuredPart;

/// Check of a pending token (HS256).
#[derive(Debug)]
pub(crate) struct PendingTokenCheck {
    tokens: TokenService,
    pending: SecretText,
}

impl PendingTokenCheck {
    /// Issues a pending token.
    pub(crate) fn open() -> Self {
        let tokens = service(None);
        let issued = tokens.pending(&subject(), &SeededEntropy::default(), NOW).expect("a pending token");
        Self { tokens, pending: issued.token }
    }
}

impl MeasuredPart for PendingTokenCheck {
    type Input = ();

    fn input(&self) {}

    fn run(&self, (): &mut ()) {
        let checked = self.tokens.authenticate(black_box(self.pending.expose()), NOW);
        assert_eq!(checked.expect("a valid token").stage, Stage::Pending);
    }
}

/// Signing of an access token.
#[derive(Debug)]
pub(crate) struct AccessTokenSigning {
    tokens: TokenService,
    verified: VerifiedFactor,
}

impl AccessTokenSigning {
    /// Signs with a private key of this algorithm, or with the shared secret (HS256).
    pub(crate) fn open(algorithm: Option<SigningAlgorithm>) -> Self {
        let jti = Jti::from_random([7; 16]);
        let verified = VerifiedFactor::danger_by_administrator(subject(), FactorKind::Totp, NOW, jti);
        let part = Self { tokens: service(algorithm), verified };
        let issued = part.tokens.two_factors(&part.verified, NOW).expect("an access token");
        let checked = part.tokens.authenticate(issued.token.expose(), NOW).expect("a valid token");
        assert_eq!(checked.stage, Stage::TwoFactors(Some(FactorKind::Totp)));
        part
    }
}

impl MeasuredPart for AccessTokenSigning {
    type Input = ();

    fn input(&self) {}

    fn run(&self, (): &mut ()) {
        let issued = self.tokens.two_factors(black_box(&self.verified), NOW).expect("an access token");
        assert!(!black_box(issued).token.expose().is_empty());
    }
}

fn subject() -> TokenSubject {
    TokenSubject {
        user: UserId::new(42),
        email: "ada@example.com".to_owned(),
        is_superuser: false,
        session: 0,
    }
}

fn service(algorithm: Option<SigningAlgorithm>) -> TokenService {
    let secret = SecretKey::new(&SecretText::new(JWT_SECRET.to_owned())).expect("a strong secret");
    let mut keys = TokenKeyRing::shared_secret(secret, Vec::new());
    if let Some(algorithm) = algorithm {
        let pem = PrivateKey::generate(algorithm).expect("randomness");
        keys = keys.signing_access(PrivateKey::from_pem(&pem).expect("a generated key"));
    }
    TokenService::new(TokenConfig::new("nova-mfa", "nova", keys)).expect("a valid configuration")
}
