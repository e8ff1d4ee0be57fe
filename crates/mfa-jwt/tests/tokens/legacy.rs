use mfa_core::{Stage, Timestamp, TokenId, UserId};
use mfa_jwt::{TokenDefect, TokenError, TokenKeyRing};
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
    let without_address = set(legacy_claims(), "email", Value::Null);
    assert_eq!(stage_of(&without_address), Some(Stage::Pending), "a user without an address");
    assert_eq!(stage_of(&set(legacy_claims(), "mfa_ok", json!(true))), None, "both stages");
    assert_eq!(
        stage_of(&set(legacy_claims(), "mfa_ok", Value::Null)),
        Some(Stage::Pending),
        "the same as absent"
    );
    assert_eq!(stage_of(&set(legacy_claims(), "mfa_pending", json!(false))), None);
}

#[test]
fn a_claim_that_stands_must_still_be_right() {
    for claims in [pending_claims(), one_factor_claims(), two_factor_claims()] {
        assert!(stage_of(&claims).is_some(), "valid claims, plain header");
        for name in claims.as_object().unwrap().keys() {
            for wrong in [Value::Null, json!({}), json!([1]), json!(1.5)] {
                let flawed = set(claims.clone(), name, wrong.clone());
                // Forms that change no meaning, as below: a fraction of a time that has passed is cut off.
                let is_past = wrong.is_f64() && ["nbf", "auth_time"].contains(&name.as_str());
                if is_past || (["email", "is_superuser"].contains(&name.as_str()) && wrong.is_null()) {
                    continue;
                }
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

fn access_claims() -> Value {
    json!({ "sub": "42", "email": "marie@example.com", "exp": NOW + 3600, "mfa_ok": true })
}

#[test]
fn forms_that_change_no_meaning_are_accepted() {
    let pending = set(legacy_claims(), "mfa_ok", json!(false));
    assert_eq!(stage_of(&pending), Some(Stage::Pending), "the other stage says no");
    let access = set(access_claims(), "mfa_pending", json!(false));
    assert_eq!(stage_of(&access), Some(Stage::TwoFactors(None)));
    for claims in [
        set(legacy_claims(), "mfa_ok", Value::Null),
        set(set(access_claims(), "mfa_pending", Value::Null), "mfa_ok", json!(true)),
    ] {
        assert!(stage_of(&claims).is_some(), "the other stage is null: {claims}");
    }
    let one = with(access, &json!({ "mfa_ok": false }));
    assert_eq!(stage_of(&one), Some(Stage::OneFactor), "a login without a second factor");

    let superuser = |value| {
        let token = sign(&plain_header(), &set(legacy_claims(), "is_superuser", value));
        legacy_service().authenticate(&token, now()).map(|it| it.is_superuser)
    };
    assert_eq!(superuser(Value::Null), Ok(false));
    assert_eq!(superuser(json!(true)), Ok(true));
    assert_eq!(superuser(json!("true")), Err(TokenError::Invalid));
}

#[test]
fn a_fraction_of_a_time_is_cut_off_and_never_lengthens_a_life() {
    let base = f64::from(i32::try_from(NOW).unwrap());
    let times =
        with(legacy_claims(), &json!({ "iat": base - 0.25, "nbf": base - 0.25, "exp": base + 300.000_1 }));
    let presented = legacy_service().authenticate(&sign(&plain_header(), &times), now()).unwrap();
    assert_eq!(
        presented.issued_at,
        Timestamp::from_seconds(NOW - 1),
        "so a revocation in that second ends it"
    );
    assert_eq!(presented.expires_at, Timestamp::from_seconds(NOW + 300));
    for (name, value) in
        [("exp", base + 306.5), ("iat", base + 6.5), ("nbf", base + 6.5), ("exp", 1e300), ("exp", -1.5)]
    {
        assert_eq!(stage_of(&set(legacy_claims(), name, json!(value))), None, "{name}: {value}");
    }
    let long = with(legacy_claims(), &json!({ "iat": base - 3.5, "exp": base + 299.5 }));
    assert_eq!(stage_of(&long), None, "303 s");
    // Tokens of this service have whole seconds.
    for (typ, claims) in kinds() {
        let token = sign(&header(typ), &set(claims, "iat", json!(base)));
        assert_eq!(legacy_service().authenticate(&token, now()), Err(TokenError::Invalid));
    }
}

#[test]
fn the_reason_of_a_refusal_names_the_claim_or_the_key() {
    let defect = |claims: &Value| legacy_service().defect(&sign(&plain_header(), claims), now());
    assert_eq!(defect(&legacy_claims()), None);
    for name in ["sub", "email", "exp"] {
        let mut claims = legacy_claims();
        claims.as_object_mut().unwrap().remove(name);
        assert_eq!(defect(&claims), Some(TokenDefect::Missing(name)));
    }
    for (name, wrong) in [
        ("sub", json!(42)),
        ("sub", json!("007")),
        ("email", json!(7)),
        ("exp", json!("soon")),
        ("exp", json!(NOW + 400)),
        ("iss", json!("other")),
        ("aud", json!(["nova-mfa"])),
        ("aud", json!("nova")),
        ("iat", json!(NOW + 60)),
        ("nbf", json!(NOW + 60)),
        ("auth_time", json!(NOW + 60)),
        ("jti", json!("")),
        ("sv", json!(-1)),
        ("is_superuser", json!("no")),
        ("amr", json!("pwd")),
        ("acr", json!("aal2")),
        ("rec", json!(true)),
        ("mfa_pending", json!("yes")),
        ("mfa_pending", json!(false)),
        ("mfa_ok", json!(1)),
        ("iat_ms", json!(NOW)),
    ] {
        let claims = set(set(legacy_claims(), "iat", json!(NOW)), name, wrong.clone());
        assert_eq!(stage_of(&claims), None, "{name}: {wrong}");
        let expected = if name == "iat_ms" { "iat_ms" } else { name };
        assert_eq!(defect(&claims), Some(TokenDefect::Claim(expected)), "{name}: {wrong}");
    }
    let both = set(legacy_claims(), "mfa_ok", json!(true));
    assert_eq!(defect(&both), Some(TokenDefect::Claim("mfa_pending beside mfa_ok")));
    let stranger = sign_text(&plain_header().to_string(), &legacy_claims().to_string(), &"x".repeat(32));
    assert_eq!(legacy_service().defect(&stranger, now()), Some(TokenDefect::AnotherKey));
    assert_eq!(TokenDefect::AnotherKey.to_string(), "signed with another key");
    let payload = legacy_claims().to_string();
    let doubled = payload.replacen('{', "{\"sub\": \"42\", ", 1);
    for payload in [doubled.as_str(), "{\"exp\": NaN}", "[]"] {
        let token = sign_text(&plain_header().to_string(), payload, KEY);
        assert_eq!(legacy_service().defect(&token, now()), Some(TokenDefect::Payload), "{payload}");
    }
    for (header, expected) in [
        (json!({ "alg": "HS512", "typ": "JWT" }), TokenDefect::Header("alg")),
        (json!({ "alg": "none" }), TokenDefect::Header("alg")),
        (json!({ "typ": "JWT" }), TokenDefect::Header("alg")),
        (json!({ "alg": "HS256", "typ": "JWT", "kid": null }), TokenDefect::Header("kid")),
        (json!({ "alg": "HS256", "typ": "JWT", "kid": "1" }), TokenDefect::Header("kid")),
        (json!({ "alg": "HS256", "kid": "1" }), TokenDefect::Header("kid")),
        (json!({ "alg": "HS256", "typ": "at+jwt" }), TokenDefect::Header("typ")),
        (json!({ "alg": "HS256", "typ": "JWT", "crit": [] }), TokenDefect::Header("crit")),
        (set(header(kinds()[0].0), "kid", json!("other")), TokenDefect::UnknownKeyId),
    ] {
        let token = sign_text(&header.to_string(), &payload, KEY);
        assert_eq!(legacy_service().authenticate(&token, now()), Err(TokenError::Invalid), "{header}");
        assert_eq!(legacy_service().defect(&token, now()), Some(expected), "{header}");
    }
    let lower = sign_text(&json!({ "alg": "HS256", "typ": "jwt" }).to_string(), &payload, KEY);
    assert!(legacy_service().authenticate(&lower, now()).is_ok(), "a media type has no case");
    assert_eq!(service().defect(PENDING_OF_PYTHON, now()), Some(TokenDefect::Legacy));
    assert_eq!(service().defect("nonsense", now()), Some(TokenDefect::NotAToken));
    // An expired token has its own answer.
    let late = Timestamp::from_seconds(NOW + 306);
    assert_eq!(legacy_service().defect(PENDING_OF_PYTHON, late), None);
}

#[test]
fn the_reason_names_what_a_token_of_ours_lacks() {
    for (typ, claims) in kinds() {
        assert_eq!(service().defect(&sign(&header(typ), &claims), now()), None);
        for name in ["iss", "aud", "jti", "sv", "iat", "nbf", "is_superuser", "amr"] {
            let mut flawed = claims.clone();
            flawed.as_object_mut().unwrap().remove(name);
            let defect = service().defect(&sign(&header(typ), &flawed), now());
            assert_eq!(defect, Some(TokenDefect::Missing(name)), "{typ}");
        }
    }
}
