//! Tests of temporary access passes: issued, used once, and what the enrolment by one replaces.

use mfa_flows::TokenKind;
use mfa_passkey::testing::SoftwareAuthenticator;
use nova_mfa_tests::{Answer, Forger, Member, TestServer, claims_of};
use serde_json::{Value, json};

use super::passkeys::{create, finish};
use super::roles::{administrator, fresh, helpdesk, path_for, send};

const PASS: &str = "/api/mfa/verify/access-pass";

/// Issues a pass with a new token of this member.
fn issue(server: &TestServer, by: &Member, to: &Member) -> String {
    let answer = send(
        server,
        &fresh(server, by),
        &path_for(to.id, "/access-pass"),
        &json!({ "reason": "lost phone" }),
    );
    answer.field("access_pass")
}

fn redeem(server: &TestServer, member: &Member, pass: &str) -> Answer {
    server.send_code(PASS, &server.pending(member.id), pass)
}

fn start(server: &TestServer, token: &str) -> Answer {
    server.post("/api/mfa/totp/enroll/start", token)
}

/// Enrols an app with the token of a pass.
fn enrol(server: &TestServer, member: &Member, token: &str) -> (Member, Value) {
    let mut new = Member::from_enrolment(member.id, &start(server, token));
    let confirmed = server.send_code("/api/mfa/totp/enroll/verify", token, &new.code(server.now()));
    new.access = confirmed.field("access_token");
    (new, confirmed.json())
}

#[test]
fn a_locked_user_who_lost_the_phone_is_back_in_with_a_new_app() {
    for server in TestServer::each() {
        let help = helpdesk(&server, "help");
        let (ada, codes) = server.enrol_with_codes("ada");
        let session = fresh(&server, &ada);
        server.fail(&ada, 10);
        let token = fresh(&server, &help);
        send(&server, &token, &path_for(ada.id, "/unlock"), &json!({})).ok();
        let answer =
            send(&server, &token, &path_for(ada.id, "/access-pass"), &json!({ "reason": "ticket 7" }));
        let issued = answer.ok();
        let pass = issued["access_pass"].as_str().unwrap().to_owned();
        assert_eq!(pass.len(), 19, "four groups of four");
        assert_eq!(
            issued["expires_at"],
            server.now().plus(std::time::Duration::from_hours(1)).to_rfc3339().unwrap()
        );

        server.advance(1);
        let pending = server.pending(ada.id);
        let methods = server.get("/api/mfa/methods", &pending).ok().to_string();
        assert!(!methods.contains("pass\"") && !methods.contains("access"), "{methods}");
        let granted = server.send_code(PASS, &pending, &pass.to_uppercase().replace('-', " ")).ok();
        let enrolment = granted["enrolment_token"].as_str().unwrap().to_owned();
        let expected = json!({
            "enrolment_token": enrolment, "token_type": "bearer", "expires_in": 900, "mfa_ok": false,
        });
        assert_eq!(granted, expected);
        let claims = claims_of(&enrolment);
        assert_eq!((&claims["mfa_pending"], &claims["enrolment_only"]), (&json!(true), &json!(true)));
        server.send_code(PASS, &pending, &pass).assert_problem(401, "token_spent");
        // Nothing is replaced before the new factor is confirmed.
        server.verify(&server.pending(ada.id), &ada.code(server.now())).ok();

        let (new, confirmed) = enrol(&server, &ada, &enrolment);
        assert_eq!(confirmed["recovery_codes"].as_array().unwrap().len(), 10);
        server.get("/api/mfa/status", &session).assert_problem(401, "token_revoked");
        server.get("/api/mfa/status", &enrolment).assert_problem(401, "token_spent");
        let status = server.get("/api/mfa/status", &new.access).ok();
        assert_eq!((&status["recovery_codes_left"], &status["failed_attempts"]), (&json!(10), &json!(0)));
        server.advance(60);
        server.verify(&server.pending(ada.id), &ada.code(server.now())).assert_problem(401, "invalid_code");
        server.verify_recovery_code(&server.pending(ada.id), &codes[0]).assert_problem(401, "invalid_code");
        server.verify(&server.pending(ada.id), &new.code(server.now())).ok();

        let events =
            server.get(&format!("/api/mfa/admin/events?user_id={}&limit=50", ada.id), &fresh(&server, &help));
        let events = events.ok();
        let found = |event: &str| {
            let list = events["events"].as_array().unwrap();
            list.iter().find(|it| it["event"] == event).unwrap_or_else(|| panic!("{event}: {events}")).clone()
        };
        let issued = found("admin_access_pass");
        assert_eq!(
            (&issued["reason"], &issued["actor"]),
            (&json!("ticket 7"), &json!(format!("user:{} (help)", help.id)))
        );
        let used = found("access_pass_use");
        assert_eq!((&used["outcome"], &used["method"]), (&json!("success"), &Value::Null));
        assert_eq!(found("authenticator_remove")["method"], "totp");
        let text = server.installation.log();
        assert!(!text.contains(&pass), "no pass in the log");
    }
}

