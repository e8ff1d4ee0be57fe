//! Tests of the list of a user's sessions, and of ending them.

use mfa_core::UserId;
use mfa_flows::TokenKind;
use nova_mfa_tests::{Answer, Forger, Member, TestServer};
use serde_json::{Value, json};

const SESSIONS: &str = "/api/mfa/sessions";
const OTHERS: &str = "/api/mfa/sessions/revoke-others";
const STATUS: &str = "/api/mfa/status";
const KEY: &str = "an0therL0ngIntrospectionKey+/=";

/// Returns the sessions that a token sees.
fn sessions(server: &TestServer, token: &str) -> Vec<Value> {
    server.get(SESSIONS, token).ok()["sessions"].as_array().unwrap().clone()
}

/// Returns the ID of the session of a token.
fn id_of(server: &TestServer, token: &str) -> String {
    let found = sessions(server, token);
    let current: Vec<_> = found.iter().filter(|it| it["current"] == true).collect();
    assert_eq!(current.len(), 1, "{found:?}");
    current[0]["id"].as_str().unwrap().to_owned()
}

fn revoke(server: &TestServer, token: &str, id: &str) -> Answer {
    server.post(&format!("{SESSIONS}/{id}/revoke"), token)
}

/// Logs in with a code of this member from a device.
fn log_in_from(server: &TestServer, member: &Member, agent: &str, ahead: i32) -> String {
    let pending = server.pending(member.id);
    let call = server.client().post("/api/mfa/verify/totp").bearer(&pending).header("User-Agent", agent);
    call.code(&member.code_at(server.now(), ahead)).send().field("access_token")
}

/// Revokes the sessions of the enrolment by the command, so that a test starts with none.
fn without_sessions(server: &TestServer, user: UserId) {
    let answer = server.admin(&["session", "revoke", "--user-id", &user.to_string()]);
    assert_eq!(answer.code, Some(0), "{answer:?}");
}

#[test]
fn a_verification_starts_a_session_with_time_address_device_and_factor() {
    for server in TestServer::each() {
        let ada = server.enrol("ada");
        without_sessions(&server, ada.id);
        let laptop = log_in_from(&server, &ada, "Laptop/1", 0);
        let at = server.now().to_rfc3339().unwrap();
        let found = sessions(&server, &laptop);
        assert_eq!(found.len(), 1, "{}: {found:?}", server.name());
        let id = found[0]["id"].as_str().unwrap();
        let expected = json!({
            "id": id, "current": true, "created_at": at, "ip": "127.0.0.1", "user_agent": "Laptop/1",
            "method": "totp",
        });
        assert_eq!(found[0], expected, "{}", server.name());
        assert!(id.len() == 32 && !laptop.contains(id), "no part of the token: {id}");

        server.advance(30);
        let phone = log_in_from(&server, &ada, "Phone/1", 0);
        let found = sessions(&server, &phone);
        let agents: Vec<_> = found.iter().map(|it| (&it["user_agent"], &it["current"])).collect();
        let (new, old) = (json!("Phone/1"), json!("Laptop/1"));
        assert_eq!(agents, [(&new, &json!(true)), (&old, &json!(false))], "{}", server.name());
        // Neither a pending token nor one with one factor is a session, nor may it read them.
        let one_factor = server.token(ada.id, TokenKind::OneFactor);
        server.get(SESSIONS, &one_factor).assert_problem(403, "wrong_token_stage");
        assert_eq!(sessions(&server, &phone).len(), 2, "{}", server.name());
    }
}

#[test]
fn every_way_to_a_token_with_two_factors_starts_a_session() {
    for server in TestServer::each() {
        let (ada, codes) = server.enrol_with_codes("ada");
        let enrolled = sessions(&server, &ada.access);
        assert_eq!(enrolled.len(), 1, "{}: the enrolment ended all earlier ones", server.name());
        assert_eq!((&enrolled[0]["method"], &enrolled[0]["current"]), (&json!("totp"), &json!(true)));

        let recovered = server.verify_recovery_code(&server.pending(ada.id), &codes[0]).field("access_token");
        assert_eq!(sessions(&server, &recovered)[0]["method"], "recovery", "{}", server.name());

        // A step-up over the API begins a session beside the earlier one, which stays valid.
        let stepped = server.verify(&recovered, &ada.code(server.now())).field("access_token");
        let found = sessions(&server, &stepped);
        assert_eq!((found.len(), &found[0]["current"]), (3, &json!(true)), "{}: {found:?}", server.name());
        server.get(STATUS, &recovered).ok();

        let minted = server.token(ada.id, TokenKind::TwoFactors);
        let by_administrator = &sessions(&server, &minted)[0];
        for field in ["method", "ip", "user_agent"] {
            assert_eq!(by_administrator[field], Value::Null, "{}: {field}", server.name());
        }
    }
}

