//! Tests of passkeys and of the list of authenticators, with a software authenticator.

use mfa_core::UserId;
use mfa_flows::TokenKind;
use mfa_passkey::testing::SoftwareAuthenticator;
use nova_mfa_tests::{Answer, TestServer, claims_of};
use serde_json::{Value, json};

const ORIGIN: &str = "http://localhost:8200";
const REGISTER: &str = "/api/mfa/passkeys/register/start";
const REGISTERED: &str = "/api/mfa/passkeys/register/finish";
const ASK: &str = "/api/mfa/verify/passkey/start";
const VERIFY: &str = "/api/mfa/verify/passkey";
pub(super) const LIST: &str = "/api/mfa/authenticators";

/// Starts a registration and returns the browser's response.
pub(super) fn create(server: &TestServer, token: &str, device: &mut SoftwareAuthenticator) -> Value {
    let options = server.post(REGISTER, token).ok()["options"].to_string();
    serde_json::from_str(&device.register(&options, ORIGIN).unwrap()).unwrap()
}

pub(super) fn finish(server: &TestServer, token: &str, credential: &Value) -> Answer {
    server.client().post(REGISTERED).bearer(token).json(&json!({ "credential": credential })).send()
}

/// Starts a verification and returns the browser's response.
pub(super) fn get(server: &TestServer, token: &str, device: &mut SoftwareAuthenticator) -> Value {
    let options = server.post(ASK, token).ok()["options"].to_string();
    serde_json::from_str(&device.authenticate(&options, ORIGIN).unwrap()).unwrap()
}

pub(super) fn verify(server: &TestServer, token: &str, credential: &Value) -> Answer {
    server.client().post(VERIFY).bearer(token).json(&json!({ "credential": credential })).send()
}

/// Registers a first passkey. Returns the two-factor token and the ID of the authenticator.
pub(super) fn enrol(
    server: &TestServer,
    user: UserId,
    device: &mut SoftwareAuthenticator,
) -> (String, String) {
    let token = server.token(user, TokenKind::OneFactor);
    let credential = create(server, &token, device);
    let answer = finish(server, &token, &credential).ok();
    (answer["access_token"].as_str().unwrap().to_owned(), answer["id"].as_str().unwrap().to_owned())
}

#[test]
fn a_first_passkey_protects_the_account_and_logs_in() {
    for server in TestServer::each() {
        let user = server.add_user("ada");
        let mut device = SoftwareAuthenticator::new(1);
        let token = server.token(user, TokenKind::OneFactor);
        let started = server.post(REGISTER, &token).ok();
        assert_eq!(started["expires_at"], "2027-01-15T08:05:00Z", "{}", server.name());
        let options = &started["options"];
        assert_eq!(
            (&options["rp"]["id"], &options["user"]["name"]),
            (&json!("localhost"), &json!("ada@example.com"))
        );
        let credential = create(&server, &token, &mut device);
        let done = finish(&server, &token, &credential).ok();
        assert_eq!(
            (&done["kind"], &done["name"], &done["phishing_resistant"], &done["rp_id"]),
            (&json!("passkey"), &json!("Passkey 1"), &json!(true), &json!("localhost"))
        );
        assert_eq!(done["recovery_codes"].as_array().unwrap().len(), 10);
        assert_eq!(done["mfa_ok"], true);
        let named = format!(
            "SELECT count(*) FROM mfa_events WHERE event = 'passkey_register' AND reason = 'Passkey 1 ({})'",
            done["id"].as_str().unwrap()
        );
        assert_eq!(server.installation.number(&named), 1, "{}", server.name());

        let status = server.get("/api/mfa/status", done["access_token"].as_str().unwrap()).ok();
        assert_eq!((&status["totp_enabled"], &status["phishing_resistant"]), (&json!(false), &json!(true)));
        assert_eq!(status["authenticators"], json!({ "passkey": 1, "totp": 0, "sms": 0 }));
        // NOVA's own check and a server of the previous version see a second factor.
        let sql = "SELECT count(*) FROM users WHERE is_totp_enabled AND totp_secret LIKE 'v1.%'";
        assert_eq!(server.installation.number(sql), 1);

        let pending = server.pending(user);
        let methods = server.get("/api/mfa/methods", &pending).ok();
        assert_eq!(methods["methods"][0]["method"], "passkey");
        assert_eq!(methods["methods"][0]["available"], true);
        let assertion = get(&server, &pending, &mut device);
        let granted = verify(&server, &pending, &assertion).ok();
        assert_eq!((&granted["method"], &granted["recovery_codes_left"]), (&json!("passkey"), &json!(10)));
        let claims = claims_of(granted["access_token"].as_str().unwrap());
        assert_eq!(claims["amr"], json!(["pwd", "pop", "user", "mfa"]));
        assert_eq!((&claims["acr"], &claims["phr"]), (&json!("aal2"), &json!(true)));

        let list = server.get(LIST, granted["access_token"].as_str().unwrap()).ok();
        let listed = &list["authenticators"][0];
        assert_eq!(
            (&listed["last_used_at"], &listed["clone_suspected"]),
            (&json!("2027-01-15T08:00:00Z"), &json!(false))
        );
        verify(&server, &pending, &assertion).assert_problem(401, "token_spent");
        // The placeholder accepts no code and is not listed as an app.
        server.verify(&server.pending(user), "123456").assert_problem(409, "not_enrolled");
        assert_eq!(list["authenticators"].as_array().unwrap().len(), 1);
    }
}

