use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use mfa_core::Stage;
use mfa_jwt::TokenError;
use serde_json::{Value, json};
use sha2::Sha512;

use crate::forge::{
    ACCESS, KEY, KID, OTHER_KEY, PENDING, header, hmac, kinds, legacy_service, now, one_factor_claims,
    pending_claims, service, set, sign, sign_text, two_factor_claims, with,
};

fn assert_invalid(token: &str, why: &str) {
    for service in [service(), legacy_service()] {
        assert_eq!(service.authenticate(token, now()), Err(TokenError::Invalid), "{why}");
    }
}

#[test]
fn every_other_algorithm_is_refused_with_and_without_a_signature() {
    for alg in
        ["none", "None", "nOnE", "NONE", "", "HS384", "HS512", "hs256", "RS256", "ES256", "EdDSA", "PS256"]
    {
        for (typ, claims) in kinds() {
            for header in [
                set(header(typ), "alg", json!(alg)),
                json!({ "alg": alg, "typ": "JWT" }),
                json!({ "alg": alg }),
            ] {
                let token = sign(&header, &claims);
                let (signed, _) = token.rsplit_once('.').unwrap();
                assert_invalid(&token, alg);
                assert_invalid(&format!("{signed}."), alg);
                assert_invalid(signed, alg);
            }
        }
    }
}

#[test]
fn a_longer_hmac_of_our_key_is_refused_although_its_signature_is_right() {
    for (typ, claims) in kinds() {
        let encode = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
        let signed = format!("{}.{}", encode(&set(header(typ), "alg", json!("HS512"))), encode(&claims));
        let mac = Hmac::<Sha512>::new_from_slice(KEY.as_bytes()).unwrap().chain_update(&signed);
        let signature = BASE64URL_NOPAD.encode(&mac.finalize().into_bytes());
        assert_invalid(&format!("{signed}.{signature}"), "HS512");
    }
}

#[test]
fn an_algorithm_that_is_no_string_or_absent_is_refused() {
    for alg in [Value::Null, json!(["HS256"]), json!(256), json!({})] {
        assert_invalid(&sign(&set(header(PENDING), "alg", alg), &pending_claims()), "alg");
    }
    assert_invalid(&sign(&with(header(PENDING), &json!({ "alg": null })), &pending_claims()), "no alg");
}

#[test]
fn the_type_must_fit_the_stage() {
    for (typ, claims) in
        [(ACCESS, pending_claims()), (PENDING, one_factor_claims()), (PENDING, two_factor_claims())]
    {
        assert_invalid(&sign(&header(typ), &claims), typ);
        for audience in ["nova", "nova-mfa"] {
            assert_invalid(&sign(&header(typ), &set(claims.clone(), "aud", json!(audience))), typ);
        }
    }
}

#[test]
fn a_type_that_is_not_ours_word_for_word_is_refused() {
    for typ in ["JWT", "jwt", "MFA-PENDING+JWT", "at+JWT", "application/at+jwt", ""] {
        for (_, claims) in kinds() {
            assert_invalid(&sign(&header(typ), &claims), typ);
        }
    }
    for typ in [Value::Null, json!(1), json!([PENDING])] {
        assert_invalid(&sign(&set(header(PENDING), "typ", typ), &pending_claims()), "typ");
    }
    assert_invalid(&sign(&with(header(PENDING), &json!({ "typ": null })), &pending_claims()), "no typ");
}

#[test]
fn a_key_that_is_unknown_or_unnamed_is_refused() {
    for kid in [json!("AAAAAAAAAAA"), json!(""), json!(format!("{KID} ")), Value::Null, json!(0)] {
        assert_invalid(&sign(&set(header(PENDING), "kid", kid), &pending_claims()), "kid");
    }
    assert_invalid(&sign(&with(header(PENDING), &json!({ "kid": null })), &pending_claims()), "no kid");
}