#[test]
fn a_revoked_session_is_refused_everywhere_at_once_and_no_other_is() {
    for server in TestServer::each_with(&[("INTROSPECTION_KEY", KEY)]) {
        let ada = server.enrol("ada");
        let [here, there] = [0; 2].map(|_| server.token(ada.id, TokenKind::TwoFactors));
        let id = id_of(&server, &there);
        assert_eq!(revoke(&server, &here, &id).ok(), json!({ "revoked": true }), "{}", server.name());
        server.get(STATUS, &there).assert_problem(401, "token_revoked");
        let introspection = server.client().post("/api/mfa/token/introspect").bearer(KEY);
        let state = introspection.json(&json!({ "token": there })).send().ok();
        assert_eq!(state, json!({ "active": false }), "{}", server.name());
        let found = sessions(&server, &here);
        assert!(found.iter().all(|it| it["id"] != id.as_str()), "{}: {found:?}", server.name());
        // It can be ended once, as any other of this user.
        revoke(&server, &here, &id).assert_problem(404, "not_found");

        // The current one: a logout.
        let own = id_of(&server, &here);
        revoke(&server, &here, &own).ok();
        server.get(SESSIONS, &here).assert_problem(401, "token_revoked");
    }
}

#[test]
fn a_session_of_another_user_and_an_unknown_id_are_not_found() {
    for server in TestServer::each() {
        let (ada, bob) = (server.enrol("ada"), server.enrol("bob"));
        let id = id_of(&server, &ada.access);
        revoke(&server, &bob.access, &id).assert_problem(404, "not_found");
        server.get(STATUS, &ada.access).ok();
        for unknown in [&"0".repeat(32), "x", "revoke-others", &id.to_uppercase(), &format!("{id}00")] {
            revoke(&server, &ada.access, unknown).assert_problem(404, "not_found");
        }
        // A token that has ended learns nothing about IDs.
        let ended = server.token(ada.id, TokenKind::TwoFactors);
        server.post("/api/mfa/token/revoke", &ended).ok();
        for any in [id.as_str(), "x"] {
            revoke(&server, &ended, any).assert_problem(401, "token_revoked");
        }
    }
}

#[test]
fn revoking_the_others_keeps_the_current_session_and_ends_logins_in_progress() {
    for server in TestServer::each() {
        let ada = server.enrol("ada");
        without_sessions(&server, ada.id);
        let tokens = [0; 3].map(|_| server.token(ada.id, TokenKind::TwoFactors));
        let (pending, one_factor) = (server.pending(ada.id), server.token(ada.id, TokenKind::OneFactor));
        assert_eq!(server.post(OTHERS, &tokens[1]).ok(), json!({ "revoked": 2 }), "{}", server.name());
        for ended in [&tokens[0], &tokens[2], &one_factor] {
            server.get(STATUS, ended).assert_problem(401, "token_revoked");
        }
        server.verify(&pending, &ada.code(server.now())).assert_problem(401, "token_revoked");
        let found = sessions(&server, &tokens[1]);
        assert_eq!((found.len(), &found[0]["current"]), (1, &json!(true)), "{}", server.name());
        assert_eq!(server.post(OTHERS, &tokens[1]).ok(), json!({ "revoked": 0 }), "{}", server.name());
        // The session that was kept can be ended too.
        revoke(&server, &tokens[1], &id_of(&server, &tokens[1])).ok();
        server.get(STATUS, &tokens[1]).assert_problem(401, "token_revoked");
    }
}

#[test]
fn sessions_are_listed_and_revoked_while_the_account_is_locked() {
    for server in TestServer::each() {
        let ada = server.enrol("ada");
        let there = server.token(ada.id, TokenKind::TwoFactors);
        server.fail(&ada, 10);
        let id = id_of(&server, &there);
        revoke(&server, &ada.access, &id).ok();
        server.post(OTHERS, &ada.access).ok();
        server.get(STATUS, &there).assert_problem(401, "token_revoked");
    }
}

