//! Tests of several authenticator apps of one user.

use mfa_flows::TokenKind;
use nova_mfa_tests::{Answer, Member, TestServer};
use serde_json::{Value, json};

const START: &str = "/api/mfa/totp/enroll/start";
const CONFIRM: &str = "/api/mfa/totp/enroll/verify";
const DISABLE: &str = "/api/mfa/totp/disable";
const LIST: &str = "/api/mfa/authenticators";

fn start(server: &TestServer, token: &str, body: &Value) -> Answer {
    server.client().post(START).bearer(token).json(body).send()
}

fn disable(server: &TestServer, token: &str, body: &Value) -> Answer {
    server.client().post(DISABLE).bearer(token).json(body).send()
}

/// Logs in with an app and returns the two-factor token.
fn log_in(server: &TestServer, member: &Member) -> String {
    server.advance(60);
    server.verify(&server.pending(member.id), &member.code(server.now())).field("access_token")
}

/// Adds an app with this name beside those of the user.
fn add(server: &TestServer, member: &Member, name: &str) -> Member {
    let token = log_in(server, member);
    let started = start(server, &token, &json!({ "mode": "add", "name": name }));
    let added = Member::from_enrolment(member.id, &started);
    server.send_code(CONFIRM, &token, &added.code(server.now())).ok();
    server.advance(60);
    added
}

/// Returns how many successful events of this kind name an authenticator by this reason (SQL `LIKE`).
fn named(server: &TestServer, event: &str, reason: &str) -> i64 {
    server.installation.number(&format!(
        "SELECT count(*) FROM mfa_events WHERE event = '{event}' AND outcome = 'success' AND reason LIKE '{reason}'"
    ))
}

fn apps(server: &TestServer, token: &str) -> Vec<Value> {
    let list = server.get(LIST, token).ok();
    let apps = list["authenticators"].as_array().unwrap().iter();
    apps.filter(|it| it["kind"] == "totp").cloned().collect()
}

