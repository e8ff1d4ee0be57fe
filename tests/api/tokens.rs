//! Tests of the claims and the lifetime of tokens.

use mfa_flows::TokenKind;
use nova_mfa_tests::{Forger, TestServer, claims_of, members};
use serde_json::{Value, json};

const KINDS: [TokenKind; 3] = [TokenKind::Pending, TokenKind::OneFactor, TokenKind::TwoFactors];
const COMMON: [&str; 11] =
    ["iss", "aud", "sub", "iat", "nbf", "exp", "jti", "sv", "email", "is_superuser", "amr"];
const METHODS: &str = "/api/mfa/methods";

/// Returns the required claims of this kind of token.
fn required(kind: TokenKind) -> Vec<&'static str> {
    let own: &[&str] = match kind {
        TokenKind::Pending => &["mfa_pending"],
        TokenKind::OneFactor => &["mfa_ok", "acr"],
        TokenKind::TwoFactors => &["mfa_ok", "acr", "auth_time"],
    };
    [&COMMON, own].concat()
}

#[test]
fn tokens_contain_the_documented_claims() {
    for server in TestServer::each() {
        let ada = server.enrol("ada").id;
        for kind in KINDS {
            let token = server.token(ada, kind);
            let claims = claims_of(&token);
            let names = members(&claims);
            assert!(required(kind).iter().all(|name| names.contains(name)), "{claims}");
            let now = server.now().seconds();
            assert_eq!((&claims["iat"], &claims["nbf"]), (&json!(now), &json!(now)));
            assert_eq!((&claims["sub"], &claims["iss"]), (&json!(ada.to_string()), &json!("nova-mfa")));
            assert_eq!(
                (&claims["email"], &claims["is_superuser"]),
                (&json!("ada@example.com"), &json!(false))
            );
            let is_pending = kind == TokenKind::Pending;
            let (audience, lives) = if is_pending { ("nova-mfa", 300) } else { ("nova", 3600) };
            assert_eq!((&claims["aud"], &claims["exp"]), (&json!(audience), &json!(now + lives)));
            assert_eq!(claims.get("mfa_pending"), is_pending.then_some(&json!(true)), "{claims}");
            assert_eq!(claims.get("mfa_ok").is_some(), !is_pending, "{claims}");
            assert!(!claims.to_string().contains("+33"), "no phone in a token");
        }
    }
}

#[test]
fn a_token_that_lacks_any_claim_is_invalid() {
    for server in TestServer::each() {
        let ada = server.enrol("ada").id;
        for kind in KINDS {
            let token = server.token(ada, kind);
            server.get(METHODS, &Forger::like(&token).sign()).ok();
            for claim in required(kind) {
                let forged = Forger::like(&token).without(claim).sign();
                let refused = server.get(METHODS, &forged);
                assert_eq!(refused.outcome(), "token_invalid", "{kind:?} without {claim}");
            }
        }
    }
}

#[test]
fn a_token_with_a_wrong_or_mistyped_claim_is_invalid() {
    for server in TestServer::each() {
        let ada = server.enrol("ada").id;
        let now = server.now().seconds();
        for kind in KINDS {
            let token = server.token(ada, kind);
            let wrong_types = required(kind).into_iter().flat_map(|claim| {
                let right = claims_of(&token)[claim].clone();
                let as_text = if right.is_string() { json!(7) } else { json!(right.to_string()) };
                [json!(null), json!({}), json!([right.clone()]), as_text].map(|wrong| (claim, wrong))
            });
            let untrue = [
                ("iss", json!("nova")),
                ("aud", json!("other")),
                ("aud", json!(["nova", "nova-mfa"])),
                ("sub", json!("007")),
                ("sub", json!(format!(" {ada}"))),
                ("exp", json!(now - 3700)),
                ("exp", json!(now + 10_000_000)),
                ("exp", json!(f64::MAX)),
                ("iat", json!(now + 6)),
                ("nbf", json!(now + 6)),
                ("jti", json!("")),
                ("sv", json!(-1)),
                ("amr", json!("pwd")),
                ("acr", json!("aal3")),
            ];
            let fits = |claim: &str| claim != "acr" || kind != TokenKind::Pending;
            for (claim, value) in wrong_types.chain(untrue).filter(|(claim, _)| fits(claim)) {
                let forged = Forger::like(&token).claim(claim, value.clone()).sign();
                let outcome = server.get(METHODS, &forged).outcome();
                assert_eq!(outcome, "token_invalid", "{kind:?} with {claim} = {value}");
            }
        }
    }
}

