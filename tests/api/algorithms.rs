//! Tests of access tokens signed with `EdDSA` and ES256, of the published keys and of their rotation.

use data_encoding::BASE64URL_NOPAD;
use mfa_flows::TokenKind;
use mfa_jwt::{PrivateKey, SigningAlgorithm};
use nova_mfa_tests::{Forger, Installation, TestServer};
use serde_json::{Value, json};

const BOTH: [SigningAlgorithm; 2] = [SigningAlgorithm::EdDsa, SigningAlgorithm::Es256];
const KEYS: &str = "/.well-known/jwks.json";
const STATUS: &str = "/api/mfa/status";

/// Generates a private key in PEM.
fn pem(algorithm: SigningAlgorithm) -> String {
    PrivateKey::generate(algorithm).expect("randomness").expose().to_owned()
}

fn head_of(token: &str) -> Value {
    let head = token.split('.').next().expect("a head");
    let bytes = BASE64URL_NOPAD.decode(head.as_bytes()).expect("base64url");
    serde_json::from_slice(&bytes).expect("JSON")
}

#[test]
fn pending_tokens_use_the_shared_secret_and_access_tokens_the_configured_algorithm() {
    for algorithm in BOTH {
        let name = algorithm.as_str();
        let settings = [("JWT_ALGORITHM", name), ("JWT_PRIVATE_KEYS", &pem(algorithm))];
        for server in TestServer::each_with(&settings) {
            let ada = server.enrol("ada");
            let pending = server.pending(ada.id);
            assert_eq!(head_of(&pending)["alg"], "HS256");
            let answer = server.verify(&pending, &ada.code(server.now()));
            answer.ok();
            let access = answer.field("access_token");
            let keys = server.client().get(KEYS).send().ok();
            let published = &keys["keys"][0];
            assert_eq!((&published["alg"], &published["use"]), (&json!(name), &json!("sig")));
            let head = json!({ "alg": name, "typ": "at+jwt", "kid": published["kid"] });
            assert_eq!(head_of(&access), head);
            server.get(STATUS, &access).ok();
            server.get(STATUS, &pending).assert_problem(403, "wrong_token_stage");
            assert!(published.get("d").is_none() && keys["keys"].as_array().is_some_and(|it| it.len() == 1));
        }
    }
}

#[test]
fn the_jwk_set_is_empty_without_private_keys_and_never_contains_a_secret() {
    for server in TestServer::each() {
        let keys = server.client().get(KEYS).send();
        assert_eq!(keys.ok(), json!({ "keys": [] }));
        server.client().post(KEYS).send().assert_problem(405, "method_not_allowed");
    }
}

#[test]
fn access_tokens_cannot_be_forged_with_the_shared_secret_or_the_public_key() {
    for algorithm in BOTH {
        let settings = [("JWT_ALGORITHM", algorithm.as_str()), ("JWT_PRIVATE_KEYS", &pem(algorithm))];
        for server in TestServer::each_with(&settings) {
            let ada = server.enrol("ada").id;
            let access = server.token(ada, TokenKind::TwoFactors);
            let pending = server.pending(ada);
            let (ours, theirs) = (head_of(&access)["kid"].clone(), head_of(&pending)["kid"].clone());
            let keys = server.client().get(KEYS).send().ok();
            let public = keys["keys"][0].to_string();
            let forged = Forger::like(&access);
            for kid in [ours, theirs] {
                let forged = forged.clone().header("kid", kid);
                for alg in ["HS256", "none", "HS512", algorithm.as_str()] {
                    let forged = forged.clone().header("alg", alg);
                    for token in [
                        forged.sign(),
                        forged.sign_with(public.as_bytes()),
                        forged.sign_with(b""),
                        format!("{}.", forged.unsigned()),
                    ] {
                        server.get(STATUS, &token).assert_problem(401, "token_invalid");
                    }
                }
            }
            server.get(STATUS, &access).ok();
        }
    }
}

#[test]
fn tokens_of_the_previous_key_are_accepted_until_it_is_removed() {
    let (old, new) = (pem(SigningAlgorithm::EdDsa), pem(SigningAlgorithm::Es256));
    for installation in Installation::each(&[("MFA_MAX_CLOCK_SKEW", "0")]) {
        let with = |it: Installation, algorithm: &str, keys: &str| {
            it.with("JWT_ALGORITHM", algorithm).with("JWT_PRIVATE_KEYS", keys)
        };
        let server = TestServer::start(with(installation, "EdDSA", &old));
        let ada = server.add_user("ada");
        let before = server.token(ada, TokenKind::OneFactor);
        server.get(STATUS, &before).ok();

        let server = TestServer::start(with(server.stop(), "ES256", &format!("{new}{old}")));
        server.get(STATUS, &before).ok();
        let after = server.token(ada, TokenKind::OneFactor);
        assert_eq!(head_of(&after)["alg"], "ES256");
        let keys = server.client().get(KEYS).send().ok();
        let names: Vec<_> = keys["keys"].as_array().into_iter().flatten().map(|it| &it["kid"]).collect();
        assert_eq!(names, [&head_of(&after)["kid"], &head_of(&before)["kid"]]);

        let server = TestServer::start(with(server.stop(), "ES256", &new));
        server.get(STATUS, &before).assert_problem(401, "token_invalid");
        server.get(STATUS, &after).ok();
    }
}

#[test]
fn after_a_change_to_a_private_key_tokens_of_the_previous_shared_secret_stay_valid() {
    let key = pem(SigningAlgorithm::EdDsa);
    for installation in Installation::each(&[("MFA_MAX_CLOCK_SKEW", "0")]) {
        let server = TestServer::start(installation);
        let ada = server.add_user("ada");
        let before = server.token(ada, TokenKind::OneFactor);

        let installation = server
            .stop()
            .with("JWT_ALGORITHM", "EdDSA")
            .with("JWT_PRIVATE_KEYS", &key)
            .with("JWT_PREVIOUS_SECRET_KEYS", nova_mfa_tests::JWT_SECRET);
        let server = TestServer::start(installation);
        server.get(STATUS, &before).ok();
        let after = server.token(ada, TokenKind::OneFactor);
        assert_eq!(head_of(&after)["alg"], "EdDSA");
        assert!(server.log_contains("JWT_PREVIOUS_SECRET_KEYS: remove them one hour after the switch"));

        let server = TestServer::start(server.stop().without("JWT_PREVIOUS_SECRET_KEYS"));
        server.get(STATUS, &before).assert_problem(401, "token_invalid");
        server.get(STATUS, &after).ok();
    }
}

#[test]
fn a_key_of_another_algorithm_prevents_the_start_with_an_error_message() {
    let installation = Installation::sqlite(&[
        ("JWT_ALGORITHM", "EdDSA"),
        ("JWT_PRIVATE_KEYS", &pem(SigningAlgorithm::Es256)),
    ]);
    let refusal = installation.try_start().expect_err("the key does not fit");
    assert_eq!(refusal.code, Some(1));
    let sentence =
        "JWT_PRIVATE_KEYS starts with a key for ES256 while JWT_ALGORITHM is EdDSA: put the signing key";
    assert!(refusal.stderr.contains(sentence), "{refusal:?}");
}
