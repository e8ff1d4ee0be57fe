//! Tests of the policy that accepts only phishing-resistant factors, by user and by setting.

use mfa_core::UserId;
use mfa_flows::TokenKind;
use mfa_passkey::testing::SoftwareAuthenticator;
use nova_mfa_tests::{Forger, TestServer, claims_of};
use serde_json::{Value, json};

use super::passkeys::{LIST, create, enrol, finish, get, verify};

const KEY: &str = "an0therL0ngIntrospectionKey+/=";
const REQUIRED: &str = "phishing_resistant_required";
const SETTING: &str = "MFA_REQUIRE_PHISHING_RESISTANT";

/// Requires a passkey of a user by the command line.
fn require(server: &TestServer, user: UserId, state: &str) -> Value {
    let user = user.to_string();
    let words = ["user", "enforce", "off", "--phishing-resistant", state, "--user-id", &user];
    let answer = server.admin(&words);
    assert_eq!(answer.code, Some(0), "{answer:?}");
    answer.json
}

/// Verifies a TOTP code with a new pending token and returns the enrolment token.
fn enrolment_token(server: &TestServer, member: &nova_mfa_tests::Member) -> String {
    server.advance(60);
    server.verify(&server.pending(member.id), &member.code(server.now())).field("enrolment_token")
}

fn passkey_token(server: &TestServer, user: UserId, device: &mut SoftwareAuthenticator) -> String {
    let pending = server.pending(user);
    let assertion = get(server, &pending, device);
    verify(server, &pending, &assertion).field("access_token")
}

#[test]
fn a_covered_user_with_a_passkey_verifies_nothing_else() {
    for server in TestServer::each() {
        let (member, codes) = server.enrol_with_codes("ada");
        let mut device = SoftwareAuthenticator::new(1);
        let credential = create(&server, &member.access, &mut device);
        finish(&server, &member.access, &credential).ok();
        require(&server, member.id, "on");
        server.advance(60);
        let pending = server.pending(member.id);
        for token in [&pending, &server.token(member.id, TokenKind::TwoFactors)] {
            server.verify(token, &member.code(server.now())).assert_problem(403, REQUIRED);
            server.verify(token, &member.wrong_code(server.now())).assert_problem(403, REQUIRED);
            server.verify_recovery_code(token, &codes[0]).assert_problem(403, REQUIRED);
            server.send_code("/api/mfa/verify/sms", token, "123456").assert_problem(403, REQUIRED);
            server.post("/api/mfa/sms/send", token).assert_problem(403, REQUIRED);
        }
        assert_eq!(server.failures(member.id), 0, "{}: nothing is counted", server.name());
        let methods = server.get("/api/mfa/methods", &pending).ok();
        let methods: Vec<_> = methods["methods"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| json!([it["method"], it["available"], it["reason"]]))
            .collect();
        let expected = [
            json!(["passkey", true, null]),
            json!(["totp", false, REQUIRED]),
            json!(["sms", false, "not_enrolled"]),
            json!(["recovery", false, REQUIRED]),
        ];
        assert_eq!(methods, expected);

        // Nothing was spent: the pending token and the codes work.
        let assertion = get(&server, &pending, &mut device);
        verify(&server, &pending, &assertion).ok();
        assert_eq!(require(&server, member.id, "off")[REQUIRED], false);
        server.verify(&server.pending(member.id), &member.code(server.now())).ok();
        server.verify_recovery_code(&server.pending(member.id), &codes[0]).ok();
    }
}

