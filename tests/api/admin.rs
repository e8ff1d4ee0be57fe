//! Tests of `/api/mfa/admin/*`: access, effects and audit events.

use mfa_core::UserId;
use mfa_flows::TokenKind;
use nova_mfa_tests::{Answer, Member, TestServer, members};
use serde_json::{Value, json};

/// Creates an administrator with an authenticator app.
fn administrator(server: &TestServer, name: &str) -> Member {
    let id = server.add_user(name);
    server.installation.sql(&format!("UPDATE users SET is_superuser = TRUE WHERE id = {id}"));
    server.enrol_user(id)
}

fn fresh(server: &TestServer, member: &Member) -> String {
    server.token(member.id, TokenKind::TwoFactors)
}

fn path_for(user: UserId, what: &str) -> String {
    format!("/api/mfa/admin/users/{user}{what}")
}

fn send(server: &TestServer, token: &str, path: &str, body: &Value) -> Answer {
    server.client().post(path).bearer(token).json(body).send()
}

/// Returns the newest audit event of a user.
fn newest(server: &TestServer, token: &str, user: UserId) -> Value {
    let events = server.get(&format!("/api/mfa/admin/events?user_id={user}&limit=1"), token).ok();
    events["events"][0].clone()
}

#[test]
fn users_are_paginated_and_searchable_by_part_of_a_name() {
    for server in TestServer::each() {
        let root = administrator(&server, "root");
        let token = fresh(&server, &root);
        let (ada, bob) = (server.add_user("ada"), server.add_user("bob"));
        let list = |query: &str| server.get(&format!("/api/mfa/admin/users{query}"), &token).ok();
        let expected = json!({
            "user_id": ada.value(), "email": "ada@example.com", "username": "ada", "full_name": "ada Example",
            "is_active": true, "is_superuser": false, "mfa_enforced": false, "totp_enabled": false,
            "sms_enabled": false, "passkey_enabled": false, "locked": false, "lock_until": null,
            "last_success_at": null,
        });
        let found = json!({ "users": [expected], "total": 1, "next": null, "previous": null });
        assert_eq!(list("?query=ADA"), found, "{}", server.name());
        let first = list("?limit=2");
        assert_eq!(first["users"][0]["username"], "root");
        assert_eq!(first["users"][0]["totp_enabled"], true);
        assert_eq!(first["next"], json!(ada.value()), "{}", server.name());
        let rest = list(&format!("?limit=2&after={ada}"));
        assert_eq!((&rest["users"][0]["user_id"], &rest["next"]), (&json!(bob.value()), &Value::Null));
        for bad in ["limit=0", "limit=201", "after=-1", "after=x", "page=2", "query=%00"] {
            server.get(&format!("/api/mfa/admin/users?{bad}"), &token).assert_problem(422, "invalid_field");
        }
    }
}

#[test]
fn user_details_are_complete_and_contain_no_secret() {
    for server in TestServer::each() {
        let root = administrator(&server, "root");
        let token = fresh(&server, &root);
        let (ada, codes) = server.enrol_with_codes("ada");
        let answer = server.get(&path_for(ada.id, ""), &token);
        let card = answer.ok();
        let fields = json!({
            "user_id": 0, "email": 0, "username": 0, "full_name": 0, "is_active": 0, "is_superuser": 0, "role": 0,
            "mfa_enforced": 0,
            "totp_enabled": 0, "totp_enrolled_at": 0, "phone": 0, "phone_verified": 0, "backup_method": 0,
            "recovery_codes_left": 0, "locked": 0, "lock_until": 0, "failed_attempts": 0, "last_success_at": 0,
            "last_method": 0, "authenticators": 0, "phishing_resistant": 0, "phishing_resistant_required": 0,
        });
        assert_eq!(members(&card), members(&fields));
        assert_eq!((&card["username"], &card["recovery_codes_left"]), (&json!("ada"), &json!(10)));
        let text = card.to_string();
        assert!(!text.contains("v1.test.") && codes.iter().all(|code| !text.contains(code)), "{text}");
        for nobody in ["4711", "0", "-1", "x", "99999999999999999999", "1%2F2"] {
            let path = format!("/api/mfa/admin/users/{nobody}");
            server.get(&path, &token).assert_problem(404, "not_found");
            server.post(&format!("{path}/unlock"), &token).assert_problem(404, "not_found");
        }
    }
}

