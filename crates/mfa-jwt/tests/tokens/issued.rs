use data_encoding::BASE64URL_NOPAD;
use mfa_core::testing::SeededEntropy;
use mfa_core::{Entropy, EntropyError, FactorKind, Jti, Stage, Timestamp, TokenId, UserId, VerifiedFactor};
use mfa_jwt::{ConfigError, IssueError, IssuedToken, TokenConfig, TokenKeyRing, TokenService};
use serde_json::{Value, json};

use crate::forge::{KEY, KID, NOW, hmac, key, marie, service};

/// Not on a whole second, so that rounding shows.
fn moment() -> Timestamp {
    Timestamp::from_millis(NOW * 1000 + 789)
}

/// Header and claims, after checking the signature with the tests' own HMAC.
fn opened(issued: &IssuedToken) -> (Value, Value) {
    let token = issued.token.expose();
    let (signed, signature) = token.rsplit_once('.').unwrap();
    assert_eq!(hmac(KEY.as_bytes(), signed), signature);
    let (header, claims) = signed.split_once('.').unwrap();
    let read =
        |part: &str| serde_json::from_slice(&BASE64URL_NOPAD.decode(part.as_bytes()).unwrap()).unwrap();
    (read(header), read(claims))
}

fn verified(factor: FactorKind) -> VerifiedFactor {
    let at = Timestamp::from_seconds(NOW - 2);
    VerifiedFactor::danger_by_administrator(marie(), factor, at, Jti::from_random([7; 16]))
}

#[test]
fn a_pending_token_claims_what_the_contract_lists_and_no_more() {
    let issued = service().pending(&marie(), &SeededEntropy::default(), moment()).unwrap();
    let (header, mut claims) = opened(&issued);
    assert_eq!(header, json!({ "alg": "HS256", "typ": "mfa-pending+jwt", "kid": KID }));
    let id = claims.as_object_mut().unwrap().remove("jti").unwrap();
    assert_eq!(BASE64URL_NOPAD.decode(id.as_str().unwrap().as_bytes()).unwrap().len(), 16);
    assert_eq!(
        claims,
        json!({
            "iss": "nova-mfa", "aud": "nova-mfa", "sub": "42", "iat": NOW, "iat_ms": NOW * 1000 + 789, "nbf": NOW,
            "exp": NOW + 300, "sv": 3, "email": "marie@example.com", "is_superuser": false, "mfa_pending": true,
            "amr": ["pwd"],
        })
    );
    assert_eq!((issued.expires_at, issued.expires_in), (Timestamp::from_seconds(NOW + 300), 300));
}

#[test]
fn a_one_factor_token_says_that_no_second_factor_passed() {
    let issued = service().one_factor(&marie(), &SeededEntropy::default(), moment()).unwrap();
    let (header, claims) = opened(&issued);
    assert_eq!(header["typ"], "at+jwt");
    assert_eq!(claims["aud"], "nova");
    assert_eq!(claims["mfa_ok"], false);
    assert_eq!(claims["acr"], "aal1");
    assert_eq!(claims["amr"], json!(["pwd"]));
    assert_eq!(claims["exp"], NOW + 3600);
    for absent in ["mfa_pending", "auth_time", "rec"] {
        assert!(claims.get(absent).is_none(), "{absent}");
    }
    assert_eq!(issued.expires_in, 3600);
}

#[test]
fn a_two_factor_token_says_which_factor_passed_and_when() {
    for (factor, amr) in [
        (FactorKind::Totp, json!(["pwd", "otp", "mfa"])),
        (FactorKind::Sms, json!(["pwd", "sms", "mfa"])),
        (FactorKind::Recovery, json!(["pwd", "mfa"])),
    ] {
        let service = service();
        let issued = service.two_factors(&verified(factor), moment()).unwrap();
        let (header, claims) = opened(&issued);
        assert_eq!(header["typ"], "at+jwt");
        assert_eq!(claims["jti"], Jti::from_random([7; 16]).as_str(), "the one that the event recorded");
        assert_eq!(claims["mfa_ok"], true);
        assert_eq!(claims["acr"], "aal2");
        assert_eq!(claims["amr"], amr);
        assert_eq!(claims["auth_time"], NOW - 2);
        assert_eq!(claims.get("rec").is_some(), factor == FactorKind::Recovery);
        assert!(claims.get("mfa_pending").is_none());

        let presented = service.authenticate(issued.token.expose(), moment()).unwrap();
        assert_eq!(presented.stage, Stage::TwoFactors(Some(factor)));
        assert_eq!(presented.auth_time, Some(Timestamp::from_seconds(NOW - 2)));
    }
}