#[test]
fn a_token_with_mixed_or_two_stages_is_invalid() {
    for server in TestServer::each() {
        let ada = server.enrol("ada").id;
        let [pending, one, two] = KINDS.map(|kind| Forger::like(&server.token(ada, kind)));
        let dressed = [
            pending.clone().claim("mfa_ok", true),
            pending.clone().claim("mfa_ok", false),
            pending.clone().claim("mfa_pending", false),
            pending.clone().header("typ", "at+jwt"),
            pending.clone().claim("aud", "nova"),
            pending.clone().header("typ", "at+jwt").claim("aud", "nova"),
            pending.clone().without("mfa_pending").claim("mfa_ok", true).claim("acr", "aal2"),
            two.clone().claim("mfa_pending", true),
            two.clone().header("typ", "mfa-pending+jwt"),
            two.clone().claim("aud", "nova-mfa"),
            two.clone().claim("acr", "aal1"),
            two.clone().claim("rec", true),
            one.clone().claim("acr", "aal2"),
            one.claim("mfa_ok", true),
        ];
        for forged in dressed {
            server.get(METHODS, &forged.sign()).assert_problem(401, "token_invalid");
        }
    }
}

#[test]
fn tokens_expire_after_their_lifetime_plus_five_seconds_of_leeway() {
    for server in TestServer::each() {
        let ada = server.enrol("ada").id;
        for (kind, seconds) in [(TokenKind::Pending, 305), (TokenKind::OneFactor, 3605)] {
            let token = server.token(ada, kind);
            server.advance(seconds);
            server.get(METHODS, &token).ok();
            server.advance(1);
            server.get(METHODS, &token).assert_problem(401, "token_expired");
        }
    }
}

#[test]
fn duplicate_authorization_headers_and_other_schemes_are_rejected() {
    for server in TestServer::each() {
        let token = server.pending(server.enrol("ada").id);
        let get = || server.client().get(METHODS);
        get().bearer(&token).bearer(&token).send().assert_problem(401, "token_invalid");
        get().header("Authorization", &format!("Basic {token}")).send().assert_problem(401, "token_missing");
        get().header("Authorization", &token).send().assert_problem(401, "token_missing");
        get().header("Cookie", &format!("token={token}")).send().assert_problem(401, "token_missing");
        server
            .client()
            .get(&format!("{METHODS}?access_token={token}"))
            .send()
            .assert_problem(401, "token_missing");
        get().bearer(&format!("{token}{}", "a".repeat(4096))).send().assert_problem(401, "token_invalid");
        get().header("Authorization", &format!("bEaReR {token}")).send().ok();
    }
}

#[test]
fn tokens_of_the_python_backend_are_accepted_only_if_enabled() {
    for switch in ["false", "true"] {
        for server in TestServer::each_with(&[("JWT_ACCEPT_LEGACY_TOKENS", switch)]) {
            let ada = server.enrol("ada");
            let exp = server.now().seconds() + 300;
            let legacy = |stage: &str, value: bool| {
                let mut token =
                    Forger::like(&server.pending(ada.id)).without_header("kid").header("typ", "JWT");
                for claim in COMMON.iter().chain(&["iat_ms", "mfa_pending"]) {
                    token = token.without(claim);
                }
                let id = Value::from(ada.id.to_string());
                token
                    .claim("sub", id)
                    .claim("email", "ada@example.com")
                    .claim("exp", exp)
                    .claim(stage, value)
                    .sign()
            };
            let pending = legacy("mfa_pending", true);
            let first = server.verify(&pending, &ada.code(server.now()));
            if switch == "false" {
                first.assert_problem(401, "token_invalid");
                continue;
            }
            first.ok();
            server.verify(&pending, &ada.code_at(server.now(), 1)).assert_problem(401, "token_spent");
            let access = legacy("mfa_ok", true);
            server.get("/api/mfa/status", &access).ok();
            server
                .send_code("/api/mfa/totp/disable", &access, "000000")
                .assert_problem(401, "step_up_required");
            server.post("/api/mfa/token/revoke", &access).ok();
            server.get("/api/mfa/status", &access).assert_problem(401, "token_revoked");
        }
    }
}

#[test]
fn the_log_says_why_a_token_of_an_unknown_user_is_refused() {
    for server in TestServer::each() {
        let ada = server.enrol("ada");
        let token = server.token(ada.id, TokenKind::TwoFactors);
        server.installation.sql("DELETE FROM users");
        server.get("/api/mfa/status", &token).assert_problem(401, "token_invalid");
        assert!(server.log_contains("no user has the id in the claim sub"), "{}", server.name());
    }
}
