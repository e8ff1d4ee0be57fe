//! Tests of token introspection (RFC 7662).

use mfa_flows::TokenKind;
use nova_mfa_tests::{Answer, Forger, TestServer, members};
use serde_json::json;

const KEY: &str = "an0therL0ngIntrospectionKey+/=";
const INTROSPECT: &str = "/api/mfa/token/introspect";
const KINDS: [TokenKind; 3] = [TokenKind::Pending, TokenKind::OneFactor, TokenKind::TwoFactors];

fn servers() -> [TestServer; 2] {
    TestServer::each_with(&[("INTROSPECTION_KEY", KEY)])
}

fn introspect(server: &TestServer, token: &str) -> Answer {
    server.client().post(INTROSPECT).bearer(KEY).json(&json!({ "token": token })).send()
}

#[track_caller]
fn assert_inactive(server: &TestServer, token: &str, why: &str) {
    assert_eq!(introspect(server, token).ok(), json!({ "active": false }), "{}: {why}", server.name());
}

#[test]
fn an_active_token_is_returned_with_its_claims() {
    for server in servers() {
        let ada = server.enrol("ada").id;
        for kind in KINDS {
            let token = server.token(ada, kind);
            let claims = nova_mfa_tests::claims_of(&token);
            let response = introspect(&server, &token).ok();
            for name in ["iss", "aud", "sub", "iat", "nbf", "exp", "jti", "amr", "acr", "auth_time"] {
                assert_eq!(response.get(name), claims.get(name), "{name} of {response}");
            }
            for name in ["mfa_ok", "mfa_pending"] {
                assert_eq!(response.get(name), claims.get(name), "{name} of {response}");
            }
            assert_eq!(response["active"], true);
            assert_eq!((&response["token_type"], &response["username"]), (&json!("bearer"), &json!("ada")));
            assert_eq!(response["email"], "ada@example.com");
            assert!(!members(&response).contains("sv"), "internal details are not shown");
        }
    }
}

#[test]
fn a_form_encoded_request_is_accepted_as_in_rfc_7662() {
    for server in servers() {
        let ada = server.add_user("ada");
        let token = server.token(ada, TokenKind::OneFactor);
        let form = |body: &str| {
            let call = server.client().post(INTROSPECT).bearer(KEY);
            call.body("application/x-www-form-urlencoded", body).send()
        };
        let response = form(&format!("token={token}&token_type_hint=access_token&client_id=backend")).ok();
        assert_eq!(response["active"], true);
        assert_eq!(form("token=%00").status, 422);
        form("token_type_hint=access_token").assert_problem(422, "invalid_field");
        form("").assert_problem(422, "invalid_field");
        form(&format!("token={token}&token={token}")).assert_problem(400, "malformed_request");
        let json = server.client().post(INTROSPECT).bearer(KEY);
        json.clone().json(&json!({ "token": token, "user": 1 })).send().assert_problem(422, "invalid_field");
        json.clone().json(&json!({ "token": 1 })).send().assert_problem(422, "invalid_field");
        json.clone().json(&json!({ "token": "" })).send().assert_problem(422, "invalid_field");
        json.clone().send().assert_problem(400, "malformed_request");
        json.body("text/plain", token).send().assert_problem(415, "unsupported_media_type");
    }
}

#[test]
fn introspection_requires_the_key_and_does_not_exist_without_one() {
    for server in servers() {
        let token = server.token(server.add_user("ada"), TokenKind::TwoFactors);
        let call = server.client().post(INTROSPECT).json(&json!({ "token": token }));
        call.send().assert_problem(401, "token_missing");
        for wrong in [&KEY[1..], &format!("{KEY}x"), &token, "é"] {
            call.clone().bearer(wrong).send().assert_problem(401, "token_invalid");
        }
        call.clone().bearer(KEY).bearer(KEY).send().assert_problem(401, "token_invalid");
        // Without the key, the body is not validated.
        let broken = server.client().post(INTROSPECT).bearer("wrong").body("application/json", "{");
        broken.send().assert_problem(401, "token_invalid");
        server.client().get(INTROSPECT).bearer(KEY).send().assert_problem(405, "method_not_allowed");
        assert!(!server.installation.log().contains(KEY), "the key is in the log");
    }
    for server in TestServer::each() {
        let call = server.client().post(INTROSPECT).json(&json!({ "token": "x" }));
        call.clone().bearer(KEY).send().assert_problem(404, "not_found");
        call.send().assert_problem(404, "not_found");
    }
}

#[test]
fn a_token_of_another_issuer_is_inactive() {
    for server in servers() {
        let ada = server.add_user("ada");
        let good = server.token(ada, TokenKind::TwoFactors);
        let forged = Forger::like(&good);
        for (token, why) in [
            ("x".to_owned(), "noise"),
            (format!("{good}a"), "changed"),
            (good.repeat(8), "too long"),
            (forged.sign_with(b"another secret key of 32 bytes!!"), "another key"),
            (forged.clone().header("alg", "none").sign(), "another algorithm"),
            (forged.clone().claim("mfa_pending", true).sign(), "both stages"),
            (forged.clone().claim("sub", "999999").sign(), "nobody's"),
            (forged.without("jti").sign(), "without a claim"),
        ] {
            assert_inactive(&server, &token, why);
        }
        server.advance(3606);
        assert_inactive(&server, &good, "expired");
    }
}

#[test]
fn changes_of_the_account_row_take_effect_at_once() {
    for server in servers() {
        let ada = server.enrol("ada");
        let pending = server.pending(ada.id);
        server.verify(&pending, &ada.code(server.now())).ok();
        assert_inactive(&server, &pending, "spent");

        let token = server.token(ada.id, TokenKind::TwoFactors);
        server.post("/api/mfa/token/revoke", &token).ok();
        assert_inactive(&server, &token, "revoked");

        let token = server.token(ada.id, TokenKind::TwoFactors);
        server.installation.sql("UPDATE users SET is_active = false");
        assert_inactive(&server, &token, "disabled");
        server.installation.sql("UPDATE users SET is_active = true");
        assert_eq!(introspect(&server, &token).ok()["active"], true);

        let all = KINDS.map(|kind| server.token(ada.id, kind));
        server.admin(&["token", "revoke-all", "--user-id", &ada.id.to_string()]);
        for token in &all {
            assert_inactive(&server, token, "all sessions ended");
        }
    }
}

#[test]
fn a_lock_makes_earlier_pending_tokens_inactive_but_not_access_tokens() {
    for server in servers() {
        let ada = server.enrol("ada");
        let (pending, access) = (server.pending(ada.id), server.token(ada.id, TokenKind::TwoFactors));
        server.fail(&ada, 9);
        assert_eq!(introspect(&server, &pending).ok()["active"], true);
        server.fail(&ada, 1);
        assert_inactive(&server, &pending, "locked");
        assert_eq!(introspect(&server, &access).ok()["active"], true, "complete logins continue");
        server.advance(1);
        assert_eq!(introspect(&server, &server.pending(ada.id)).ok()["active"], true, "a new login");
    }
}

#[test]
fn introspection_fails_while_the_database_is_unavailable() {
    let server = TestServer::postgres_with(&[("INTROSPECTION_KEY", KEY)]);
    let token = server.token(server.add_user("ada"), TokenKind::TwoFactors);
    server.installation.database().refuse_connections();
    introspect(&server, &token).assert_problem(503, "store_unavailable");
    assert_inactive(&server, "noise", "no row is asked for what is no token");
    server.installation.database().allow_connections();
    assert_eq!(introspect(&server, &token).ok()["active"], true);
}
