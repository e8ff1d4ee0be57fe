//! Tests of the lock durations: locks double, and a hundred wrong codes lock until an administrator unlocks.

use mfa_flows::TokenKind;
use nova_mfa_tests::{Member, TestServer};
use serde_json::{Value, json};

const MINUTE: u64 = 60;

/// Submits ten wrong codes and returns the duration of the lock in seconds.
#[track_caller]
fn lock(server: &TestServer, member: &Member) -> u64 {
    server.fail(member, 10);
    let refused = server.verify(&server.pending(member.id), &member.code(server.now()));
    refused.assert_problem(403, "account_locked").retry_after()
}

#[test]
fn each_lock_doubles_up_to_a_day_and_the_hundredth_wrong_code_locks_permanently() {
    for server in TestServer::each() {
        let ada = server.enrol("ada");
        for minutes in [15, 30, 60, 120, 240, 480, 960, 1440, 1440] {
            let seconds = lock(&server, &ada);
            assert_eq!(seconds, minutes * MINUTE, "{}", server.name());
            server.advance(seconds);
        }
        server.fail(&ada, 10);
        assert_eq!(server.failures(ada.id), 100);
        server.advance(10 * 366 * 24 * 60 * MINUTE);
        let refused = server.verify(&server.pending(ada.id), &ada.code(server.now()));
        refused.assert_problem(403, "account_locked");
        assert_eq!(refused.header("retry-after"), None, "{}", server.name());
        let status = server.get("/api/mfa/status", &server.token(ada.id, TokenKind::OneFactor)).ok();
        assert_eq!((&status["locked"], &status["lock_until"]), (&json!(true), &Value::Null));

        assert_eq!(server.admin(&["user", "unlock", "--email", "ada@example.com"]).code, Some(0));
        server.verify(&server.pending(ada.id), &ada.code(server.now())).ok();
    }
}

#[test]
fn after_a_lock_ends_it_takes_ten_more_wrong_codes_to_lock_again() {
    for server in TestServer::each() {
        let ada = server.enrol("ada");
        let seconds = lock(&server, &ada);
        server.advance(seconds);
        server.fail(&ada, 9);
        server.verify(&server.pending(ada.id), &ada.code(server.now())).ok();
        assert_eq!(server.failures(ada.id), 0, "{}", server.name());
    }
}

#[test]
fn logins_by_the_owner_do_not_shorten_the_locks_of_a_guesser() {
    for server in TestServer::each() {
        let ada = server.enrol("ada");
        for minutes in [15, 30, 60] {
            let seconds = lock(&server, &ada);
            assert_eq!(seconds, minutes * MINUTE, "{}", server.name());
            server.advance(seconds);
            server.verify(&server.pending(ada.id), &ada.code(server.now())).ok();
        }
    }
}

#[test]
fn nine_wrong_codes_between_logins_add_up() {
    for server in TestServer::each() {
        let ada = server.enrol("ada");
        for _ in 0..2 {
            server.fail(&ada, 9);
            server.advance(60);
            server.verify(&server.pending(ada.id), &ada.code(server.now())).ok();
        }
        let suspected = "SELECT count(*) FROM mfa_events WHERE event = 'guessing_suspected'";
        assert_eq!(server.installation.number(suspected), 0);
        assert_eq!(lock(&server, &ada), 30 * MINUTE, "{}: 28 strikes", server.name());
        assert_eq!(server.installation.number(suspected), 1, "{}", server.name());
    }
}

#[test]
fn the_lock_threshold_and_duration_are_configurable() {
    for server in TestServer::each_with(&[("MFA_MAX_FAILURES", "3"), ("MFA_LOCK_MINUTES", "2")]) {
        let ada = server.enrol("ada");
        server.fail(&ada, 3);
        let refused = server.verify(&server.pending(ada.id), &ada.code(server.now()));
        assert_eq!(refused.assert_problem(403, "account_locked").retry_after(), 120, "{}", server.name());
    }
}