#[test]
fn unlock_enforce_regenerate_and_reset_work_and_are_audited() {
    for server in TestServer::each() {
        let root = administrator(&server, "root");
        let ada = server.enrol("ada");
        let token = fresh(&server, &root);
        let actor = format!("user:{} (root)", root.id);
        let assert_newest = |event: &str, reason: Value| {
            let newest = newest(&server, &token, ada.id);
            assert_eq!(newest["event"], event, "{}: {newest}", server.name());
            assert_eq!(newest["user_id"], json!(ada.id.value()));
            assert_eq!((&newest["actor"], &newest["reason"]), (&json!(actor), &reason), "{event}");
            assert_eq!((&newest["ip"], &newest["outcome"]), (&json!("127.0.0.1"), &json!("success")));
        };

        server.fail(&ada, 10);
        server.verify(&server.pending(ada.id), &ada.code(server.now())).assert_problem(403, "account_locked");
        let unlocked =
            send(&server, &token, &path_for(ada.id, "/unlock"), &json!({ "reason": "called us" })).ok();
        assert_eq!(unlocked, json!({ "user_id": ada.id.value(), "unlocked": true }));
        assert_newest("admin_unlock", json!("called us"));
        // A pending token issued at the moment of the lock is spent too.
        server.advance(1);
        server.verify(&server.pending(ada.id), &ada.code(server.now())).ok();

        let enforced = send(
            &server,
            &token,
            &path_for(ada.id, "/enforce"),
            &json!({ "enforced": true, "reason": "policy" }),
        )
        .ok();
        assert_eq!(
            enforced,
            json!({ "user_id": ada.id.value(), "mfa_enforced": true, "phishing_resistant_required": false })
        );
        assert_newest("admin_enforce", json!("policy"));

        let path = path_for(ada.id, "/recovery/regenerate");
        let regenerated = send(&server, &token, &path, &json!({ "reason": "codes lost" }));
        assert_eq!(regenerated.ok()["user_id"], json!(ada.id.value()));
        let codes = regenerated.texts("recovery_codes");
        assert_eq!(codes.len(), 10);
        assert_newest("admin_recovery_regenerate", json!("codes lost"));
        server.verify_recovery_code(&server.pending(ada.id), &codes[0]).ok();

        let session = fresh(&server, &ada);
        server.fail(&ada, 10);
        let reset =
            send(&server, &token, &path_for(ada.id, "/reset"), &json!({ "reason": "lost phone" })).ok();
        assert_eq!(reset, json!({ "user_id": ada.id.value(), "reset": true }));
        assert_newest("admin_reset", json!("lost phone"));
        server.get("/api/mfa/status", &session).assert_problem(401, "token_revoked");
        let status = server.get("/api/mfa/status", &server.token(ada.id, TokenKind::OneFactor)).ok();
        assert_eq!((&status["totp_enabled"], &status["recovery_codes_left"]), (&json!(false), &json!(0)));
        assert_eq!((&status["locked"], &status["failed_attempts"]), (&json!(false), &json!(0)), "it unlocks");
        assert!(server.log_contains("\"event\":\"admin_reset\""), "{}", server.name());
    }
}

#[test]
fn invalid_input_is_named_and_changes_nothing() {
    for server in TestServer::each() {
        let root = administrator(&server, "root");
        let (ada, token) = (server.enrol("ada"), fresh(&server, &root));
        for (path, body, field) in [
            ("/enforce", json!({ "reason": "x" }), "enforced"),
            ("/enforce", json!({ "enforced": "true", "reason": "x" }), "enforced"),
            ("/enforce", json!({ "enforced": 1, "reason": "x" }), "enforced"),
            ("/enforce", json!({ "enforced": null, "reason": "x" }), "enforced"),
            ("/enforce", json!({ "enforced": true, "reason": "x", "user_id": 1 }), "user_id"),
            ("/enforce", json!({ "enforced": true }), "reason"),
            ("/unlock", json!({ "enforced": true }), "enforced"),
            ("/unlock", json!({ "reason": "" }), "reason"),
            ("/reset", json!({}), "reason"),
            ("/reset", json!({ "reason": null }), "reason"),
            ("/recovery/regenerate", json!({}), "reason"),
            ("/authenticators/totp/remove", json!({}), "reason"),
            ("/reset", json!({ "reason": "" }), "reason"),
            ("/reset", json!({ "reason": "x".repeat(257) }), "reason"),
            ("/reset", json!({ "reason": "a\u{0}b" }), "reason"),
            ("/recovery/regenerate", json!({ "reason": 7 }), "reason"),
        ] {
            let answer = send(&server, &token, &path_for(ada.id, path), &body);
            let problem = answer.assert_problem(422, "invalid_field").json();
            assert_eq!(problem["errors"][0]["field"], *field, "{path} {body}");
        }
        server
            .client()
            .post(&path_for(ada.id, "/reset"))
            .bearer(&token)
            .body("application/json", "[")
            .send()
            .assert_problem(400, "malformed_request");
        for bad in ["event=nothing", "user_id=0", "limit=500", "before=x", "from=1"] {
            server.get(&format!("/api/mfa/admin/events?{bad}"), &token).assert_problem(422, "invalid_field");
        }
        let card = server.get(&path_for(ada.id, ""), &token).ok();
        assert_eq!((&card["totp_enabled"], &card["mfa_enforced"]), (&json!(true), &json!(false)));
    }
}

