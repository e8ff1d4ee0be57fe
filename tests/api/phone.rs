//! Tests of `POST /api/mfa/phone/set`, `POST /api/mfa/phone/verify`, `DELETE /api/mfa/phone` and `POST
//! /api/mfa/backup/set`.

use mfa_core::UserId;
use mfa_flows::TokenKind;
use nova_mfa_tests::{Answer, TestServer, claims_of, members};
use serde_json::{Value, json};

const NUMBER: &str = "+33612345612";
const OTHER: &str = "+33798765434";

fn set(server: &TestServer, token: &str, body: &Value) -> Answer {
    server.client().post("/api/mfa/phone/set").bearer(token).json(body).send()
}

fn set_number(server: &TestServer, token: &str, number: &str) -> Answer {
    set(server, token, &json!({ "phone": number }))
}

fn confirm(server: &TestServer, token: &str, code: &str) -> Answer {
    server.send_code("/api/mfa/phone/verify", token, code)
}

fn remove(server: &TestServer, token: &str) -> Answer {
    server.client().request("DELETE", "/api/mfa/phone").bearer(token).send()
}

fn set_backup(server: &TestServer, token: &str, method: &str) -> Answer {
    let body = json!({ "method": method });
    server.client().post("/api/mfa/backup/set").bearer(token).json(&body).send()
}

fn one_factor(server: &TestServer, name: &str) -> (UserId, String) {
    let user = server.add_user(name);
    (user, server.token(user, TokenKind::OneFactor))
}

/// Creates a user with an app and a verified number as backup method.
fn with_both(server: &TestServer, name: &str) -> nova_mfa_tests::Member {
    let mut ada = server.enrol(name);
    set_number(server, &ada.access, NUMBER).ok();
    confirm(server, &ada.access, &server.sms_code(NUMBER)).ok();
    set_backup(server, &ada.access, "sms").ok();
    server.advance(120);
    ada.access = server.verify(&ada.access, &ada.code(server.now())).field("access_token");
    ada
}

fn status(server: &TestServer, token: &str) -> Value {
    server.get("/api/mfa/status", token).ok()
}

#[test]
fn the_first_number_of_a_user_without_a_factor_is_enrolled() {
    for server in TestServer::each() {
        let (ada, token) = one_factor(&server, "ada");
        let waiting = set(&server, &token, &json!({ "phone": "06 12 34 56 12" })).ok();
        assert_eq!(waiting, json!({ "phone": "+33•••••••12", "expires_in": 300, "resend_in": 60 }));
        assert_eq!(status(&server, &token)["phone"], Value::Null, "{}: not yet", server.name());

        let confirmed = confirm(&server, &token, &server.sms_code(NUMBER));
        let fields = [
            "access_token",
            "expires_in",
            "mfa_ok",
            "phone",
            "phone_verified",
            "recovery_codes",
            "token_type",
        ];
        assert_eq!(members(&confirmed.ok()).into_iter().collect::<Vec<_>>(), fields);
        assert_eq!(confirmed.texts("recovery_codes").len(), 10);
        let access = confirmed.field("access_token");
        assert_eq!(claims_of(&access)["amr"], json!(["pwd", "sms", "mfa"]));
        server.get("/api/mfa/status", &token).assert_problem(401, "token_revoked");
        let now = status(&server, &access);
        let values = ["phone", "phone_verified", "backup_method", "totp_enabled", "recovery_codes_left"];
        let values = values.map(|field| now[field].clone());
        assert_eq!(values, [json!("+33•••••••12"), json!(true), json!("sms"), json!(false), json!(10)]);
        assert_eq!(server.failures(ada), 0);
    }
}

#[test]
fn an_enforced_user_enrols_a_phone_with_a_pending_token() {
    for server in TestServer::each() {
        let ada = server.add_user("ada");
        let pending = server.pending(ada);
        set_number(&server, &pending, NUMBER).assert_problem(403, "wrong_token_stage");
        assert_eq!(server.outbox(), []);
        server.installation.sql(&format!("UPDATE users SET mfa_enforced = TRUE WHERE id = {ada}"));
        set_number(&server, &pending, NUMBER).ok();
        let code = server.sms_code(NUMBER);
        let access = confirm(&server, &pending, &code).field("access_token");
        assert_eq!(status(&server, &access)["backup_method"], "sms", "{}", server.name());
        confirm(&server, &pending, &code).assert_problem(401, "token_spent");
        set_backup(&server, &access, "none").assert_problem(409, "factor_required");
        remove(&server, &access).assert_problem(409, "factor_required");
    }
}