#[test]
fn an_assertion_steps_up_once() {
    for server in TestServer::each() {
        let user = server.add_user("ada");
        let mut device = SoftwareAuthenticator::synced(1);
        let (token, _) = enrol(&server, user, &mut device);
        server.advance(700);
        let other = create_refused(&server, &token);
        other.assert_problem(401, "step_up_required");
        let assertion = get(&server, &token, &mut device);
        verify(&server, &token, &assertion).ok();
        verify(&server, &token, &assertion).assert_problem(401, "invalid_code");
        assert_eq!(server.failures(user), 0, "{}: an assertion cannot be guessed", server.name());
    }
}

fn create_refused(server: &TestServer, token: &str) -> Answer {
    server.post(REGISTER, token)
}

#[test]
fn what_does_not_verify_is_one_answer_and_counts_no_failure() {
    for server in TestServer::each() {
        let (ada, bob) = (server.add_user("ada"), server.add_user("bob"));
        let mut device = SoftwareAuthenticator::new(1);
        enrol(&server, ada, &mut device);
        let mut of_bob = SoftwareAuthenticator::new(2);
        enrol(&server, bob, &mut of_bob);

        let mut changed = device.clone();
        changed.bad_signature = true;
        let mut elsewhere = device.clone();
        elsewhere.rp_id = Some("evil.example".into());
        let mut other_user = device.clone();
        other_user.user_handle = Some(vec![7; 64]);
        let mut framed = device.clone();
        framed.cross_origin = true;
        let mut absent = device.clone();
        absent.user_present = false;
        for bad in [&mut changed, &mut elsewhere, &mut other_user, &mut framed, &mut absent] {
            let token = server.pending(ada);
            let assertion = get(&server, &token, bad);
            verify(&server, &token, &assertion).assert_problem(401, "invalid_code");
        }
        let token = server.pending(ada);
        let options = server.post(ASK, &token).ok()["options"].to_string();
        for origin in ["http://localhost.evil.example", "https://mfa.example.com", "http://127.0.0.1:8200"] {
            let response = device.clone().authenticate(&options, origin).unwrap();
            let assertion = serde_json::from_str(&response).unwrap();
            verify(&server, &token, &assertion).assert_problem(401, "invalid_code");
        }
        // The key of another user, and the challenge of another token.
        let mut assertion = get(&server, &token, &mut device.clone());
        assertion["id"] = json!("AAAA");
        assertion["rawId"] = json!("AAAA");
        verify(&server, &token, &assertion).assert_problem(401, "invalid_code");
        let foreign = get(&server, &server.pending(ada), &mut device.clone());
        verify(&server, &token, &foreign).assert_problem(409, "no_challenge");
        let late = get(&server, &token, &mut device.clone());
        server.advance(301);
        let token = server.pending(ada);
        verify(&server, &token, &late).assert_problem(409, "no_challenge");
        for malformed in [json!({}), json!("x"), json!(7), json!(null), json!({ "id": "x" })] {
            let refused = verify(&server, &token, &malformed);
            refused.assert_problem(422, "invalid_field");
            assert_eq!(refused.json()["errors"][0]["field"], "credential");
        }
        assert_eq!(server.failures(ada), 0, "{}", server.name());
        let failures =
            "SELECT count(*) FROM mfa_events WHERE event = 'passkey_verify' AND outcome = 'failure'";
        assert_eq!(server.installation.number(failures), 9, "{}", server.name());
    }
}

