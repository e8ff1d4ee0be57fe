//! Tests of the lock after ten wrong codes: what it blocks, what it allows, and how it ends.

use mfa_flows::TokenKind;
use nova_mfa_tests::{Member, TestServer};
use serde_json::{Value, json};

const LOCKED: (u16, &str) = (403, "account_locked");

fn status(server: &TestServer, member: &Member) -> Value {
    server.get("/api/mfa/status", &server.token(member.id, TokenKind::OneFactor)).ok()
}

#[test]
fn the_tenth_wrong_code_is_reported_as_wrong_and_the_next_request_is_locked_out() {
    for server in TestServer::each() {
        let ada = server.enrol("ada");
        server.fail(&ada, 10);
        let token = server.pending(ada.id);
        let refused = server.verify(&token, &ada.code(server.now()));
        refused.assert_problem(LOCKED.0, LOCKED.1);
        assert_eq!(refused.retry_after(), 900);
        assert_eq!(server.failures(ada.id), 10, "a refused call counts nothing");

        server.advance(899);
        let refused = server.verify(&server.pending(ada.id), &ada.code(server.now()));
        assert_eq!(refused.assert_problem(LOCKED.0, LOCKED.1).retry_after(), 1, "{}", server.name());
        server.advance(1);
        server.verify(&server.pending(ada.id), &ada.code(server.now())).ok();
    }
}

#[test]
fn a_right_code_is_not_consumed_while_the_account_is_locked() {
    for server in TestServer::each() {
        let ada = server.enrol("ada");
        server.fail(&ada, 10);
        let code = ada.code(server.now());
        server.verify(&server.pending(ada.id), &code).assert_problem(LOCKED.0, LOCKED.1);
        server
            .installation
            .sql("UPDATE users SET mfa_failed_attempts = 0, mfa_lock_until = NULL WHERE username = 'ada'");
        server.advance(1);
        server.verify(&server.pending(ada.id), &code).ok();
    }
}

#[test]
fn failures_add_up_over_all_tokens_and_endpoints() {
    for server in TestServer::each() {
        let ada = server.enrol("ada");
        server.fail(&ada, 6);
        for _ in 0..4 {
            let wrong = ada.wrong_code(server.now());
            server
                .send_code("/api/mfa/totp/disable", &ada.access, &wrong)
                .assert_problem(401, "invalid_code");
        }
        server.verify(&server.pending(ada.id), &ada.code(server.now())).assert_problem(LOCKED.0, LOCKED.1);
        let call = server.send_code("/api/mfa/totp/disable", &ada.access, &ada.code(server.now()));
        call.assert_problem(LOCKED.0, LOCKED.1);
        server.verify(&ada.access, &ada.code(server.now())).assert_problem(LOCKED.0, LOCKED.1);
        server
            .send_code("/api/mfa/totp/enroll/verify", &ada.access, "000000")
            .assert_problem(LOCKED.0, LOCKED.1);
    }
}

#[test]
fn a_locked_user_can_read_the_status_log_out_and_log_in() {
    for server in TestServer::each() {
        let id = server.add_user_with_password("ada", "correct horse battery");
        let ada = server.enrol_user(id);
        server.fail(&ada, 10);

        let current = status(&server, &ada);
        assert_eq!(
            (&current["locked"], &current["failed_attempts"]),
            (&json!(true), &json!(10)),
            "{}",
            server.name()
        );
        assert_eq!(current["lock_until"], "2027-01-15T08:20:00Z", "fifteen minutes from five past noon");
        server.advance(1);
        let methods = server.get("/api/mfa/methods", &server.pending(id)).ok();
        assert_eq!(methods["methods"][0]["available"], false);
        assert_eq!(methods["methods"][0]["reason"], "account_locked");
        assert_eq!(server.post("/api/mfa/token/revoke", &ada.access).ok(), json!({ "revoked": true }));

        server.advance(839);
        let pending = server.login("ada", "correct horse battery").send().field("mfa_token");
        server.verify(&pending, &ada.code(server.now())).assert_problem(LOCKED.0, LOCKED.1);
        server.advance(60);
        server.verify(&pending, &ada.code(server.now())).ok();
    }
}