#[test]
fn a_new_number_stays_pending_while_the_old_one_remains_active() {
    for server in TestServer::each() {
        let ada = with_both(&server, "ada");
        set_number(&server, &ada.access, OTHER).ok();
        assert_eq!(status(&server, &ada.access)["phone"], "+33•••••••12", "{}", server.name());
        let new = server.sms_code(OTHER);
        server.advance(60);
        let pending = server.pending(ada.id);
        server.post("/api/mfa/sms/send", &pending).ok();
        assert_eq!(server.outbox().last().unwrap().0, NUMBER, "{}: a login's code", server.name());
        confirm(&server, &ada.access, &new).assert_problem(401, "invalid_code");

        server.advance(60);
        let fresh = server.verify(&ada.access, &ada.code(server.now())).field("access_token");
        set_number(&server, &fresh, OTHER).assert_problem(429, "rate_limited");
        server.advance(3_600);
        let fresh = server.verify(&server.pending(ada.id), &ada.code(server.now())).field("access_token");
        let elsewhere = server.token(ada.id, TokenKind::TwoFactors);
        set_number(&server, &fresh, OTHER).ok();
        let confirmed = confirm(&server, &fresh, &server.sms_code(OTHER)).ok();
        assert_eq!(confirmed, json!({ "phone_verified": true, "phone": "+33•••••••34" }));
        assert_eq!(status(&server, &fresh)["phone"], "+33•••••••34");
        server.get("/api/mfa/status", &elsewhere).assert_problem(401, "token_revoked");
    }
}

#[test]
fn five_wrong_codes_invalidate_a_confirmation_code_without_counting_for_the_lock() {
    for server in TestServer::each() {
        let (ada, token) = one_factor(&server, "ada");
        set_number(&server, &token, NUMBER).ok();
        let code = server.sms_code(NUMBER);
        let wrong = if code == "000000" { "000001" } else { "000000" };
        for _ in 0..5 {
            confirm(&server, &token, wrong).assert_problem(401, "invalid_code");
        }
        confirm(&server, &token, &code).assert_problem(401, "invalid_code");
        assert_eq!(server.failures(ada), 0, "{}", server.name());
        assert_eq!(status(&server, &token)["phone_verified"], false);
    }
}

#[test]
fn a_confirmation_code_expires_after_five_minutes_and_belongs_to_its_user() {
    for server in TestServer::each() {
        let (ada, token) = one_factor(&server, "ada");
        let (_, other) = one_factor(&server, "bob");
        confirm(&server, &token, "000000").assert_problem(409, "no_enrolment_in_progress");
        set_number(&server, &token, NUMBER).ok();
        let code = server.sms_code(NUMBER);
        set_number(&server, &other, OTHER).ok();
        confirm(&server, &other, &code).assert_problem(401, "invalid_code");
        server.advance(299);
        // Any token of the user that can enrol works: the code is bound to user and number.
        let again = server.token(ada, TokenKind::OneFactor);
        confirm(&server, &again, &code).ok();

        let (_, token) = one_factor(&server, "cleo");
        set_number(&server, &token, "+33698765401").ok();
        let code = server.sms_code("+33698765401");
        server.advance(301);
        confirm(&server, &token, &code).assert_problem(401, "invalid_code");
    }
}

#[test]
fn login_codes_and_confirmation_codes_are_not_interchangeable() {
    for server in TestServer::each() {
        let ada = with_both(&server, "ada");
        let access = server.verify(&ada.access, &ada.code_at(server.now(), 1)).field("access_token");
        set_number(&server, &access, OTHER).ok();
        let code = server.sms_code(OTHER);
        server
            .send_code("/api/mfa/verify/sms", &server.pending(ada.id), &code)
            .assert_problem(401, "invalid_code");
        confirm(&server, &access, &code).ok();
    }
}

#[test]
fn a_number_is_read_as_it_is_pasted_and_as_it_is_dialled_in_france() {
    for server in TestServer::each() {
        for (at, number) in [
            "tel:+33-6-12-34-56-12",
            "06\u{202f}12\u{202f}34\u{202f}56\u{202f}12",
            "\u{202a}06\u{2009}12\u{a0}34 56 12\u{202c}",
        ]
        .into_iter()
        .enumerate()
        {
            let (_, token) = one_factor(&server, &format!("ada{at}"));
            set_number(&server, &token, number).ok();
            assert_eq!(server.outbox().last().unwrap().0, NUMBER, "{}: {number:?}", server.name());
            server.advance(3_600);
        }
        let (_, token) = one_factor(&server, "bob");
        for number in ["0692 12 34 56", "06\u{202f}92\u{202f}12\u{202f}34\u{202f}56", "0262 20 12 34"] {
            set_number(&server, &token, number).assert_problem(403, "phone_refused");
        }
    }
    for server in TestServer::each_with(&[("MFA_SMS_COUNTRIES", "FR,RE")]) {
        let (_, token) = one_factor(&server, "ada");
        set_number(&server, &token, "0690 12 34 56").assert_problem(403, "phone_refused");
        set(&server, &token, &json!({ "phone": "0692 12 34 56", "country": "FR" })).ok();
        assert_eq!(server.outbox()[0].0, "+262692123456", "{}", server.name());
    }
}