#[test]
fn a_counter_that_goes_back_marks_the_key_and_is_refused() {
    for server in TestServer::each() {
        let user = server.add_user("ada");
        let mut device = SoftwareAuthenticator::new(1);
        let (token, _) = enrol(&server, user, &mut device);
        let mut clone = device.clone();
        for _ in 0..2 {
            let pending = server.pending(user);
            let assertion = get(&server, &pending, &mut device);
            verify(&server, &pending, &assertion).ok();
        }
        let pending = server.pending(user);
        let assertion = get(&server, &pending, &mut clone);
        verify(&server, &pending, &assertion).assert_problem(401, "invalid_code");
        assert_eq!(server.get(LIST, &token).ok()["authenticators"][0]["clone_suspected"], true);
        let events = "SELECT count(*) FROM mfa_events WHERE event = 'passkey_clone_suspected'";
        assert_eq!(server.installation.number(events), 1, "{}", server.name());
        let assertion = get(&server, &pending, &mut device);
        verify(&server, &pending, &assertion).ok();
    }
}

#[test]
fn a_changed_backup_flag_is_accepted_and_recorded_unless_the_setting_is_strict() {
    for (strict, expected) in [("false", 200), ("true", 401)] {
        for server in TestServer::each_with(&[("MFA_PASSKEY_STRICT_BACKUP_FLAG", strict)]) {
            let user = server.add_user("ada");
            let mut device = SoftwareAuthenticator::new(1);
            enrol(&server, user, &mut device);
            (device.backup_eligible, device.backed_up) = (true, true);
            device.user_verified = false;
            let pending = server.pending(user);
            let assertion = get(&server, &pending, &mut device);
            assert_eq!(verify(&server, &pending, &assertion).status, expected, "{}", server.name());
            let events = "SELECT count(*) FROM mfa_events WHERE event = 'passkey_backup_changed'";
            assert_eq!(server.installation.number(events), i64::from(expected == 200));
        }
    }
}

#[test]
fn a_passkey_is_registered_once_and_named() {
    for server in TestServer::each_with(&[("MFA_MAX_PASSKEYS", "2")]) {
        let user = server.add_user("ada");
        let mut device = SoftwareAuthenticator::new(1);
        let (token, id) = enrol(&server, user, &mut device);
        // The browser refuses an excluded credential itself.
        let options = server.post(REGISTER, &token).ok()["options"].clone();
        assert!(device.register(&options.to_string(), ORIGIN).is_err());
        let mut forgetful = options;
        forgetful["excludeCredentials"] = json!([]);
        let mut twin = SoftwareAuthenticator::new(1);
        let again = serde_json::from_str(&twin.register(&forgetful.to_string(), ORIGIN).unwrap()).unwrap();
        finish(&server, &token, &again).assert_problem(409, "already_registered");

        let credential = create(&server, &token, &mut SoftwareAuthenticator::new(2));
        let body = json!({ "credential": credential, "name": " Passkey 1 " });
        let refused = server.client().post(REGISTERED).bearer(&token).json(&body).send();
        refused.assert_problem(422, "invalid_field");
        let body = json!({ "credential": credential, "name": "Clé bleue 🔑" });
        let further = server.client().post(REGISTERED).bearer(&token).json(&body).send().ok();
        assert_eq!(further["name"], "Clé bleue 🔑");
        assert!(further.get("access_token").is_none() && further.get("recovery_codes").is_none());
        server.post(REGISTER, &token).assert_problem(409, "too_many_authenticators");

        let path = format!("{LIST}/{id}");
        let rename = |name: Value| {
            server.client().request("PATCH", &path).bearer(&token).json(&json!({ "name": name })).send()
        };
        assert_eq!(rename(json!(" Phone ")).ok()["name"], "Phone");
        for bad in
            [json!("Clé bleue 🔑"), json!(""), json!(" "), json!("a\nb"), json!("x".repeat(65)), json!(7)]
        {
            rename(bad).assert_problem(422, "invalid_field");
        }
        let nobody = server.client().request("PATCH", &format!("{LIST}/none")).bearer(&token);
        nobody.json(&json!({ "name": "x" })).send().assert_problem(404, "not_found");
        server.client().request("PUT", &path).bearer(&token).send().assert_problem(405, "method_not_allowed");
    }
}

