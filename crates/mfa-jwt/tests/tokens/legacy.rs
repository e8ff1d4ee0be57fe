use mfa_core::{Stage, Timestamp, TokenId, UserId};
use mfa_jwt::{TokenError, TokenKeyRing};
use serde_json::{Value, json};

use crate::forge::{
    KEY, NOW, OTHER_KEY, header, key, kinds, legacy_service, now, one_factor_claims, pending_claims, service,
    service_with, set, sign, sign_text, two_factor_claims, with,
};

/// As python-jose 3.3 writes them (header sorted, claims in order), signed with Python's own hmac module.
const PENDING_OF_PYTHON: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiI0MiIsImVtYWlsIjoibWFyaWVAZXhhbXBsZS5jb20iLCJtZmFfcGVuZGluZyI6dHJ1ZSwiZXhwIjoxODAwMDAwMzAwfQ.ubuRQxB9JvvDrdl9G-xr7ksTwd1_sq7BmPiyxOX-Ego";
const TWO_FACTORS_OF_PYTHON: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiI0MiIsImVtYWlsIjoibWFyaWVAZXhhbXBsZS5jb20iLCJtZmFfb2siOnRydWUsImV4cCI6MTgwMDAwMzYwMH0.-0dvkC67mlJoMqMaD2khGIa0S7Lzp1fELh_cCbxExRg";

fn plain_header() -> Value {
    json!({ "alg": "HS256", "typ": "JWT" })
}

fn legacy_claims() -> Value {
    json!({ "sub": "42", "email": "marie@example.com", "exp": NOW + 300, "mfa_pending": true })
}

fn stage_of(claims: &Value) -> Option<Stage> {
    legacy_service().authenticate(&sign(&plain_header(), claims), now()).ok().map(|it| it.stage)
}

#[test]
fn a_pending_token_of_python_is_accepted_where_the_switch_is_on() {
    assert_eq!(service().authenticate(PENDING_OF_PYTHON, now()), Err(TokenError::Invalid));
    let presented = legacy_service().authenticate(PENDING_OF_PYTHON, now()).unwrap();
    assert_eq!(presented.user, UserId::new(42));
    assert_eq!(presented.stage, Stage::Pending);
    assert_eq!(presented.id, TokenId::from_jti(PENDING_OF_PYTHON));
    assert_eq!(presented.session, None);
    assert_eq!(presented.issued_at, Timestamp::from_seconds(NOW), "counted as if its 300 s were over");
    assert_eq!(presented.expires_at, Timestamp::from_seconds(NOW + 300));
    assert_eq!(presented.auth_time, None);
}

#[test]
fn an_access_token_of_python_does_not_tell_its_factor_or_its_time() {
    assert_eq!(service().authenticate(TWO_FACTORS_OF_PYTHON, now()), Err(TokenError::Invalid));
    let presented = legacy_service().authenticate(TWO_FACTORS_OF_PYTHON, now()).unwrap();
    assert_eq!(presented.stage, Stage::TwoFactors(None));
    assert_eq!(presented.auth_time, None);
    assert_eq!(presented.issued_at, Timestamp::from_seconds(NOW));
}

#[test]
fn a_token_of_python_expires_like_any_other() {
    let late = Timestamp::from_seconds(NOW + 306);
    assert_eq!(legacy_service().authenticate(PENDING_OF_PYTHON, late), Err(TokenError::Expired));
}

#[test]
fn what_a_plain_token_claims_besides_is_used() {
    let claims = with(legacy_claims(), &json!({ "jti": "abc", "sv": 9, "iat": NOW - 10, "exp": NOW + 200 }));
    let token = sign(&json!({ "alg": "HS256" }), &claims);
    let presented = legacy_service().authenticate(&token, now()).unwrap();
    assert_eq!(presented.id, TokenId::from_jti("abc"));
    assert_eq!(presented.session, Some(9));
    assert_eq!(presented.issued_at, Timestamp::from_seconds(NOW - 10));

    let two = with(two_factor_claims(), &json!({ "auth_time": NOW - 1 }));
    let presented = legacy_service().authenticate(&sign(&plain_header(), &two), now()).unwrap();
    assert_eq!(presented.auth_time, Some(Timestamp::from_seconds(NOW - 1)));
}

#[test]
fn the_four_claims_are_required() {
    for name in ["sub", "email", "exp", "mfa_pending"] {
        assert_eq!(stage_of(&with(legacy_claims(), &json!({ name: null }))), None, "{name}");
    }
    assert_eq!(stage_of(&set(legacy_claims(), "mfa_ok", json!(true))), None, "both stages");
    assert_eq!(stage_of(&set(legacy_claims(), "mfa_pending", json!(false))), None);
}

#[test]
fn a_claim_that_stands_must_still_be_right() {
    for claims in [pending_claims(), one_factor_claims(), two_factor_claims()] {
        assert!(stage_of(&claims).is_some(), "valid claims, plain header");
        for name in claims.as_object().unwrap().keys() {
            for wrong in [Value::Null, json!({}), json!([1]), json!(1.5)] {
                let flawed = set(claims.clone(), name, wrong.clone());
                assert_eq!(stage_of(&flawed), None, "{name}: {wrong}");
            }
        }
    }
    for (name, wrong) in [
        ("sub", json!(42)),
        ("iss", json!("other")),
        ("aud", json!("nova")),
        ("exp", json!((NOW + 300).to_string())),
        ("iat", json!(NOW + 6)),
        ("nbf", json!(NOW + 6)),
        ("auth_time", json!(NOW + 6)),
        ("acr", json!("aal2")),
        ("rec", json!(true)),
        ("jti", json!("")),
        ("iat_ms", json!(NOW * 1000)),
    ] {
        assert_eq!(stage_of(&set(legacy_claims(), name, wrong)), None, "{name}");
    }
}

#[test]
fn a_plain_token_lives_no_longer_than_its_stage() {
    assert_eq!(stage_of(&set(legacy_claims(), "exp", json!(NOW + 305))), Some(Stage::Pending));
    assert_eq!(stage_of(&set(legacy_claims(), "exp", json!(NOW + 306))), None);
    assert_eq!(stage_of(&set(legacy_claims(), "iat", json!(NOW - 1))), None);
}

#[test]
fn a_plain_token_is_verified_under_every_key_of_the_ring() {
    let ring = || TokenKeyRing::shared_secret(key(OTHER_KEY), vec![key(KEY)]);
    assert!(service_with(ring(), true).authenticate(PENDING_OF_PYTHON, now()).is_ok());
    assert!(service_with(ring(), false).authenticate(PENDING_OF_PYTHON, now()).is_err());
    let stranger = sign_text(&plain_header().to_string(), &legacy_claims().to_string(), &"x".repeat(32));
    assert_eq!(service_with(ring(), true).authenticate(&stranger, now()), Err(TokenError::Invalid));
}

#[test]
fn a_key_or_type_of_ours_takes_the_strict_way() {
    for (typ, _) in kinds() {
        for header in [header(typ), with(header(typ), &json!({ "kid": null })), header("JWT")] {
            let token = sign(&header, &legacy_claims());
            assert_eq!(legacy_service().authenticate(&token, now()), Err(TokenError::Invalid), "{header}");
        }
    }
}

#[test]
fn tokens_of_ours_are_read_as_ever_where_the_switch_is_on() {
    for (typ, claims) in kinds() {
        let token = sign(&header(typ), &claims);
        let strict = service().authenticate(&token, now());
        assert!(strict.is_ok());
        assert_eq!(legacy_service().authenticate(&token, now()), strict);
    }
}