#[test]
fn a_number_rejected_by_policy_costs_no_message_and_an_invalid_one_is_a_field_error() {
    for server in TestServer::each() {
        let (_, token) = one_factor(&server, "ada");
        for number in ["+491701234567", "+12015550123", "0123456789", "0899123456", "0800123456"] {
            set_number(&server, &token, number).assert_problem(403, "phone_refused");
        }
        for number in ["", "6", "+33", "+3361234561", "0612345612 ext. 3", "+33 6 12 34 56 12 34", "numéro"]
        {
            set_number(&server, &token, number).assert_problem(422, "invalid_field");
        }
        for body in [
            json!({}),
            json!({ "phone": 612_345_612 }),
            json!({ "phone": NUMBER, "country": "FRANCE" }),
            json!({ "phone": NUMBER, "user_id": 1 }),
        ] {
            set(&server, &token, &body).assert_problem(422, "invalid_field");
        }
        assert_eq!(server.outbox(), []);
        set(&server, &token, &json!({ "phone": "0470 12 34 56", "country": "be" })).ok();
        assert_eq!(server.outbox()[0].0, "+32470123456", "{}", server.name());
    }
}

#[test]
fn removing_the_phone_ends_the_other_sessions() {
    for server in TestServer::each() {
        let ada = with_both(&server, "ada");
        let elsewhere = server.token(ada.id, TokenKind::TwoFactors);
        let removed = remove(&server, &ada.access).ok();
        assert_eq!(removed, json!({ "phone": null, "backup_method": "none" }), "{}", server.name());
        server.get("/api/mfa/status", &elsewhere).assert_problem(401, "token_revoked");
        let now = status(&server, &ada.access);
        assert_eq!((&now["phone"], &now["phone_verified"]), (&Value::Null, &json!(false)));
        assert_eq!(now["recovery_codes_left"], 0, "this app was enrolled without codes");
        let kept = "SELECT count(*) FROM users WHERE phone_number IS NOT NULL OR phone_pending IS NOT NULL";
        assert_eq!(server.installation.number(kept), 0);
        remove(&server, &ada.access).ok();
        server.post("/api/mfa/sms/send", &server.pending(ada.id)).assert_problem(409, "method_not_available");
    }
}

#[test]
fn recovery_codes_are_deleted_with_the_last_factor() {
    for server in TestServer::each() {
        let (ada, token) = one_factor(&server, "ada");
        set_number(&server, &token, NUMBER).ok();
        let access = confirm(&server, &token, &server.sms_code(NUMBER)).field("access_token");
        remove(&server, &access).ok();
        let kept = "SELECT count(*) FROM users WHERE recovery_codes_generated_at IS NOT NULL";
        assert_eq!(server.installation.number(kept), 0, "{}", server.name());
        let one = server.token(ada, TokenKind::OneFactor);
        server.post("/api/mfa/totp/enroll/start", &one).ok();
    }
}

#[test]
fn the_backup_method_is_sms_with_a_verified_number_or_none() {
    for server in TestServer::each() {
        let ada = server.enrol("ada");
        set_backup(&server, &ada.access, "sms").assert_problem(409, "method_not_available");
        set_backup(&server, &ada.access, "none").ok();
        set_number(&server, &ada.access, NUMBER).ok();
        set_backup(&server, &ada.access, "sms").assert_problem(409, "method_not_available");
        confirm(&server, &ada.access, &server.sms_code(NUMBER)).ok();
        let elsewhere = server.token(ada.id, TokenKind::TwoFactors);
        assert_eq!(set_backup(&server, &ada.access, "sms").ok(), json!({ "backup_method": "sms" }));
        assert_eq!(set_backup(&server, &ada.access, "none").ok(), json!({ "backup_method": "none" }));
        server.get("/api/mfa/status", &elsewhere).ok();
        for method in ["", "SMS", "totp", "email"] {
            set_backup(&server, &ada.access, method).assert_problem(422, "invalid_field");
        }
        let body = json!({ "method": null });
        let call = server.client().post("/api/mfa/backup/set").bearer(&ada.access).json(&body);
        call.send().assert_problem(422, "invalid_field");
    }
}

#[test]
fn changes_of_the_phone_require_a_recent_second_factor() {
    for server in TestServer::each() {
        let ada = with_both(&server, "ada");
        for kind in [TokenKind::Pending, TokenKind::OneFactor] {
            let token = server.token(ada.id, kind);
            set_number(&server, &token, OTHER).assert_problem(403, "wrong_token_stage");
            remove(&server, &token).assert_problem(403, "wrong_token_stage");
            set_backup(&server, &token, "none").assert_problem(403, "wrong_token_stage");
        }
        server.advance(601);
        set_number(&server, &ada.access, OTHER).assert_problem(401, "step_up_required");
        confirm(&server, &ada.access, "000000").assert_problem(401, "step_up_required");
        remove(&server, &ada.access).assert_problem(401, "step_up_required");
        set_backup(&server, &ada.access, "none").assert_problem(401, "step_up_required");
        assert_eq!(server.outbox().len(), 1, "{}", server.name());
    }
}

#[test]
fn methods_lists_the_factors_available_to_this_login() {
    for server in TestServer::each() {
        let ada = with_both(&server, "ada");
        let methods = server.get("/api/mfa/methods", &server.pending(ada.id)).ok();
        let values: Vec<_> =
            methods["methods"].as_array().unwrap().iter().map(|it| it["available"].clone()).collect();
        assert_eq!(values, [json!(true), json!(true), json!(false)], "{}: {methods}", server.name());
    }
}