#[test]
fn a_covered_user_without_a_passkey_gets_a_token_that_registers_one() {
    for server in TestServer::each_with(&[("INTROSPECTION_KEY", KEY)]) {
        let (member, _) = server.enrol_with_codes("ada");
        require(&server, member.id, "on");
        server.advance(60);
        let pending = server.pending(member.id);
        server.verify(&pending, &member.wrong_code(server.now())).assert_problem(401, "invalid_code");
        assert_eq!(server.failures(member.id), 1, "counted as always");
        let granted = server.verify(&pending, &member.code(server.now())).ok();
        let token = granted["enrolment_token"].as_str().unwrap().to_owned();
        let expected = json!({
            "enrolment_token": token, "token_type": "bearer", "expires_in": 900, "mfa_ok": false, "method": "totp",
        });
        assert_eq!(granted, expected);
        assert_eq!(server.failures(member.id), 0);
        server.verify(&pending, &member.code_at(server.now(), 1)).assert_problem(401, "token_spent");

        let claims = claims_of(&token);
        assert_eq!((&claims["mfa_pending"], &claims["enrolment_only"]), (&json!(true), &json!(true)));
        assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 900);
        let introspect = |token: &str| {
            let body = json!({ "token": token });
            server.client().post("/api/mfa/token/introspect").bearer(KEY).json(&body).send().ok()
        };
        let active = introspect(&token);
        assert_eq!(
            (&active["active"], &active["mfa_pending"], &active["enrolment_only"], active.get("mfa_ok")),
            (&json!(true), &json!(true), &json!(true), None)
        );

        let methods = server.get("/api/mfa/methods", &token).ok();
        let methods = methods["methods"].as_array().unwrap();
        assert!(methods.iter().all(|it| it["available"] == false), "it verifies nothing: {methods:?}");
        for path in ["/api/mfa/totp/enroll/start", "/api/mfa/phone/set"] {
            let call = server.client().post(path).bearer(&token);
            let call = if path.ends_with("set") {
                call.json(&json!({ "phone": "06 12 34 56 12", "country": "FR" }))
            } else {
                call
            };
            call.send().assert_problem(403, REQUIRED);
        }
        server.send_code("/api/mfa/totp/enroll/verify", &token, "123456").assert_problem(403, REQUIRED);
        server.send_code("/api/mfa/phone/verify", &token, "123456").assert_problem(403, REQUIRED);
        let status = server.get("/api/mfa/status", &token).ok();
        assert_eq!((&status[REQUIRED], &status["phishing_resistant"]), (&json!(true), &json!(false)));

        let other = server.token(member.id, TokenKind::TwoFactors);
        server.advance(890);
        let mut device = SoftwareAuthenticator::new(1);
        let credential = create(&server, &token, &mut device);
        let done = finish(&server, &token, &credential).ok();
        assert_eq!(done.get("recovery_codes"), None, "ten are left");
        let access = done["access_token"].as_str().unwrap();
        let claims = claims_of(access);
        assert_eq!((&claims["mfa_ok"], &claims["phr"]), (&json!(true), &json!(true)));
        server.get("/api/mfa/status", &other).assert_problem(401, "token_revoked");
        finish(&server, &token, &credential).assert_problem(401, "token_spent");
        server.post("/api/mfa/passkeys/register/start", &token).assert_problem(401, "token_spent");
        assert_eq!(introspect(&token), json!({ "active": false }));
        assert_eq!(server.get("/api/mfa/status", access).ok()["recovery_codes_left"], 10);
        server.verify(&server.pending(member.id), &member.code(server.now())).assert_problem(403, REQUIRED);
        passkey_token(&server, member.id, &mut device);
    }
}

#[test]
fn a_recovery_code_and_a_step_up_yield_an_enrolment_token_too() {
    for server in TestServer::each() {
        let (member, codes) = server.enrol_with_codes("ada");
        require(&server, member.id, "on");
        let by_code = server.verify_recovery_code(&server.pending(member.id), &codes[0]).ok();
        assert_eq!((&by_code["method"], by_code.get("access_token")), (&json!("recovery"), None));
        server
            .verify_recovery_code(&server.pending(member.id), &codes[0])
            .assert_problem(401, "invalid_code");

        // A session from before the policy goes on, and is no step-up.
        server.get("/api/mfa/events", &member.access).ok();
        for path in ["/api/mfa/recovery/regenerate", "/api/mfa/passkeys/register/start"] {
            server.post(path, &member.access).assert_problem(401, "step_up_required");
        }
        server.advance(60);
        let stepped_up = server.verify(&member.access, &member.code(server.now())).ok();
        assert!(stepped_up.get("enrolment_token").is_some() && stepped_up.get("access_token").is_none());

        // Without unused codes, the registration makes new ones.
        server.installation.sql("UPDATE users SET recovery_codes = NULL");
        let token = stepped_up["enrolment_token"].as_str().unwrap();
        let mut device = SoftwareAuthenticator::new(1);
        let credential = create(&server, token, &mut device);
        let done = finish(&server, token, &credential).ok();
        assert_eq!(done["recovery_codes"].as_array().unwrap().len(), 10, "{}", server.name());
        assert_eq!(claims_of(done["access_token"].as_str().unwrap())["phr"], true);
    }
}

#[test]
fn the_setting_covers_users_without_any_factor() {
    for server in TestServer::each_with(&[(SETTING, "all")]) {
        let user = server.add_user_with_password("ada", "ada has a long password");
        let login = server.login("ada", "ada has a long password").send().ok();
        assert_eq!(
            (&login["mfa_required"], &login["enrolment_required"]),
            (&json!(true), &json!(true)),
            "{login}"
        );
        let token = login["mfa_token"].as_str().unwrap();
        server.post("/api/mfa/totp/enroll/start", token).assert_problem(403, REQUIRED);
        server.send_code("/api/mfa/totp/enroll/verify", token, "123456").assert_problem(403, REQUIRED);
        let mut device = SoftwareAuthenticator::new(1);
        let credential = create(&server, token, &mut device);
        let done = finish(&server, token, &credential).ok();
        assert_eq!(done["recovery_codes"].as_array().unwrap().len(), 10);
        let access = done["access_token"].as_str().unwrap();
        server.post("/api/mfa/totp/enroll/start", access).assert_problem(403, REQUIRED);
        let backup = server.client().post("/api/mfa/backup/set").bearer(access);
        backup.json(&json!({ "method": "sms" })).send().assert_problem(403, REQUIRED);
        server.send_code("/api/mfa/totp/disable", access, "123456").assert_problem(403, REQUIRED);

        let delete = |id: &str, token: &str| {
            server.client().request("DELETE", &format!("{LIST}/{id}")).bearer(token).send()
        };
        let id = done["id"].as_str().unwrap();
        delete(id, access).assert_problem(409, "factor_required");
        let second = create(&server, access, &mut SoftwareAuthenticator::new(2));
        finish(&server, access, &second).ok();
        delete(id, access).ok();
        let (user, left) = (user.to_string(), server.get(LIST, access).ok());
        let left = left["authenticators"][0]["id"].as_str().unwrap();
        delete(left, access).assert_problem(409, "factor_required");
        let removed = server.admin(&["authenticator", "remove", "--user-id", &user, "--", left]);
        assert_eq!(removed.code, Some(0), "{removed:?}");
    }
}