#[test]
fn a_second_app_logs_in_beside_the_first_and_ends_nothing() {
    for server in TestServer::each() {
        let (phone, codes) = server.enrol_with_codes("ada");
        let token = log_in(&server, &phone);
        let other = log_in(&server, &phone);
        let started =
            start(&server, &token, &json!({ "mode": "add", "name": "Ma tablette", "label": "ada" }));
        let tablet = Member::from_enrolment(phone.id, &started);
        server
            .verify(&server.pending(phone.id), &tablet.code(server.now()))
            .assert_problem(401, "invalid_code");
        let done = server.send_code(CONFIRM, &token, &tablet.code(server.now())).ok();
        assert_eq!(
            (&done["recovery_codes"], &done["mfa_ok"]),
            (&json!([]), &json!(true)),
            "{}",
            server.name()
        );
        server.get(LIST, done["access_token"].as_str().unwrap()).ok();
        for open in [&token, &other] {
            server.get("/api/mfa/status", open).ok();
        }
        server.advance(60);
        for app in [&phone, &tablet] {
            let code = app.code(server.now());
            server.verify(&server.pending(phone.id), &code).ok();
            server.verify(&server.pending(phone.id), &code).assert_problem(401, "invalid_code");
        }
        server.verify_recovery_code(&server.pending(phone.id), &codes[0]).ok();

        let list = apps(&server, &other);
        let names: Vec<_> = list.iter().map(|it| it["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["Authenticator app 1", "Ma tablette"]);
        let parameters = |it: &Value| (it["algorithm"].clone(), it["digits"].clone(), it["period"].clone());
        assert!(list.iter().all(|it| parameters(it) == (json!("SHA1"), json!(6), json!(30))));
        assert!(list.iter().all(|it| it["last_used_at"].is_string() && it["created_at"].is_string()));
        let status = server.get("/api/mfa/status", &other).ok();
        assert_eq!(status["authenticators"], json!({ "passkey": 0, "totp": 2, "sms": 0 }));
        let id = list[1]["id"].as_str().unwrap();
        assert_eq!(named(&server, "totp_enroll", "Authenticator app 1 (totp)"), 1, "{}", server.name());
        assert_eq!(named(&server, "totp_enroll", &format!("Ma tablette ({id})")), 1, "{}", server.name());
    }
}

#[test]
fn an_app_is_removed_by_its_id_with_a_code_of_any_app_and_the_next_takes_its_place() {
    for server in TestServer::each() {
        let phone = server.enrol("ada");
        let tablet = add(&server, &phone, "Tablet");
        let token = log_in(&server, &tablet);
        let list = apps(&server, &token);
        let (first, second) = (list[0]["id"].as_str().unwrap(), list[1]["id"].as_str().unwrap());
        server.advance(60);
        let code = tablet.code(server.now());
        disable(&server, &token, &json!({ "code": code })).assert_problem(409, "authenticator_required");
        disable(&server, &token, &json!({ "code": code, "id": "nobody" })).assert_problem(404, "not_found");
        assert_eq!(server.failures(phone.id), 0, "{}: nothing was tried", server.name());
        let removed = disable(&server, &token, &json!({ "code": code, "id": first })).ok();
        assert_eq!(removed["totp_enabled"], true);
        assert_eq!(apps(&server, &token)[0]["id"], second);
        server.verify(&server.pending(phone.id), &code).assert_problem(401, "invalid_code");
        server.advance(60);
        let code = phone.code(server.now());
        server.verify(&server.pending(phone.id), &code).assert_problem(401, "invalid_code");
        let token = log_in(&server, &tablet);
        server.advance(60);
        let removed = disable(&server, &token, &json!({ "code": tablet.code(server.now()) })).ok();
        assert_eq!(removed["totp_enabled"], false);
        let sql = "SELECT count(*) FROM users WHERE is_totp_enabled OR totp_secret IS NOT NULL";
        assert_eq!(server.installation.number(sql), 0, "{}", server.name());
    }
}

#[test]
fn an_app_is_removed_in_the_list_and_by_a_recovery_code() {
    for server in TestServer::each() {
        let (phone, codes) = server.enrol_with_codes("ada");
        let _ = add(&server, &phone, "Tablet");
        let _ = add(&server, &phone, "Laptop");
        let token = log_in(&server, &phone);
        let list = apps(&server, &token);
        let id = |n: usize| list[n]["id"].as_str().unwrap();
        disable(&server, &token, &json!({ "code": codes[0], "id": id(2) })).ok();
        server.client().request("DELETE", &format!("{LIST}/{}", id(1))).bearer(&token).send().ok();
        let left = apps(&server, &token);
        assert_eq!((left.len(), left[0]["id"].as_str()), (1, Some(id(0))), "{}", server.name());
        assert_eq!(named(&server, "totp_disable", &format!("Laptop ({})", id(2))), 1, "{}", server.name());
        assert_eq!(named(&server, "authenticator_remove", &format!("Tablet ({})", id(1))), 1);
    }
}

#[test]
fn three_apps_are_the_most_and_each_name_is_the_users_own() {
    for server in TestServer::each() {
        let phone = server.enrol("ada");
        let token = log_in(&server, &phone);
        for (body, code) in [
            (json!({ "mode": "add", "name": "" }), "invalid_field"),
            (json!({ "mode": "add", "name": "a\u{7}b" }), "invalid_field"),
            (json!({ "mode": "add", "name": "x".repeat(65) }), "invalid_field"),
            (json!({ "mode": "add", "name": "\u{200d}" }), "invalid_field"),
            (json!({ "mode": "add", "name": "Ke\u{200b}y" }), "invalid_field"),
            (json!({ "mode": "add", "name": "\u{202e}yeK" }), "invalid_field"),
            (json!({ "mode": "both" }), "invalid_field"),
            (json!({ "mode": true }), "invalid_field"),
        ] {
            start(&server, &token, &body).assert_problem(422, code);
        }
        let same_name = json!({ "mode": "add", "name": "Authenticator app 1" });
        start(&server, &token, &same_name).assert_problem(422, "invalid_field");
        let _ = add(&server, &phone, "Tablet");
        let token = log_in(&server, &phone);
        let rename = |name: &str| {
            let path = format!("{LIST}/totp");
            server.client().request("PATCH", &path).bearer(&token).json(&json!({ "name": name })).send()
        };
        // One name in both forms of Unicode.
        assert_eq!(rename(" Cle\u{301} ").ok()["name"], "Clé", "{}", server.name());
        start(&server, &token, &json!({ "mode": "add", "name": "Clé" })).assert_problem(422, "invalid_field");
        let _ = add(&server, &phone, "Laptop");
        let token = log_in(&server, &phone);
        start(&server, &token, &json!({ "mode": "add" })).assert_problem(409, "too_many_authenticators");
        // A replacement is no further app, and the names of those that it replaces are free.
        let started = start(&server, &token, &json!({ "name": "Tablet" }));
        let new = Member::from_enrolment(phone.id, &started);
        let done = server.send_code(CONFIRM, &token, &new.code(server.now())).ok();
        assert_eq!(done["recovery_codes"].as_array().unwrap().len(), 10);
        let list = apps(&server, done["access_token"].as_str().unwrap());
        assert_eq!((list.len(), &list[0]["name"]), (1, &json!("Tablet")));
        assert_eq!(named(&server, "authenticator_remove", "Tablet (%)"), 1, "{}", server.name());
        assert_eq!(named(&server, "authenticator_remove", "Laptop (%)"), 1, "{}", server.name());
        server.advance(60);
        server
            .verify(&server.pending(phone.id), &phone.code(server.now()))
            .assert_problem(401, "invalid_code");
    }
}

#[test]
fn a_limit_of_one_app_allows_a_replacement_only() {
    for server in TestServer::each_with(&[("MFA_MAX_TOTP_APPS", "1")]) {
        let phone = server.enrol("ada");
        let token = log_in(&server, &phone);
        start(&server, &token, &json!({ "mode": "add" })).assert_problem(409, "too_many_authenticators");
        start(&server, &token, &json!({})).ok();
    }
}

#[test]
fn a_further_app_needs_a_recent_second_factor_and_a_first_one_may_be_added_too() {
    for server in TestServer::each() {
        let bob = server.add_user("bob");
        let token = server.token(bob, TokenKind::OneFactor);
        let started = start(&server, &token, &json!({ "mode": "add", "name": "Phone" }));
        let first = Member::from_enrolment(bob, &started);
        let done = server.send_code(CONFIRM, &token, &first.code(server.now())).ok();
        assert_eq!(done["recovery_codes"].as_array().unwrap().len(), 10, "{}", server.name());
        let access = done["access_token"].as_str().unwrap().to_owned();
        assert_eq!(apps(&server, &access)[0]["name"], "Phone");
        server.get("/api/mfa/status", &token).assert_problem(401, "token_revoked");
        server.advance(700);
        start(&server, &access, &json!({ "mode": "add" })).assert_problem(401, "step_up_required");
        start(&server, &server.pending(bob), &json!({ "mode": "add" }))
            .assert_problem(403, "wrong_token_stage");
    }
}

#[test]
fn codes_of_six_to_eight_digits_are_well_formed() {
    for server in TestServer::each() {
        let ada = server.enrol("ada");
        for code in ["1234567", "12345678"] {
            server.verify(&server.pending(ada.id), code).assert_problem(401, "invalid_code");
        }
        for code in ["12345", "123456789", "1234567a"] {
            server.verify(&server.pending(ada.id), code).assert_problem(422, "invalid_field");
        }
        assert_eq!(server.failures(ada.id), 2, "{}", server.name());
    }
}

#[test]
fn five_wrong_codes_end_an_addition_and_a_removed_app_is_not_confirmed() {
    for server in TestServer::each() {
        let phone = server.enrol("ada");
        let token = log_in(&server, &phone);
        let added = Member::from_enrolment(phone.id, &start(&server, &token, &json!({ "mode": "add" })));
        for _ in 0..5 {
            server
                .send_code(CONFIRM, &token, &added.wrong_code(server.now()))
                .assert_problem(401, "invalid_code");
        }
        server
            .send_code(CONFIRM, &token, &added.code(server.now()))
            .assert_problem(409, "no_enrolment_in_progress");
        assert_eq!(apps(&server, &token).len(), 1, "{}", server.name());
    }
}

#[test]
fn a_rotation_of_keys_and_an_export_cover_every_app() {
    for server in TestServer::each() {
        let phone = server.enrol("ada");
        let tablet = add(&server, &phone, "Tablet");
        let token = log_in(&server, &phone);
        start(&server, &token, &json!({ "mode": "add" })).ok();
        let status = server.admin(&["keys", "status"]).json;
        let needed = &status["keys"][0]["needed_by"];
        assert_eq!(
            (&needed["totp_secret"], &needed["totp_pending_secret"]),
            (&json!(2), &json!(1)),
            "{}: {status}",
            server.name()
        );
        let (_, exported) = server.installation.admin_text(&["export", "otpauth", "-"]);
        let secrets = [&phone, &tablet].map(|it| mfa_totp::base32(&it.secret).expose().to_owned());
        assert!(secrets.iter().all(|it| exported.contains(it.as_str())), "{}", server.name());
        assert_eq!(exported.lines().count(), 2);
    }
}