#[test]
fn a_pass_is_used_once_expires_and_is_replaced_by_a_newer_one() {
    for server in TestServer::each() {
        let (root, ada) = (administrator(&server, "root"), server.enrol("ada"));
        let first = issue(&server, &root, &ada);
        let second = issue(&server, &root, &ada);
        redeem(&server, &ada, &first).assert_problem(401, "invalid_code");
        redeem(&server, &ada, &second).ok();
        redeem(&server, &ada, &second).assert_problem(401, "invalid_code");

        // A newer pass ends the enrolment that an earlier one began.
        let token = redeem(&server, &ada, &issue(&server, &root, &ada)).field("enrolment_token");
        start(&server, &token).ok();
        issue(&server, &root, &ada);
        start(&server, &token).assert_problem(401, "token_revoked");

        let path = path_for(ada.id, "/access-pass");
        let with = |minutes: Value| {
            let body = json!({ "reason": "x", "lifetime_minutes": minutes });
            send(&server, &fresh(&server, &root), &path, &body)
        };
        for bad in [json!(4), json!(481), json!("60"), json!(null), json!(7.5), json!(-60), json!(true)] {
            with(bad).assert_problem(422, "invalid_field");
        }
        let pass = with(json!(5)).field("access_pass");
        server.advance(300);
        redeem(&server, &ada, &pass).assert_problem(401, "invalid_code");
        let pass = with(json!(480)).field("access_pass");
        server.advance(479 * 60);
        redeem(&server, &ada, &pass).ok();
    }
}

#[test]
fn a_wrong_pass_counts_like_a_wrong_code_and_a_lock_applies() {
    for server in TestServer::each() {
        let (root, ada) = (administrator(&server, "root"), server.enrol("ada"));
        // Without any pass, the response is the same.
        redeem(&server, &ada, "0000-0000-0000-0000").assert_problem(401, "invalid_code");
        assert_eq!(server.failures(ada.id), 1);
        let pass = issue(&server, &root, &ada);
        for _ in 0..9 {
            redeem(&server, &ada, "0000-0000-0000-0000").assert_problem(401, "invalid_code");
        }
        server.advance(1);
        redeem(&server, &ada, &pass).assert_problem(403, "account_locked");
        let locked = "SELECT count(*) FROM mfa_events WHERE event = 'account_locked'";
        assert_eq!(server.installation.number(locked), 1, "{}", server.name());
        send(&server, &fresh(&server, &root), &path_for(ada.id, "/unlock"), &json!({})).ok();
        server.advance(1);
        redeem(&server, &ada, &pass).ok();
        for bad in ["", &"x".repeat(65)] {
            redeem(&server, &ada, bad).assert_problem(422, "invalid_field");
        }
        assert_eq!(server.failures(ada.id), 0, "{}", server.name());
    }
}

#[test]
fn a_pass_needs_a_pending_token_and_fits_its_user_only() {
    for server in TestServer::each() {
        let root = administrator(&server, "root");
        let (ada, bob) = (server.enrol("ada"), server.enrol("bob"));
        let pass = issue(&server, &root, &ada);
        for kind in [TokenKind::OneFactor, TokenKind::TwoFactors] {
            server
                .send_code(PASS, &server.token(ada.id, kind), &pass)
                .assert_problem(403, "wrong_token_stage");
        }
        redeem(&server, &bob, &pass).assert_problem(401, "invalid_code");
        server.installation.sql(&format!("UPDATE users SET is_active = FALSE WHERE id = {}", bob.id));
        let disabled = send(
            &server,
            &fresh(&server, &root),
            &path_for(bob.id, "/access-pass"),
            &json!({ "reason": "x" }),
        );
        disabled.assert_problem(403, "account_disabled");
        redeem(&server, &ada, &pass).ok();
    }
}

