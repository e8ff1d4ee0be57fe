use mfa_core::{AuthenticatedToken, Timestamp};
use mfa_jwt::TokenError;
use serde_json::{Value, json};

use crate::forge::{
    ACCESS, NOW, PENDING, header, kinds, pending_claims, service, set, sign, two_factor_claims, with,
};

fn at(millis: i64, typ: &str, claims: &Value) -> Result<AuthenticatedToken, TokenError> {
    service().authenticate(&sign(&header(typ), claims), Timestamp::from_millis(millis))
}

fn at_now(typ: &str, claims: &Value) -> Option<TokenError> {
    at(NOW * 1000, typ, claims).err()
}

#[test]
fn a_token_ends_five_seconds_after_its_time() {
    for (typ, claims) in kinds() {
        let end = claims["exp"].as_i64().unwrap() * 1000;
        assert!(at(end, typ, &claims).is_ok());
        assert!(at(end + 5000, typ, &claims).is_ok());
        assert_eq!(at(end + 5001, typ, &claims), Err(TokenError::Expired));
        assert_eq!(at(end + 6000, typ, &claims), Err(TokenError::Expired));
        assert_eq!(at(end + 400_000_000_000, typ, &claims), Err(TokenError::Expired));
    }
}

#[test]
fn a_token_begins_five_seconds_before_its_time() {
    for name in ["nbf", "iat"] {
        for (ahead, refused) in
            [(5, None), (6, Some(TokenError::Invalid)), (i64::MAX - NOW, Some(TokenError::Invalid))]
        {
            let claims = with(pending_claims(), &json!({ name: NOW + ahead, "iat_ms": null }));
            assert_eq!(at_now(PENDING, &claims), refused, "{name} in {ahead} s");
        }
    }
    for (ahead, refused) in [(5, None), (6, Some(TokenError::Invalid))] {
        let claims = set(two_factor_claims(), "auth_time", json!(NOW + ahead));
        assert_eq!(at_now(ACCESS, &claims), refused, "auth_time in {ahead} s");
    }
}

#[test]
fn a_token_that_would_live_longer_than_its_stage_is_refused() {
    for (typ, claims) in kinds() {
        let end = claims["exp"].as_i64().unwrap();
        assert_eq!(at_now(typ, &set(claims.clone(), "exp", json!(end - 1))), None);
        for exp in [end + 1, i64::MAX, NOW, NOW - 1, i64::MIN] {
            assert_eq!(
                at_now(typ, &set(claims.clone(), "exp", json!(exp))),
                Some(TokenError::Invalid),
                "{exp}"
            );
        }
        let ancient = with(claims, &json!({ "iat": i64::MIN, "iat_ms": null }));
        assert_eq!(at_now(typ, &ancient), Some(TokenError::Invalid));
    }
}

#[test]
fn an_expired_token_with_another_flaw_is_invalid() {
    for (typ, claims) in kinds() {
        let late = (NOW + 4000) * 1000;
        assert_eq!(at(late, typ, &claims), Err(TokenError::Expired));
        for (name, wrong) in [
            ("iss", json!("other")),
            ("aud", json!(["nova"])),
            ("sub", json!(42)),
            ("nbf", json!(NOW + 5000)),
            ("exp", json!(NOW + 3601)),
            ("acr", json!("aal9")),
            ("iat_ms", json!(1)),
            ("amr", json!("pwd")),
        ] {
            let flawed = set(claims.clone(), name, wrong);
            assert_eq!(at(late, typ, &flawed), Err(TokenError::Invalid), "{name}");
        }
        let token = sign(&header(typ), &claims);
        let forged = format!("{}A", &token[..token.len() - 1]);
        let late = Timestamp::from_millis(late);
        assert_eq!(service().authenticate(&forged, late), Err(TokenError::Invalid));
    }
}

#[test]
fn the_ends_of_time_do_no_harm() {
    for (typ, claims) in kinds() {
        assert_eq!(at(i64::MAX, typ, &claims), Err(TokenError::Expired));
        assert_eq!(at(i64::MIN, typ, &claims), Err(TokenError::Invalid));
    }
}
