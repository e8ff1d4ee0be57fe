//! Tests of the order in which a request is checked: each step fixes the first error of the previous request.

use mfa_flows::TokenKind;
use nova_mfa_tests::{Request, TestServer};
use serde_json::json;

const VERIFY: &str = "/api/mfa/verify/totp";
const JSON: &str = "application/json";

/// Clients are distinguished by a forwarding header, so that only one of them reaches its limit.
const SETTINGS: [(&str, &str); 2] = [("TRUSTED_PROXIES", "127.0.0.1"), ("MFA_RATE_LIMIT_MAX", "1")];

fn from(server: &TestServer, client: u32) -> Request {
    server.client().post(VERIFY).header("X-Forwarded-For", &format!("198.51.100.{client}"))
}

#[test]
fn a_code_check_reports_the_first_error_in_the_documented_order() {
    for server in TestServer::each_with(&SETTINGS) {
        let ada = server.enrol("ada");
        let set = |change: &str| server.installation.sql(&format!("UPDATE users SET {change}"));
        let stale = server.pending(ada.id);
        server.advance(306);
        let one_factor = server.token(ada.id, TokenKind::OneFactor);
        let spent = server.pending(ada.id);
        from(&server, 0).bearer(&spent).code(&ada.code(server.now())).send().ok();
        let used_up = 1;
        from(&server, used_up).bearer(&spent).code("x").send().assert_problem(422, "invalid_field");
        let year_2096 = match server.name() {
            "SQLite" => "4000000000000",
            _ => "to_timestamp(4000000000)",
        };
        set(&format!("is_active = FALSE, mfa_failed_attempts = 10, mfa_lock_until = {year_2096}"));

        let big = "x".repeat(16 * 1024 + 1);
        let say = |call: Request, status: u16, code: &str| {
            call.send().assert_problem(status, code);
        };
        say(from(&server, used_up).body("text/plain", big), 413, "too_large");
        say(from(&server, used_up).body("text/plain", "nonsense"), 415, "unsupported_media_type");
        let nonsense = |client| from(&server, client).body(JSON, "nonsense");
        say(nonsense(used_up), 401, "token_missing");
        say(nonsense(used_up).bearer("nonsense"), 401, "token_invalid");
        say(nonsense(used_up).bearer(&stale), 401, "token_expired");
        say(nonsense(used_up).bearer(&one_factor), 403, "wrong_token_stage");
        say(nonsense(used_up).bearer(&spent), 429, "rate_limited");
        say(nonsense(2).bearer(&spent), 400, "malformed_request");
        say(from(&server, 3).bearer(&spent).json(&json!({ "code": "12345" })), 422, "invalid_field");
        let wrong = ada.wrong_code(server.now());
        let check = |client, token: &str| from(&server, client).bearer(token).code(&wrong);
        say(check(4, &spent), 403, "account_disabled");
        set("is_active = TRUE");
        say(check(5, &spent), 403, "account_locked");
        set("mfa_failed_attempts = 0, mfa_lock_until = NULL");
        say(check(6, &spent), 401, "token_spent");
        assert_eq!(server.failures(ada.id), 0, "{}: nothing so far has reached a code", server.name());
        say(check(7, &server.pending(ada.id)), 401, "invalid_code");
        assert_eq!(server.failures(ada.id), 1);
        let next = ada.code_at(server.now(), 1);
        from(&server, 8).bearer(&server.pending(ada.id)).code(&next).send().ok();
    }
}

#[test]
fn step_up_is_checked_before_the_factor_and_the_factor_before_the_code() {
    for server in TestServer::each() {
        let ada = server.enrol("ada");
        server.installation.sql("UPDATE users SET mfa_enforced = TRUE");
        server.advance(301);
        let disable =
            |token: &str| server.send_code("/api/mfa/totp/disable", token, &ada.wrong_code(server.now()));
        disable(&ada.access).assert_problem(401, "step_up_required");
        let fresh = server.verify(&server.pending(ada.id), &ada.code(server.now())).field("access_token");
        disable(&fresh).assert_problem(409, "factor_required");
        assert_eq!(server.failures(ada.id), 0, "{}", server.name());
        server.installation.sql("UPDATE users SET mfa_enforced = FALSE");
        disable(&fresh).assert_problem(401, "invalid_code");
    }
}

#[test]
fn the_login_limit_applies_before_the_body_is_parsed() {
    for server in TestServer::each_with(&[("LOGIN_RATE_IP_MAX", "2")]) {
        let login = || server.client().post("/api/auth/login");
        login().body("text/plain", "x".repeat(16 * 1024 + 1)).send().assert_problem(413, "too_large");
        login().body("text/plain", "nonsense").send().assert_problem(415, "unsupported_media_type");
        login().body(JSON, "nonsense").send().assert_problem(400, "malformed_request");
        login().json(&json!({ "username": "ada" })).send().assert_problem(422, "invalid_field");
        login().body(JSON, "nonsense").send().assert_problem(429, "rate_limited");
    }
}