#[test]
fn a_pass_of_the_helpdesk_is_void_once_its_user_has_a_role() {
    for server in TestServer::each() {
        let (root, help) = (administrator(&server, "root"), helpdesk(&server, "help"));
        let (ada, bob) = (server.enrol("ada"), server.enrol("bob"));
        let [of_ada, of_bob] = [&ada, &bob].map(|it| issue(&server, &help, it));
        let grant = json!({ "role": "helpdesk", "reason": "x" });
        send(&server, &fresh(&server, &root), &path_for(ada.id, "/role"), &grant).ok();
        server.installation.sql(&format!("UPDATE users SET is_superuser = TRUE WHERE id = {}", bob.id));
        redeem(&server, &ada, &of_ada).assert_problem(401, "invalid_code");
        redeem(&server, &bob, &of_bob).assert_problem(401, "invalid_code");
        // It stays void when the role is gone.
        let revoke = json!({ "role": "none", "reason": "x" });
        send(&server, &fresh(&server, &root), &path_for(ada.id, "/role"), &revoke).ok();
        redeem(&server, &ada, &of_ada).assert_problem(401, "invalid_code");
        send(&server, &fresh(&server, &root), &path_for(ada.id, "/role"), &grant).ok();
        // That of an administrator is good for them.
        for member in [&ada, &bob] {
            redeem(&server, member, &issue(&server, &root, member)).ok();
        }
    }
}

#[test]
fn only_the_token_of_a_pass_replaces_factors() {
    for server in TestServer::each() {
        let (root, ada) = (administrator(&server, "root"), server.enrol("ada"));
        let token = redeem(&server, &ada, &issue(&server, &root, &ada)).field("enrolment_token");
        // A token of the policy, as if stolen: it adds a factor, and the app stays.
        let stolen = Forger::like(&token).claim("jti", "c3RvbGVuLXRva2VuLTEyMw").sign();
        let mut device = SoftwareAuthenticator::new(1);
        let credential = create(&server, &stolen, &mut device);
        finish(&server, &stolen, &credential).ok();
        server.advance(60);
        server.verify(&server.pending(ada.id), &ada.code(server.now())).ok();
    }
}

#[test]
fn under_the_passkey_policy_a_pass_registers_a_passkey_only() {
    for server in TestServer::each() {
        let root = administrator(&server, "root");
        let (ada, codes) = server.enrol_with_codes("ada");
        let user = ada.id.to_string();
        let on = server.admin(&["user", "enforce", "on", "--phishing-resistant", "on", "--user-id", &user]);
        assert_eq!(on.code, Some(0), "{on:?}");
        let token = redeem(&server, &ada, &issue(&server, &root, &ada)).field("enrolment_token");
        start(&server, &token).assert_problem(403, "phishing_resistant_required");
        let mut device = SoftwareAuthenticator::new(1);
        let credential = create(&server, &token, &mut device);
        let registered = finish(&server, &token, &credential);
        let new_codes = registered.texts("recovery_codes");
        assert!(new_codes.len() == 10 && !new_codes.contains(&codes[0]), "{registered:?}");
        let status = server.get("/api/mfa/status", &registered.field("access_token")).ok();
        assert_eq!((&status["totp_enabled"], &status["phishing_resistant"]), (&json!(false), &json!(true)));
    }
}

#[test]
fn the_command_issues_a_pass_and_requires_a_reason() {
    for server in TestServer::each() {
        let ada = server.enrol("ada");
        let refused = server.admin(&["access-pass", "create", "--username", "ada"]);
        assert_eq!(refused.code, Some(2), "{refused:?}");
        let made =
            server.admin(&["access-pass", "create", "--username", "ada", "--reason", "seen in person"]);
        assert_eq!(made.code, Some(0), "{made:?}");
        let pass = made.json["access_pass"].as_str().unwrap();
        assert!(pass.len() == 19 && made.json["expires_at"].is_string(), "{made:?}");
        // By the clock of the system, which is not that of the server: it is stored, and only its digest.
        let stored = |text: &str| {
            let column = "CAST(mfa_internal AS text)";
            server.installation.number(&format!(
                "SELECT count(*) FROM users WHERE id = {} AND {column} LIKE '%{text}%'",
                ada.id
            ))
        };
        assert_eq!((stored("\"pass\""), stored(pass)), (1, 0), "{}", server.name());
        let event =
            "SELECT count(*) FROM mfa_events WHERE event = 'admin_access_pass' AND reason = 'seen in person'";
        assert_eq!(server.installation.number(event), 1, "{}", server.name());
        let status = server.admin(&["keys", "status"]);
        assert_eq!(status.code, Some(0), "{status:?}");
    }
}
