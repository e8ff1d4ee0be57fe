//! Tests of step-up authentication: changing a factor requires a recent second factor.

use mfa_flows::TokenKind;
use nova_mfa_tests::{Answer, Member, TestServer};
use serde_json::json;

const CHANGES: [&str; 4] = [
    "/api/mfa/totp/enroll/start",
    "/api/mfa/totp/enroll/verify",
    "/api/mfa/totp/disable",
    "/api/mfa/recovery/regenerate",
];

fn change(server: &TestServer, path: &str, token: &str) -> Answer {
    match path {
        "/api/mfa/totp/enroll/start" | "/api/mfa/recovery/regenerate" => server.post(path, token),
        _ => server.send_code(path, token, "000000"),
    }
}

/// Returns an access token with two factors verified now.
fn fresh(server: &TestServer, member: &Member) -> String {
    server.verify(&server.pending(member.id), &member.code(server.now())).field("access_token")
}

#[test]
fn after_ten_minutes_a_change_requires_step_up_as_in_rfc_9470() {
    for server in TestServer::each() {
        let ada = server.enrol("ada");
        let access = fresh(&server, &ada);
        server.advance(600);
        for path in CHANGES {
            assert_ne!(change(&server, path, &access).outcome(), "step_up_required", "{path}");
        }
        server.advance(1);
        for path in CHANGES {
            let refused = change(&server, path, &access);
            assert_eq!(
                refused.assert_problem(401, "step_up_required").header("www-authenticate"),
                Some(r#"Bearer error="insufficient_user_authentication", acr_values="aal2", max_age="600""#),
                "{}",
                server.name()
            );
        }
        server.get("/api/mfa/status", &access).ok();
        let again = server.verify(&access, &ada.code(server.now())).field("access_token");
        server.post("/api/mfa/totp/enroll/start", &again).ok();
        server.post("/api/mfa/totp/enroll/start", &access).assert_problem(401, "step_up_required");
    }
}

#[test]
fn the_maximum_age_is_configurable() {
    for server in TestServer::each_with(&[("MFA_STEP_UP_MAX_AGE", "30")]) {
        let ada = server.enrol("ada");
        let access = fresh(&server, &ada);
        server.advance(31);
        let refused = server.post("/api/mfa/totp/enroll/start", &access);
        let challenge = refused.assert_problem(401, "step_up_required").header("www-authenticate").unwrap();
        assert!(challenge.ends_with(r#"max_age="30""#), "{challenge}");
    }
}

#[test]
fn a_one_factor_token_cannot_change_an_active_factor() {
    for server in TestServer::each() {
        let ada = server.enrol("ada");
        for kind in [TokenKind::Pending, TokenKind::OneFactor] {
            for path in CHANGES {
                change(&server, path, &server.token(ada.id, kind)).assert_problem(403, "wrong_token_stage");
            }
        }
    }
}

#[test]
fn five_wrong_codes_under_one_access_token_revoke_it() {
    for server in TestServer::each() {
        for path in ["/api/mfa/verify/totp", "/api/mfa/totp/disable"] {
            let user = server.enrol(path.rsplit('/').next().unwrap());
            let (access, other) = (fresh(&server, &user), user.access.clone());
            for _ in 0..5 {
                server
                    .send_code(path, &access, &user.wrong_code(server.now()))
                    .assert_problem(401, "invalid_code");
            }
            server.advance(30);
            server.send_code(path, &access, &user.code(server.now())).assert_problem(401, "token_revoked");
            server.get("/api/mfa/status", &access).assert_problem(401, "token_revoked");
            assert_eq!(server.failures(user.id), 5, "{}", server.name());
            server.get("/api/mfa/status", &other).ok();
            server.verify(&server.pending(user.id), &user.code(server.now())).ok();
        }
    }
}

#[test]
fn five_wrong_codes_revoke_each_of_two_alternating_tokens() {
    for server in TestServer::each() {
        for path in ["/api/mfa/verify/totp", "/api/mfa/totp/disable"] {
            let user = server.enrol(path.rsplit('/').next().unwrap());
            let tokens = [fresh(&server, &user), user.access.clone()];
            for token in (0..4).flat_map(|_| &tokens) {
                let wrong = user.wrong_code(server.now());
                server.send_code(path, token, &wrong).assert_problem(401, "invalid_code");
            }
            server.advance(60);
            // A login of the owner clears the count of the account, and not those of the tokens.
            server.verify(&server.pending(user.id), &user.code(server.now())).ok();
            assert_eq!(server.failures(user.id), 0, "{}", server.name());
            for token in &tokens {
                server.get("/api/mfa/status", token).ok();
                let wrong = user.wrong_code(server.now());
                server.send_code(path, token, &wrong).assert_problem(401, "invalid_code");
                server.get("/api/mfa/status", token).assert_problem(401, "token_revoked");
            }
            server.advance(60);
        }
    }
}

#[test]
fn a_successful_step_up_clears_the_wrong_ones() {
    for server in TestServer::each() {
        let ada = server.enrol("ada");
        for _ in 0..2 {
            for _ in 0..4 {
                server.verify(&ada.access, &ada.wrong_code(server.now())).assert_problem(401, "invalid_code");
            }
            server.advance(30);
            server.verify(&ada.access, &ada.code(server.now())).ok();
        }
        server.get("/api/mfa/status", &ada.access).ok();
    }
}

#[test]
fn the_last_factor_of_a_user_who_must_have_one_cannot_be_removed() {
    for server in TestServer::each() {
        let ada = server.enrol("ada");
        server.installation.sql("UPDATE users SET mfa_enforced = TRUE");
        let code = ada.code(server.now());
        server.send_code("/api/mfa/totp/disable", &ada.access, &code).assert_problem(409, "factor_required");
        assert_eq!(server.get("/api/mfa/status", &ada.access).ok()["totp_enabled"], true);
        server.verify(&server.pending(ada.id), &code).ok();
    }
}

#[test]
fn a_wrong_code_removes_no_factor_and_a_correct_one_removes_it_once() {
    for server in TestServer::each() {
        let ada = server.enrol("ada");
        let disable = |code: &str| server.send_code("/api/mfa/totp/disable", &ada.access, code);
        disable(&ada.wrong_code(server.now())).assert_problem(401, "invalid_code");
        assert_eq!(server.failures(ada.id), 1);
        let code = ada.code(server.now());
        assert_eq!(disable(&code).ok(), json!({ "totp_enabled": false }));
        disable(&code).assert_problem(409, "not_enrolled");
        server.verify(&server.pending(ada.id), &code).assert_problem(409, "not_enrolled");
        let stored =
            "SELECT count(*) FROM users WHERE totp_secret IS NOT NULL OR totp_pending_secret IS NOT NULL";
        assert_eq!(server.installation.number(stored), 0, "{}: the secret is erased", server.name());
        let methods = server.get("/api/mfa/methods", &ada.access).ok();
        assert_eq!(methods["methods"][0]["available"], false);
    }
}

#[test]
fn a_used_code_removes_no_factor() {
    for server in TestServer::each() {
        let ada = server.enrol("ada");
        let code = ada.code(server.now());
        server.verify(&server.pending(ada.id), &code).ok();
        server.send_code("/api/mfa/totp/disable", &ada.access, &code).assert_problem(401, "invalid_code");
    }
}