#[test]
fn a_pending_token_from_before_a_lock_can_read_and_log_out_until_the_lock_ends() {
    for server in TestServer::each() {
        let ada = server.enrol("ada");
        let before = server.pending(ada.id);
        server.advance(1);
        server.fail(&ada, 10);
        let methods = server.get("/api/mfa/methods", &before).ok();
        assert_eq!(methods["methods"][0]["reason"], "account_locked", "{}", server.name());
        server.post("/api/mfa/token/revoke", &before).ok();
    }
}

#[test]
fn pending_tokens_from_before_a_lock_stay_spent_however_the_lock_ends() {
    type Unlock = fn(&TestServer, &Member);
    let unlocks: [(&str, Unlock); 3] = [
        ("time", |server, _| server.advance(120)),
        ("sql", |server, member| {
            let id = member.id;
            server.installation.sql(&format!(
                "UPDATE users SET mfa_failed_attempts = 0, mfa_lock_until = NULL WHERE id = {id}"
            ));
        }),
        ("admin", |server, member| {
            let answer = server.admin(&["user", "unlock", "--user-id", &member.id.to_string()]);
            assert_eq!((answer.code, &answer.json["unlocked"]), (Some(0), &json!(true)), "{answer:?}");
        }),
    ];
    for server in TestServer::each_with(&[("MFA_LOCK_MINUTES", "2")]) {
        for (way, unlock) in unlocks {
            let user = server.enrol(way);
            let before = server.pending(user.id);
            server.fail(&user, 10);
            server.verify(&before, &user.code(server.now())).assert_problem(LOCKED.0, LOCKED.1);
            server.advance(1);
            let during = server.pending(user.id);
            unlock(&server, &user);
            server.verify(&before, &user.code(server.now())).assert_problem(401, "token_spent");
            server.verify(&during, &user.code(server.now())).ok();
            assert_eq!(server.failures(user.id), 0, "{} {way}", server.name());
        }
    }
}

#[test]
fn an_unlock_by_api_or_command_clears_the_lock_and_the_failures() {
    for server in TestServer::each() {
        let (ada, bob) = (server.enrol("ada"), server.enrol("bob"));
        for member in [&ada, &bob] {
            server.fail(member, 10);
        }
        server
            .installation
            .sql("UPDATE users SET mfa_failed_attempts = 0, mfa_lock_until = NULL WHERE username = 'ada'");
        assert_eq!(server.admin(&["user", "unlock", "--email", "bob@example.com"]).code, Some(0));
        for member in [&ada, &bob] {
            let current = status(&server, member);
            assert_eq!(current["locked"], false, "{}", server.name());
            assert_eq!((&current["lock_until"], &current["failed_attempts"]), (&Value::Null, &json!(0)));
            server.advance(1);
            server.fail(member, 10);
            let refused = server.verify(&server.pending(member.id), &member.code(server.now()));
            assert_eq!(refused.assert_problem(LOCKED.0, LOCKED.1).retry_after(), 900, "the first lock again");
        }
    }
}

#[test]
fn requests_without_a_valid_token_do_not_change_the_failure_count() {
    for server in TestServer::each() {
        let (ada, bob) = (server.enrol("ada"), server.enrol("bob"));
        let expired = server.pending(ada.id);
        let one_factor = server.token(ada.id, TokenKind::OneFactor);
        let revoked = server.pending(ada.id);
        server.post("/api/mfa/token/revoke", &revoked).ok();
        server.advance(306);
        let foreign = nova_mfa_tests::Forger::like(&server.pending(ada.id)).sign_with(&[7; 32]);
        let wrong = ada.wrong_code(server.now());
        for token in ["", "nonsense", &expired, &one_factor, &revoked, &foreign] {
            for _ in 0..12 {
                let refused = server.verify(token, &wrong);
                assert!(matches!(refused.status, 401 | 403), "{refused:?}");
                assert_ne!(refused.outcome(), "invalid_code");
            }
        }
        server.fail(&bob, 10);
        for _ in 0..12 {
            let call = server.client().post("/api/mfa/verify/totp").bearer(&server.pending(ada.id));
            call.json(&json!({ "code": "12345" })).send().assert_problem(422, "invalid_field");
        }
        assert_eq!(server.failures(ada.id), 0, "{}", server.name());
        server.verify(&server.pending(ada.id), &ada.code(server.now())).ok();
    }
}
