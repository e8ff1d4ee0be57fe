use mfa_core::{FactorKind, Stage, TokenId};
use mfa_jwt::TokenError;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::forge::{
    ACCESS, KEY, NOW, PENDING, header, kinds, legacy_service, now, one_factor_claims, pending_claims,
    service, set, sign, sign_text, two_factor_claims, with,
};

fn is_invalid(typ: &str, claims: &Value) -> bool {
    let token = sign(&header(typ), claims);
    // The switch for the Python backend's tokens must change nothing for tokens of ours.
    [service(), legacy_service()]
        .iter()
        .all(|service| service.authenticate(&token, now()) == Err(TokenError::Invalid))
}

fn stage_of(claims: &Value) -> Option<Stage> {
    let typ = if claims.get("mfa_pending").is_some() { PENDING } else { ACCESS };
    service().authenticate(&sign(&header(typ), claims), now()).ok().map(|it| it.stage)
}

/// The JSON type, with whole numbers apart from others.
fn json_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_i64() || number.is_u64() => "integer",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(|it| json!(it)),
        (NOW - 10..NOW + 10).prop_map(|it| json!(it.to_string())),
        Just(json!(1_800_000_000.0)),
        ".{0,12}".prop_map(Value::from),
        Just(json!("nova")),
        Just(json!("true")),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map("[a-z]{1,4}", inner, 0..3).prop_map(|it| json!(it)),
        ]
    })
}

#[test]
fn the_tokens_that_the_tests_start_from_are_accepted() {
    assert_eq!(stage_of(&pending_claims()), Some(Stage::Pending));
    assert_eq!(stage_of(&one_factor_claims()), Some(Stage::OneFactor));
    assert_eq!(stage_of(&two_factor_claims()), Some(Stage::TwoFactors(Some(FactorKind::Totp))));
}

#[test]
fn every_claim_is_required_but_the_milliseconds() {
    for (typ, claims) in kinds() {
        for name in claims.as_object().unwrap().keys() {
            let without = with(claims.clone(), &json!({ name: null }));
            if name == "iat_ms" {
                let presented = service().authenticate(&sign(&header(typ), &without), now()).unwrap();
                assert_eq!(presented.issued_at, now());
            } else {
                assert!(is_invalid(typ, &without), "{typ} without {name}");
            }
        }
    }
}

proptest! {
    #[test]
    fn a_claim_of_another_type_is_never_accepted(
        kind in 0_usize..3,
        claim in any::<prop::sample::Index>(),
        value in any_json(),
    ) {
        let (typ, claims) = kinds()[kind].clone();
        let names: Vec<String> = claims.as_object().unwrap().keys().cloned().collect();
        let name = claim.get(&names);
        prop_assume!(json_type(&value) != json_type(&claims[name]));
        let token = set(claims, name, value);
        prop_assert!(is_invalid(typ, &token), "{token}");
    }

    #[test]
    fn an_identity_claim_of_another_value_is_never_accepted(
        kind in 0_usize..3,
        name in prop::sample::select(vec!["iss", "aud"]),
        value in "[a-z-]{0,10}",
    ) {
        let (typ, claims) = kinds()[kind].clone();
        prop_assume!(claims[name] != value);
        let claims = set(claims, name, json!(value));
        prop_assert!(is_invalid(typ, &claims));
    }

    #[test]
    fn a_subject_has_one_spelling(user in any::<i64>()) {
        let claims = |sub: String| set(pending_claims(), "sub", json!(sub));
        let token = sign(&header(PENDING), &claims(user.to_string()));
        prop_assert_eq!(service().authenticate(&token, now()).unwrap().user.value(), user);
        for other in [format!("+{user}"), format!("0{user}"), format!(" {user}"), format!("{user}\n")] {
            prop_assert!(is_invalid(PENDING, &claims(other)));
        }
    }
}

#[test]
fn values_of_the_right_type_and_the_wrong_form_are_refused() {
    for (name, wrong) in [
        ("sub", json!("")),
        ("sub", json!("marie")),
        ("sub", json!("-0")),
        ("sub", json!("9223372036854775808")),
        ("sub", json!("٤٢")),
        ("jti", json!("")),
        ("jti", json!("x".repeat(129))),
        ("sv", json!(-1)),
        ("mfa_pending", json!(false)),
        ("acr", json!("aal2")),
        ("rec", json!(true)),
        ("rec", json!("true")),
        ("auth_time", json!("1")),
        ("iat_ms", json!(NOW * 1000 - 1)),
        ("iat_ms", json!(NOW * 1000 + 1000)),
        ("iat_ms", json!(NOW)),
        ("exp", json!(u64::MAX)),
        ("aud", json!(["nova-mfa"])),
        ("aud", json!("nova")),
    ] {
        assert!(is_invalid(PENDING, &set(pending_claims(), name, wrong.clone())), "{name}: {wrong}");
    }
}