#[test]
fn a_session_ends_with_its_token_and_with_every_change_that_revokes_it() {
    for server in TestServer::each() {
        let ada = server.enrol("ada");
        without_sessions(&server, ada.id);
        let first = server.token(ada.id, TokenKind::TwoFactors);
        server.advance(1_800);
        let second = server.token(ada.id, TokenKind::TwoFactors);
        assert_eq!(sessions(&server, &second).len(), 2, "{}", server.name());
        // With the leeway of the verification of tokens.
        server.advance(1_806);
        assert_eq!(sessions(&server, &second).len(), 1, "{}: the first has expired", server.name());
        server.get(STATUS, &first).assert_problem(401, "token_expired");
        // Disabling the app ends all sessions but the caller's.
        server.token(ada.id, TokenKind::TwoFactors);
        let caller = server.verify(&second, &ada.code(server.now())).field("access_token");
        server.send_code("/api/mfa/totp/disable", &caller, &ada.code_at(server.now(), 1)).ok();
        let found = sessions(&server, &caller);
        assert_eq!((found.len(), &found[0]["current"]), (1, &json!(true)), "{}: {found:?}", server.name());
    }
}

#[test]
fn a_full_denylist_ends_every_session_but_the_one_that_revokes() {
    for server in TestServer::each() {
        let ada = server.enrol("ada");
        let here = server.token(ada.id, TokenKind::TwoFactors);
        let tokens: Vec<_> = (0..70).map(|_| server.token(ada.id, TokenKind::TwoFactors)).collect();
        let listed = sessions(&server, &here);
        for session in listed.iter().filter(|it| it["current"] == false) {
            let outcome = revoke(&server, &here, session["id"].as_str().unwrap()).outcome();
            assert!(["ok", "not_found"].contains(&outcome.as_str()), "{}: {outcome}", server.name());
        }
        for token in &tokens {
            server.get(STATUS, token).assert_problem(401, "token_revoked");
        }
        assert_eq!(sessions(&server, &here).len(), 1, "{}", server.name());
    }
}

#[test]
fn an_id_forged_from_a_token_id_of_another_kind_ends_nothing() {
    for server in TestServer::each() {
        let ada = server.enrol("ada");
        // A token with the signature of this service and an ID that no event recorded is valid, and no session.
        let unlisted = Forger::like(&ada.access).claim("jti", "chosen").sign();
        let found = sessions(&server, &unlisted);
        assert!(found.iter().all(|it| it["current"] == false), "{}: {found:?}", server.name());
        let id = mfa_core::TokenId::from_jti("chosen").to_hex();
        revoke(&server, &ada.access, &id).assert_problem(404, "not_found");
        // Ending all others ends it too.
        server.post(OTHERS, &ada.access).ok();
        server.get(STATUS, &unlisted).assert_problem(401, "token_revoked");
    }
}

#[test]
fn an_administrator_ends_all_sessions_with_a_reason_and_the_audit_log_has_it() {
    for server in TestServer::each() {
        let (ada, root) = (server.enrol("ada"), server.enrol("root"));
        server.installation.sql("UPDATE users SET is_superuser = TRUE WHERE username = 'root'");
        let admin = server.token(root.id, TokenKind::TwoFactors);
        let path = format!("/api/mfa/admin/users/{}/sessions/revoke", ada.id);
        let send = |token: &str, body: Value| server.client().post(&path).bearer(token).json(&body).send();
        for bad in [json!({}), json!({ "reason": "" }), json!({ "reason": "two\nlines" })] {
            send(&admin, bad).assert_problem(422, "invalid_field");
        }
        server.get(STATUS, &ada.access).ok();
        send(&ada.access, json!({ "reason": "me" })).assert_problem(403, "not_allowed");
        server.token(ada.id, TokenKind::TwoFactors);
        let reason = json!({ "reason": "laptop stolen, ticket 7" });
        let expected = json!({ "user_id": ada.id, "revoked": 2 });
        assert_eq!(send(&admin, reason).ok(), expected, "{}", server.name());
        server.get(STATUS, &ada.access).assert_problem(401, "token_revoked");
        let recorded = "SELECT count(*) FROM mfa_events WHERE event = 'admin_revoke_all' AND outcome = 'success' \
                        AND actor LIKE 'user:%' AND reason = 'laptop stolen, ticket 7'";
        assert_eq!(server.installation.number(recorded), 1, "{}", server.name());
        let missing = "/api/mfa/admin/users/4711/sessions/revoke";
        let missing = server.client().post(missing).bearer(&admin).json(&json!({ "reason": "x" })).send();
        missing.assert_problem(404, "not_found");
    }
}