#[test]
fn what_is_issued_is_read_back_to_the_millisecond() {
    let service = service();
    let entropy = SeededEntropy::default();
    let pending = service.pending(&marie(), &entropy, moment()).unwrap();
    let presented = service.authenticate(pending.token.expose(), moment()).unwrap();
    assert_eq!(presented.user, UserId::new(42));
    assert_eq!(presented.stage, Stage::Pending);
    assert_eq!(presented.session, Some(3));
    assert_eq!(presented.issued_at, moment());
    assert_eq!(presented.expires_at, pending.expires_at);
    assert_eq!(presented.auth_time, None);
    let (_, claims) = opened(&pending);
    assert_eq!(presented.id, TokenId::from_jti(claims["jti"].as_str().unwrap()));

    let access = service.one_factor(&marie(), &entropy, moment()).unwrap();
    let other = service.authenticate(access.token.expose(), moment()).unwrap();
    assert_eq!(other.stage, Stage::OneFactor);
    assert_ne!(other.id, presented.id);
}

#[test]
fn an_enrolment_token_is_a_pending_token_for_a_quarter_of_an_hour() {
    let service = service();
    let issued = service.enrolment(&marie(), &SeededEntropy::default(), moment()).unwrap();
    let (header, claims) = opened(&issued);
    assert_eq!((&header["typ"], issued.expires_in), (&json!("mfa-pending+jwt"), 900));
    assert_eq!((&claims["mfa_pending"], &claims["enrolment_only"]), (&json!(true), &json!(true)));
    assert_eq!(claims["amr"], json!(["pwd"]));
    let presented = service.authenticate(issued.token.expose(), moment()).unwrap();
    assert_eq!((presented.stage, presented.session), (Stage::Enrolment, Some(3)));
    let pending = service.pending(&marie(), &SeededEntropy::default(), moment()).unwrap();
    assert!(opened(&pending).1.get("enrolment_only").is_none());
}

#[test]
fn without_randomness_there_is_no_token() {
    #[derive(Debug)]
    struct Broken;
    impl Entropy for Broken {
        fn fill(&self, _: &mut [u8]) -> Result<(), EntropyError> {
            Err(EntropyError)
        }
    }
    let refused = service().pending(&marie(), &Broken, moment());
    assert_eq!(refused.err(), Some(IssueError::Entropy(EntropyError)));
}

#[test]
fn a_token_that_could_not_be_read_back_is_not_issued() {
    let mut subject = marie();
    subject.email = format!("{}@example.com", "x".repeat(4096));
    let refused = service().pending(&subject, &SeededEntropy::default(), moment());
    assert_eq!(refused.err(), Some(IssueError::TooLong));
}

#[test]
fn settings_that_blur_the_two_types_are_refused() {
    for (issuer, audience, error) in [
        ("nova", "nova", ConfigError::SameAudience),
        ("", "nova", ConfigError::Empty),
        ("nova-mfa", "", ConfigError::Empty),
    ] {
        let keys = TokenKeyRing::shared_secret(key(KEY), vec![]);
        let config = TokenConfig::new(issuer, audience, keys);
        assert_eq!(TokenService::new(config).err(), Some(error));
    }
}

#[test]
fn neither_the_service_nor_a_token_shows_itself_in_debug() {
    let service = service();
    let issued = service.pending(&marie(), &SeededEntropy::default(), moment()).unwrap();
    let shown = format!("{service:?} {issued:?}");
    assert!(!shown.contains(&KEY[..8]));
    assert!(!shown.contains(issued.token.expose().rsplit_once('.').unwrap().1));
}