#[test]
fn a_passkey_is_removed_by_step_up_and_the_codes_with_the_last_factor() {
    for server in TestServer::each() {
        let user = server.add_user("ada");
        let mut device = SoftwareAuthenticator::new(1);
        let (token, id) = enrol(&server, user, &mut device);
        let other = server.token(user, TokenKind::TwoFactors);
        let delete =
            |token: &str| server.client().request("DELETE", &format!("{LIST}/{id}")).bearer(token).send();
        let enforce = |word: &str| {
            let user = user.to_string();
            assert_eq!(server.admin(&["user", "enforce", word, "--user-id", &user]).code, Some(0));
        };
        enforce("on");
        delete(&token).assert_problem(409, "factor_required");
        enforce("off");
        server.advance(700);
        delete(&token).assert_problem(401, "step_up_required");
        let assertion = get(&server, &token, &mut device);
        let fresh = verify(&server, &token, &assertion).field("access_token");
        assert_eq!(delete(&fresh).ok(), json!({ "removed": true }));
        server.get("/api/mfa/status", &other).assert_problem(401, "token_revoked");
        let status = server.get("/api/mfa/status", &fresh).ok();
        assert_eq!(
            (&status["recovery_codes_left"], &status["phishing_resistant"]),
            (&json!(0), &json!(false))
        );
        let empty = "SELECT count(*) FROM users WHERE NOT is_totp_enabled AND totp_secret IS NULL";
        assert_eq!(server.installation.number(empty), 1, "{}", server.name());
        delete(&fresh).assert_problem(404, "not_found");
    }
}

#[test]
fn an_app_beside_a_passkey_works_and_its_removal_leaves_the_passkey() {
    for server in TestServer::each() {
        let member = server.enrol("ada");
        let mut device = SoftwareAuthenticator::new(1);
        let token = server.token(member.id, TokenKind::TwoFactors);
        let credential = create(&server, &token, &mut device);
        finish(&server, &token, &credential).ok();
        let list = server.get(LIST, &token).ok();
        let kinds: Vec<_> =
            list["authenticators"].as_array().unwrap().iter().map(|it| it["kind"].clone()).collect();
        assert_eq!(kinds, ["passkey", "totp"]);
        server.advance(60);
        server.verify(&server.pending(member.id), &member.code(server.now())).ok();
        let removed = server.client().request("DELETE", &format!("{LIST}/totp")).bearer(&token).send();
        removed.ok();
        server.verify(&server.pending(member.id), "123456").assert_problem(409, "not_enrolled");
        let pending = server.pending(member.id);
        let assertion = get(&server, &pending, &mut device);
        verify(&server, &pending, &assertion).ok();
    }
}

#[test]
fn a_passkey_gets_in_during_a_lock_of_the_policy_and_of_no_operator() {
    for server in TestServer::each() {
        let member = server.enrol("ada");
        let mut device = SoftwareAuthenticator::new(1);
        let token = server.token(member.id, TokenKind::TwoFactors);
        let credential = create(&server, &token, &mut device);
        finish(&server, &token, &credential).ok();
        server.advance(60);
        server.fail(&member, 10);
        let pending = server.pending(member.id);
        server.verify(&pending, &member.code(server.now())).assert_problem(403, "account_locked");
        assert_eq!(server.get("/api/mfa/methods", &pending).ok()["methods"][0]["available"], true);
        let assertion = get(&server, &pending, &mut device);
        verify(&server, &pending, &assertion).ok();
        assert_eq!(server.failures(member.id), 10, "{}: no fresh tries for a guesser", server.name());
        let pending = server.pending(member.id);
        server.verify(&pending, &member.code(server.now())).assert_problem(403, "account_locked");

        for lock in ["9999-12-31", "2027-01-15 09:00:00"] {
            let sql = if server.name() == "PostgreSQL" {
                format!("UPDATE users SET mfa_failed_attempts = 11, mfa_lock_until = '{lock}+00'")
            } else {
                format!("UPDATE users SET mfa_failed_attempts = 11, mfa_lock_until = '{lock}'")
            };
            server.installation.sql(&sql);
            server.post(ASK, &server.pending(member.id)).assert_problem(403, "account_locked");
        }
    }
}

#[test]
fn who_disables_mfa_by_sql_removes_the_passkeys() {
    for server in TestServer::each() {
        let user = server.add_user("ada");
        enrol(&server, user, &mut SoftwareAuthenticator::new(1));
        server.installation.sql("UPDATE users SET is_totp_enabled = FALSE, mfa_enforced = FALSE");
        let token = server.token(user, TokenKind::OneFactor);
        assert_eq!(server.get(LIST, &token).ok(), json!({ "authenticators": [] }));
        let cleared = "SELECT count(*) FROM users WHERE mfa_authenticators = '[]'";
        assert_eq!(server.installation.number(cleared), 1, "{}", server.name());
        enrol(&server, user, &mut SoftwareAuthenticator::new(2));
    }
}

#[test]
fn related_origins_are_listed_if_there_are_any() {
    let server = TestServer::postgres_with(&[("MFA_RELATED_ORIGINS", "https://login.example.org")]);
    let listed = server.client().get("/.well-known/webauthn").send().ok();
    assert_eq!(listed, json!({ "origins": ["https://login.example.org"] }));
    let server = TestServer::postgres_with(&[]);
    server.client().get("/.well-known/webauthn").send().assert_problem(404, "not_found");
}
