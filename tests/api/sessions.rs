//! Tests of tokens that are spent or revoked before they expire.

use mfa_flows::TokenKind;
use nova_mfa_tests::{Forger, Member, TestServer};
use serde_json::json;

const STATUS: &str = "/api/mfa/status";

#[test]
fn a_pending_token_is_exchanged_for_one_access_token() {
    for server in TestServer::each() {
        let ada = server.enrol("ada");
        let pending = server.pending(ada.id);
        server.verify(&pending, &ada.code(server.now())).ok();
        server.verify(&pending, &ada.code_at(server.now(), 1)).assert_problem(401, "token_spent");
        server.get("/api/mfa/methods", &pending).assert_problem(401, "token_spent");
        server.post("/api/mfa/token/revoke", &pending).assert_problem(401, "token_spent");
        // Another token with the same id is rejected too.
        let again = Forger::like(&pending).claim("email", "other@example.com").sign();
        server.verify(&again, &ada.code_at(server.now(), 1)).assert_problem(401, "token_spent");
        assert_eq!(server.failures(ada.id), 0, "{}", server.name());
    }
}

#[test]
fn a_wrong_code_leaves_the_pending_token_valid() {
    for server in TestServer::each() {
        let ada = server.enrol("ada");
        let pending = server.pending(ada.id);
        server.verify(&pending, &ada.wrong_code(server.now())).assert_problem(401, "invalid_code");
        server.verify(&pending, &ada.code(server.now())).ok();
    }
}

#[test]
fn every_success_returns_a_new_token() {
    for server in TestServer::each() {
        let ada = server.enrol("ada");
        let first = server.verify(&ada.access, &ada.code(server.now())).field("access_token");
        let second = server.verify(&first, &ada.code_at(server.now(), 1)).field("access_token");
        assert!(first != second && first != ada.access);
        for token in [&ada.access, &first, &second] {
            server.get(STATUS, token).ok();
        }
    }
}

#[test]
fn revoking_a_token_affects_no_other_token() {
    for server in TestServer::each() {
        let ada = server.enrol("ada");
        for kind in [TokenKind::Pending, TokenKind::OneFactor, TokenKind::TwoFactors] {
            let (ended, other) = (server.token(ada.id, kind), server.token(ada.id, kind));
            assert_eq!(server.post("/api/mfa/token/revoke", &ended).ok(), json!({ "revoked": true }));
            server.get("/api/mfa/methods", &ended).assert_problem(401, "token_revoked");
            server.post("/api/mfa/token/revoke", &ended).assert_problem(401, "token_revoked");
            server.get("/api/mfa/methods", &other).ok();
        }
    }
}

#[test]
fn a_full_denylist_ends_all_sessions_and_no_revoked_token_becomes_valid() {
    for server in TestServer::each() {
        let ada = server.enrol("ada");
        let tokens: Vec<_> = (0..66).map(|_| server.token(ada.id, TokenKind::OneFactor)).collect();
        for token in &tokens {
            let outcome = server.post("/api/mfa/token/revoke", token).outcome();
            assert!(["ok", "token_revoked"].contains(&outcome.as_str()), "{outcome}");
        }
        for token in &tokens {
            server.get(STATUS, token).assert_problem(401, "token_revoked");
        }
        server.get(STATUS, &server.token(ada.id, TokenKind::OneFactor)).ok();
    }
}

#[test]
fn a_first_enrolment_in_one_session_ends_the_others() {
    for server in TestServer::each() {
        let id = server.add_user("ada");
        let [here, there] = [0; 2].map(|_| server.token(id, TokenKind::OneFactor));
        let waiting = server.pending(id);
        let ada = Member::from_enrolment(id, &server.post("/api/mfa/totp/enroll/start", &here));
        let confirmed = server.send_code("/api/mfa/totp/enroll/verify", &here, &ada.code(server.now()));
        for ended in [&here, &there] {
            server.get(STATUS, ended).assert_problem(401, "token_revoked");
        }
        server.get("/api/mfa/methods", &waiting).assert_problem(401, "token_revoked");
        server.get(STATUS, &confirmed.field("access_token")).ok();
    }
}

#[test]
fn removing_the_factor_ends_the_other_sessions_and_keeps_the_callers() {
    for server in TestServer::each() {
        let ada = server.enrol("ada");
        let there = server.token(ada.id, TokenKind::TwoFactors);
        let waiting = server.pending(ada.id);
        let disabled = server.send_code("/api/mfa/totp/disable", &ada.access, &ada.code(server.now())).ok();
        assert_eq!(disabled, json!({ "totp_enabled": false }), "{}", server.name());
        server.get(STATUS, &there).assert_problem(401, "token_revoked");
        server.get("/api/mfa/methods", &waiting).assert_problem(401, "token_revoked");
        assert_eq!(server.get(STATUS, &ada.access).ok()["totp_enabled"], false);
        server.post("/api/mfa/token/revoke", &ada.access).ok();
        server.get(STATUS, &ada.access).assert_problem(401, "token_revoked");
    }
}

#[test]
fn a_reset_or_revocation_by_an_administrator_ends_every_session() {
    for server in TestServer::each() {
        for command in [["user", "reset"], ["token", "revoke-all"]] {
            let user = server.enrol(command[1]);
            let pending = server.pending(user.id);
            let id = user.id.to_string();
            let answer = server.admin(&[command[0], command[1], "--user-id", &id]);
            assert_eq!(answer.code, Some(0), "{answer:?}");
            server.get(STATUS, &user.access).assert_problem(401, "token_revoked");
            server.get("/api/mfa/methods", &pending).assert_problem(401, "token_revoked");
        }
    }
}

#[test]
fn tokens_of_a_disabled_or_deleted_user_are_rejected_at_once() {
    for server in TestServer::each() {
        let (ada, bob) = (server.enrol("ada"), server.enrol("bob"));
        server.installation.sql("UPDATE users SET is_active = FALSE WHERE username = 'ada'");
        server.get(STATUS, &ada.access).assert_problem(403, "account_disabled");
        server.post("/api/mfa/token/revoke", &ada.access).assert_problem(403, "account_disabled");
        server.installation.sql("DELETE FROM users WHERE username = 'bob'");
        server.get(STATUS, &bob.access).assert_problem(401, "token_invalid");
        server.verify(&bob.access, &bob.code(server.now())).assert_problem(401, "token_invalid");
        server.post("/api/mfa/totp/enroll/start", &bob.access).assert_problem(401, "token_invalid");
    }
}

#[test]
fn the_documented_emergency_sql_disables_mfa_for_the_user() {
    for server in TestServer::each() {
        let id = server.add_user_with_password("ada", "correct horse battery");
        let ada = server.enrol_user(id);
        assert_eq!(server.login("ada", "correct horse battery").send().ok()["mfa_required"], true);
        server.installation.sql("UPDATE users SET is_totp_enabled = FALSE WHERE username = 'ada'");
        assert_eq!(server.login("ada", "correct horse battery").send().ok()["mfa_required"], false);
        server.verify(&server.pending(id), &ada.code(server.now())).assert_problem(409, "not_enrolled");
    }
}