#[test]
fn administrative_calls_of_a_covered_administrator_need_a_passkey() {
    for server in TestServer::each_with(&[(SETTING, "administrators")]) {
        let root = server.add_user("root");
        server.installation.sql("UPDATE users SET is_superuser = TRUE");
        let mut device = SoftwareAuthenticator::new(1);
        let (token, _) = enrol(&server, root, &mut device);
        let ada = server.enrol("ada").id;
        let unlock = format!("/api/mfa/admin/users/{ada}/unlock");
        let weak = server.token(root, TokenKind::TwoFactors);
        server.get("/api/mfa/admin/users", &weak).assert_problem(403, REQUIRED);
        server.post(&unlock, &weak).assert_problem(403, REQUIRED);
        server.get("/api/mfa/admin/users", &token).ok();
        server.post(&unlock, &token).ok();
        server.get("/api/mfa/status", &weak).ok();
        assert_eq!(
            server.get("/api/mfa/status", &server.token(ada, TokenKind::TwoFactors)).ok()[REQUIRED],
            false
        );
        // Another user's login is as before.
        let denied = server.get("/api/mfa/admin/users", &server.token(ada, TokenKind::TwoFactors));
        denied.assert_problem(403, "not_allowed");
    }
}

#[test]
fn an_administrator_requires_a_passkey_of_a_user() {
    for server in TestServer::each() {
        let root = server.add_user("root");
        server.installation.sql("UPDATE users SET is_superuser = TRUE");
        let root = server.enrol_user(root);
        let ada = server.enrol("ada").id;
        let enforce = |body: &Value| {
            let path = format!("/api/mfa/admin/users/{ada}/enforce");
            server.client().post(&path).bearer(&root.access).json(body).send()
        };
        let show = || server.get(&format!("/api/mfa/admin/users/{ada}"), &root.access).ok()[REQUIRED].clone();
        let state = |enforced, required| json!({ "user_id": ada.value(), "mfa_enforced": enforced, REQUIRED: required });
        let on = json!({ "enforced": true, "phishing_resistant": true, "reason": "finance" });
        assert_eq!(enforce(&on).ok(), state(true, true));
        let event = "SELECT count(*) FROM mfa_events WHERE event = 'admin_enforce' AND reason = \
                     'mfa_enforced=true phishing_resistant=true: finance'";
        assert_eq!(server.installation.number(event), 1, "{}", server.name());
        assert_eq!(show(), true);
        assert_eq!(
            enforce(&json!({ "enforced": false, "reason": "x" })).ok(),
            state(false, true),
            "absent: unchanged"
        );
        let reset = format!("/api/mfa/admin/users/{ada}/reset");
        server.client().post(&reset).bearer(&root.access).json(&json!({ "reason": "x" })).send().ok();
        assert_eq!(show(), true, "a reset keeps it");
        let off = json!({ "enforced": false, "phishing_resistant": false, "reason": "x" });
        assert_eq!(enforce(&off).ok(), state(false, false));
        assert_eq!(show(), false);
        for bad in [json!(null), json!("yes"), json!(1)] {
            enforce(&json!({ "enforced": true, "phishing_resistant": bad, "reason": "x" }))
                .assert_problem(422, "invalid_field");
        }
    }
}

#[test]
fn an_enrolment_token_cannot_be_forged_from_a_pending_one_or_live_longer() {
    for server in TestServer::each() {
        let member = server.enrol("ada");
        require(&server, member.id, "on");
        let token = enrolment_token(&server, &member);
        let start = |token: &str| server.post("/api/mfa/passkeys/register/start", token);
        let like = || Forger::like(&token);
        for (what, forged) in [
            ("another key", like().sign_with(b"9f86d081884c7d659a2feaa0c55ad015")),
            (
                "an access token",
                like().without("mfa_pending").claim("mfa_ok", true).claim("acr", "aal2").sign(),
            ),
            ("a text", like().claim("enrolment_only", "true").sign()),
            ("a plain type", like().header("typ", "JWT").without_header("kid").sign()),
            ("too long a life", like().claim("exp", server.now().seconds() + 902).sign()),
        ] {
            assert_eq!(start(&forged).outcome(), "token_invalid", "{}: {what}", server.name());
        }
        let pending = like().without("enrolment_only").claim("exp", server.now().seconds() + 300).sign();
        start(&pending).assert_problem(403, "wrong_token_stage");
        start(&token).ok();
        server.advance(906);
        start(&token).assert_problem(401, "token_expired");
    }
}