/// Returns a valid request to every administration endpoint.
fn all(user: UserId) -> [(&'static str, String, Value); 8] {
    [
        ("GET", "/api/mfa/admin/stats".to_owned(), json!({})),
        ("GET", "/api/mfa/admin/users".to_owned(), json!({})),
        ("GET", path_for(user, ""), json!({})),
        ("GET", "/api/mfa/admin/events".to_owned(), json!({})),
        ("POST", path_for(user, "/unlock"), json!({})),
        ("POST", path_for(user, "/enforce"), json!({ "enforced": false, "reason": "x" })),
        ("POST", path_for(user, "/recovery/regenerate"), json!({ "reason": "x" })),
        ("POST", path_for(user, "/reset"), json!({ "reason": "x" })),
    ]
}

#[test]
fn only_administrators_with_two_factors_have_access() {
    for server in TestServer::each() {
        let (root, ada) = (administrator(&server, "root"), server.enrol("ada"));
        // The token had two factors of a superuser when it was issued; the row has changed since.
        let demoted = administrator(&server, "demoted");
        let was = fresh(&server, &demoted);
        server.installation.sql(&format!("UPDATE users SET is_superuser = FALSE WHERE id = {}", demoted.id));
        // The row is a superuser's now; the token was issued before.
        let promoted = server.enrol("promoted");
        let before = fresh(&server, &promoted);
        server.installation.sql(&format!("UPDATE users SET is_superuser = TRUE WHERE id = {}", promoted.id));
        let victim = server.add_user("victim");
        for (method, path, body) in all(victim) {
            let call = |token: &str| server.client().request(method, &path).bearer(token).json(&body).send();
            let one = server.token(root.id, TokenKind::OneFactor);
            server.client().request(method, &path).json(&body).send().assert_problem(401, "token_missing");
            call(&server.pending(root.id)).assert_problem(403, "wrong_token_stage");
            call(&one).assert_problem(403, "wrong_token_stage");
            call(&fresh(&server, &ada)).assert_problem(403, "not_allowed");
            call(&was).assert_problem(403, "not_allowed");
            call(&before).assert_problem(403, "not_allowed");
            // None of them learns which users exist.
            let nobody = path.replace(&victim.to_string(), "4711");
            let call = server.client().request(method, &nobody).bearer(&fresh(&server, &ada)).json(&body);
            call.send().assert_problem(403, "not_allowed");
        }
        let trail = format!("SELECT count(*) FROM mfa_events WHERE user_id = {victim}");
        assert_eq!(server.installation.number(&trail), 0, "{}: nothing was done to anybody", server.name());
        assert!(server.log_contains("\"event\":\"admin_refused\""), "{}", server.name());
    }
}

#[test]
fn a_locked_disabled_or_logged_out_administrator_has_no_access() {
    for server in TestServer::each() {
        let (locked, disabled) = (administrator(&server, "locked"), administrator(&server, "disabled"));
        let gone = administrator(&server, "gone");
        let tokens = [&locked, &disabled, &gone].map(|it| fresh(&server, it));
        server.fail(&locked, 10);
        server.installation.sql("UPDATE users SET is_active = FALSE WHERE username = 'disabled'");
        server.post("/api/mfa/token/revoke", &tokens[2]).ok();
        let victim = server.add_user("victim");
        for (method, path, body) in all(victim) {
            let codes = [(403, "account_locked"), (403, "account_disabled"), (401, "token_revoked")];
            for (token, (status, code)) in tokens.iter().zip(codes) {
                let call = server.client().request(method, &path).bearer(token).json(&body);
                call.send().assert_problem(status, code);
            }
        }
    }
}

#[test]
fn every_change_requires_step_up_and_a_reset_revokes_ones_own_token() {
    for server in TestServer::each() {
        let (root, ada) = (administrator(&server, "root"), server.enrol("ada"));
        let old = fresh(&server, &root);
        server.advance(601);
        let changes = |user: UserId| {
            let [.., unlock, enforce, regenerate, reset] = all(user);
            let remove = path_for(user, "/authenticators/totp/remove");
            [unlock, enforce, regenerate, reset, ("POST", remove, json!({ "reason": "x" }))]
        };
        let before = server.installation.number("SELECT count(*) FROM mfa_events");
        for user in [root.id, ada.id] {
            for (_, path, body) in changes(user) {
                let denied = send(&server, &old, &path, &body);
                denied.assert_problem(401, "step_up_required");
                let challenge = denied.header("www-authenticate").unwrap_or_default();
                assert!(challenge.contains("insufficient_user_authentication"), "{challenge}");
            }
        }
        let after = server.installation.number("SELECT count(*) FROM mfa_events");
        assert_eq!(before, after, "{}: nothing was done to anybody", server.name());
        // The token still reads.
        server.get(&path_for(ada.id, ""), &old).ok();

        let token = fresh(&server, &root);
        for (_, path, body) in changes(ada.id) {
            let answer = send(&server, &token, &path, &body);
            assert!([200, 404].contains(&answer.status), "{path}: {answer:?}");
        }
        send(&server, &token, &path_for(root.id, "/reset"), &json!({ "reason": "mine" })).ok();
        server.get("/api/mfa/status", &token).assert_problem(401, "token_revoked");
        server.get("/api/mfa/admin/users", &token).assert_problem(401, "token_revoked");
    }
}

#[test]
fn reads_by_an_administrator_are_logged_with_actor_and_user() {
    for server in TestServer::each() {
        let (root, ada) = (administrator(&server, "root"), server.add_user("ada"));
        let token = fresh(&server, &root);
        let before = server.installation.number("SELECT count(*) FROM mfa_events");
        server.get("/api/mfa/admin/users", &token).ok();
        server.get(&path_for(ada, ""), &token).ok();
        server.get(&format!("/api/mfa/admin/events?user_id={ada}&event=login"), &token).ok();
        let after = server.installation.number("SELECT count(*) FROM mfa_events");
        assert_eq!(before, after, "{}: a look changes no account", server.name());
        let remains = server.stop();
        let lines: Vec<Value> =
            remains.log().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let actor = format!("user:{} (root)", root.id);
        for (event, user) in [
            ("admin_list", Value::Null),
            ("admin_show", json!(ada.value())),
            ("admin_events", json!(ada.value())),
        ] {
            let line = lines.iter().find(|it| it["event"] == event).unwrap();
            assert_eq!((&line["actor"], &line["user_id"]), (&json!(actor), &user), "{line}");
        }
    }
}

#[test]
fn statistics_contain_time_series_and_current_totals() {
    for server in TestServer::each() {
        let root = administrator(&server, "root");
        let ada = server.enrol("ada");
        server.fail(&ada, 2);
        server.verify(&server.pending(ada.id), &ada.code(server.now())).ok();
        let token = fresh(&server, &root);
        let stats = |query: &str| server.get(&format!("/api/mfa/admin/stats{query}"), &token);
        let statistics = stats("").ok();
        let hour = "2027-01-15T08:00:00Z";
        let expected = json!({
            "from": "2027-01-14T08:00:00Z", "to": "2027-01-15T09:00:00Z", "bucket": "hour",
            "verifications": [
                { "at": hour, "method": "totp", "outcome": "failure", "count": 2 },
                { "at": hour, "method": "totp", "outcome": "success", "count": 1 },
            ],
            "lockouts": [], "sms": [],
            "totals": {
                "users": 2, "with_factor": 2, "sms_only": 0, "disabled": 0, "by_factor": { "totp": 2, "sms": 0, "passkey": 0 },
                "locked": 0, "enforced": 0,
                "recovery_codes_low": 2,
            },
        });
        assert_eq!(statistics, expected, "{}", server.name());

        let day = stats("?bucket=day&from=2027-01-10T00:00:00Z&to=2027-01-16T00:00:00%2B01:00").ok();
        assert_eq!(day["verifications"][0]["at"], "2027-01-15T00:00:00Z", "{}", server.name());
        assert_eq!(
            (&day["from"], &day["to"]),
            (&json!("2027-01-10T00:00:00Z"), &json!("2027-01-16T00:00:00Z"))
        );
        for bad in [
            "bucket=week",
            "from=yesterday",
            "from=2027-01-16T00:00:00Z&to=2027-01-15T00:00:00Z",
            "from=2026-01-15T00:00:00Z&to=2027-01-15T00:00:00Z",
            "bucket=day&from=2020-01-15T00:00:00Z",
            "limit=1",
        ] {
            stats(&format!("?{bad}")).assert_problem(422, "invalid_field");
        }
    }
}