#[test]
fn a_long_id_of_128_characters_is_accepted() {
    let id = "é".repeat(128);
    let token = sign(&header(PENDING), &set(pending_claims(), "jti", json!(id)));
    assert_eq!(service().authenticate(&token, now()).unwrap().id, TokenId::from_jti(&id));
}

#[test]
fn both_stage_claims_are_one_too_many() {
    for (typ, claims) in kinds() {
        for (pending, ok) in [(true, true), (true, false), (false, true), (false, false)] {
            let both = with(claims.clone(), &json!({ "mfa_pending": pending, "mfa_ok": ok }));
            assert!(is_invalid(typ, &both), "{both}");
        }
    }
}

#[test]
fn only_a_pending_token_enrols_only() {
    let enrolment = set(pending_claims(), "enrolment_only", json!(true));
    assert_eq!(stage_of(&enrolment), Some(Stage::Enrolment));
    assert_eq!(stage_of(&set(pending_claims(), "enrolment_only", json!(false))), Some(Stage::Pending));
    let longest = set(enrolment.clone(), "exp", json!(NOW + 900));
    assert!(!is_invalid(PENDING, &longest));
    assert!(is_invalid(PENDING, &set(enrolment.clone(), "exp", json!(NOW + 901))));
    assert!(is_invalid(PENDING, &set(pending_claims(), "exp", json!(NOW + 900))), "a plain pending token");
    for value in [json!("true"), json!(1), json!(null)] {
        assert!(is_invalid(PENDING, &set(pending_claims(), "enrolment_only", value)));
    }
    for claims in [one_factor_claims(), two_factor_claims()] {
        assert!(is_invalid(ACCESS, &set(claims, "enrolment_only", json!(true))));
    }
}

#[test]
fn the_level_must_fit_the_stage() {
    for level in ["aal1", "aal3", "", "AAL2"] {
        assert!(is_invalid(ACCESS, &set(two_factor_claims(), "acr", json!(level))), "{level}");
    }
    assert!(is_invalid(ACCESS, &set(one_factor_claims(), "acr", json!("aal2"))));
}

#[test]
fn the_factor_is_read_from_amr_and_rec() {
    let stage =
        |amr: Value, rec: Value| stage_of(&with(two_factor_claims(), &json!({ "amr": amr, "rec": rec })));
    let second = |factor| Some(Stage::TwoFactors(factor));
    assert_eq!(stage(json!(["pwd", "sms", "mfa"]), Value::Null), second(Some(FactorKind::Sms)));
    assert_eq!(stage(json!(["pwd", "mfa"]), json!(true)), second(Some(FactorKind::Recovery)));
    assert_eq!(stage(json!(["pwd", "mfa"]), json!(false)), second(None));
    assert_eq!(stage(json!([]), Value::Null), second(None));
    assert_eq!(stage(json!(["pwd", "otp", "mfa"]), json!(true)), None, "no recovery code is an otp");
}

#[test]
fn a_claim_that_stands_twice_is_refused() {
    for (typ, claims) in kinds() {
        let text = claims.to_string();
        for (name, value) in claims.as_object().unwrap() {
            let doubled = format!("{{\"{name}\":{value},{}", &text[1..]);
            let token = sign_text(&header(typ).to_string(), &doubled, KEY);
            assert_eq!(service().authenticate(&token, now()), Err(TokenError::Invalid), "{name}");
        }
    }
}

#[test]
fn claims_that_nobody_asked_for_are_ignored() {
    let claims = set(pending_claims(), "nonce", json!({ "exp": 1, "a": [null] }));
    assert_eq!(stage_of(&claims), Some(Stage::Pending));
}

#[test]
fn a_time_of_authentication_counts_only_where_a_second_factor_passed() {
    let claims = set(one_factor_claims(), "auth_time", json!(NOW));
    let presented = service().authenticate(&sign(&header(ACCESS), &claims), now()).unwrap();
    assert_eq!(presented.auth_time, None);
}