#[test]
fn a_key_is_not_taken_from_the_token() {
    let header = with(
        header(PENDING),
        &json!({
            "jku": "https://example.com/keys", "x5u": "https://example.com/cert",
            "jwk": { "kty": "oct", "k": BASE64URL_NOPAD.encode(OTHER_KEY.as_bytes()), "kid": KID },
        }),
    );
    assert_invalid(&sign_text(&header.to_string(), &pending_claims().to_string(), OTHER_KEY), "jwk");
    let genuine = service().authenticate(&sign(&header, &pending_claims()), now());
    assert_eq!(genuine.map(|it| it.stage), Ok(Stage::Pending), "they are not checked");
}

#[test]
fn another_or_an_empty_key_does_not_sign_for_ours() {
    let (header, claims) = (header(PENDING).to_string(), pending_claims().to_string());
    for secret in [OTHER_KEY, "", &KEY[..31], KID] {
        assert_invalid(&sign_text(&header, &claims, secret), "key");
    }
}

#[test]
fn critical_extensions_are_refused_whatever_their_form() {
    for crit in [json!(["b64"]), json!(["exp"]), json!([]), json!("exp"), Value::Null] {
        let header = set(set(header(PENDING), "crit", crit), "b64", json!(false));
        assert_invalid(&sign(&header, &pending_claims()), "crit");
    }
}

#[test]
fn a_header_member_that_stands_twice_is_refused() {
    let doubled = format!(r#"{{"alg":"HS256","alg":"HS256","typ":"{PENDING}","kid":"{KID}"}}"#);
    assert_invalid(&sign_text(&doubled, &pending_claims().to_string(), KEY), "alg twice");
}

#[test]
fn every_change_of_a_character_is_refused() {
    let token = sign(&header(PENDING), &pending_claims());
    for at in 0..token.len() {
        for other in ["A", "b", "_", "=", ".", " ", "é"] {
            let changed = format!("{}{other}{}", &token[..at], &token[at + 1..]);
            if changed != token {
                assert_invalid(&changed, &changed);
            }
        }
    }
}

#[test]
fn a_token_has_one_spelling() {
    let token = sign(&header(PENDING), &pending_claims());
    let (head, last) = token.split_at(token.len() - 1);
    // 32 bytes fill 43 characters but for two bits: four last characters would read alike.
    for other in ('a'..='z').chain('A'..='Z').chain('0'..='9').filter(|it| !last.starts_with(*it)) {
        assert_invalid(&format!("{head}{other}"), "stray bits");
    }
    for dressed in [format!("{token}="), format!(" {token}"), format!("{token}\n"), format!("Bearer {token}")]
    {
        assert_invalid(&dressed, &dressed);
    }
}

#[test]
fn a_token_has_three_parts() {
    let token = sign(&header(PENDING), &pending_claims());
    let parts: Vec<&str> = token.split('.').collect();
    for count in [
        parts[0].to_owned(),
        parts[..2].join("."),
        format!("{token}."),
        format!(".{token}"),
        format!("{token}.{}", parts[2]),
        format!("{}..{}", parts[0], parts[2]),
        "..".to_owned(),
    ] {
        assert_invalid(&count, &count);
    }
    let detached = format!("{}.", parts[0]);
    assert_invalid(&format!("{detached}.{}", hmac(KEY.as_bytes(), &detached)), "no claims");
}

#[test]
fn a_token_of_4096_bytes_is_read_and_one_of_more_is_not() {
    let of =
        |padding: usize| sign(&header(PENDING), &set(pending_claims(), "pad", json!("x".repeat(padding))));
    let lengths: Vec<(usize, bool)> = (2500..2900)
        .map(|padding| (of(padding).len(), service().authenticate(&of(padding), now()).is_ok()))
        .collect();
    assert!(lengths.iter().any(|(length, _)| (4094..=4096).contains(length)));
    assert!(lengths.iter().any(|(length, _)| *length > 4096));
    for (length, accepted) in lengths {
        assert_eq!(accepted, length <= 4096, "{length}");
    }
}
