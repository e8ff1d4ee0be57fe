//! Tests of `GET /api/mfa/status` and `GET /api/mfa/methods`.

use mfa_flows::TokenKind;
use nova_mfa_tests::{TestServer, members};
use serde_json::{Value, json};

#[test]
fn mfa_status_returns_every_documented_field() {
    for server in TestServer::each() {
        let id = server.add_user("ada");
        let status = || server.get("/api/mfa/status", &server.token(id, TokenKind::OneFactor)).ok();
        let before = json!({
            "user_id": id.value(), "mfa_enforced": false, "totp_enabled": false, "totp_enrolled_at": null,
            "phone": null, "phone_verified": false, "backup_method": "none", "recovery_codes_left": 0,
            "locked": false, "lock_until": null, "failed_attempts": 0, "last_success_at": null,
            "last_method": null, "authenticators": { "passkey": 0, "totp": 0, "sms": 0 },
            "phishing_resistant": false, "phishing_resistant_required": false,
        });
        assert_eq!(status(), before, "{}", server.name());

        let ada = server.enrol_user(id);
        server.fail(&ada, 2);
        server.installation.sql("UPDATE users SET mfa_enforced = TRUE");
        let after = status();
        assert_eq!(members(&after), members(&before));
        assert_eq!((&after["totp_enabled"], &after["mfa_enforced"]), (&json!(true), &json!(true)));
        assert_eq!((&after["failed_attempts"], &after["locked"]), (&json!(2), &json!(false)));
        assert_eq!(after["totp_enrolled_at"], "2027-01-15T08:00:00Z");
        server.verify(&server.pending(id), &ada.code(server.now())).ok();
        let after = status();
        assert_eq!(
            (&after["last_method"], &after["last_success_at"]),
            (&json!("totp"), &json!("2027-01-15T08:05:00Z"))
        );
    }
}

#[test]
fn mfa_status_describes_the_caller_only() {
    for server in TestServer::each() {
        let (ada, bob) = (server.enrol("ada"), server.add_user("bob"));
        let bobs = server.token(bob, TokenKind::OneFactor);
        let status = server.get(&format!("/api/mfa/status?user_id={}", ada.id), &bobs).ok();
        assert_eq!((&status["user_id"], &status["totp_enabled"]), (&json!(bob.value()), &json!(false)));
    }
}

#[test]
fn methods_are_listed_best_first_with_localized_labels_and_reasons_for_unavailability() {
    for server in TestServer::each() {
        let ada = server.enrol("ada");
        let methods = |language: &str, token: &str| {
            let call = server.client().get("/api/mfa/methods").bearer(token);
            let answer = call.header("Accept-Language", language).send();
            assert_eq!(answer.header("content-language"), Some(language));
            answer.ok()["methods"].as_array().unwrap().clone()
        };
        let listed = methods("en", &server.pending(ada.id));
        assert_eq!(listed[0], json!({ "method": "totp", "label": "Authenticator app", "available": true }));
        assert_eq!(methods("fr", &ada.access)[0]["label"], "Application d’authentification");
        let names: Vec<_> = listed.iter().map(|it| it["method"].as_str().unwrap()).collect();
        assert_eq!(names, ["totp", "sms", "recovery"], "{}", server.name());
        for method in &listed[1..] {
            assert_eq!((&method["available"], &method["reason"]), (&json!(false), &json!("not_enrolled")));
        }

        let nobody = server.add_user("bob");
        let listed = methods("en", &server.token(nobody, TokenKind::OneFactor));
        assert!(
            listed.iter().all(|it| it["available"] == json!(false) && it["reason"] == json!("not_enrolled"))
        );
        assert!(listed.iter().all(|it| it["label"] != Value::Null));
    }
}

#[test]
fn endpoints_without_a_request_body_reject_unexpected_fields() {
    for server in TestServer::each() {
        let ada = server.enrol("ada");
        for (method, path) in
            [("GET", "/api/mfa/status"), ("GET", "/api/mfa/methods"), ("POST", "/api/mfa/token/revoke")]
        {
            let call = || server.client().request(method, path).bearer(&ada.access);
            call().json(&json!({ "user_id": 1 })).send().assert_problem(422, "invalid_field");
            call().body("application/json", "[]").send().assert_problem(400, "malformed_request");
            call().body("text/plain", "x").send().assert_problem(415, "unsupported_media_type");
            call().json(&json!({})).send().ok();
        }
        // The body can also be absent.
        let call = server.client().request("POST", "/api/mfa/recovery/regenerate");
        call.bearer(&server.token(ada.id, TokenKind::TwoFactors)).send().ok();
    }
}
