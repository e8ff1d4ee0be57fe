//! Tests of an enrolment that replaces an active authenticator app.

use nova_mfa_tests::{Member, TestServer};

const START: &str = "/api/mfa/totp/enroll/start";
const CONFIRM: &str = "/api/mfa/totp/enroll/verify";

#[test]
fn the_active_secret_stays_active_until_the_new_one_is_confirmed() {
    for server in TestServer::each() {
        let old = server.enrol("ada");
        let access = server.verify(&server.pending(old.id), &old.code(server.now())).field("access_token");
        let first = Member::from_enrolment(old.id, &server.post(START, &access));
        let second = Member::from_enrolment(old.id, &server.post(START, &access));
        server.advance(60);
        for new in [&first, &second] {
            server
                .verify(&server.pending(old.id), &new.code(server.now()))
                .assert_problem(401, "invalid_code");
        }
        server.verify(&server.pending(old.id), &old.code(server.now())).ok();

        server.send_code(CONFIRM, &access, &second.code(server.now())).ok();
        server.advance(60);
        server.verify(&server.pending(old.id), &old.code(server.now())).assert_problem(401, "invalid_code");
        server.verify(&server.pending(old.id), &second.code(server.now())).ok();
    }
}

#[test]
fn confirming_a_replacement_neither_counts_nor_clears_failures() {
    for server in TestServer::each() {
        let old = server.enrol("ada");
        let access = server.verify(&server.pending(old.id), &old.code(server.now())).field("access_token");
        server.fail(&old, 3);
        let new = Member::from_enrolment(old.id, &server.post(START, &access));
        for _ in 0..2 {
            server
                .send_code(CONFIRM, &access, &new.wrong_code(server.now()))
                .assert_problem(401, "invalid_code");
        }
        assert_eq!(server.failures(old.id), 3, "{}", server.name());
        server.send_code(CONFIRM, &access, &new.code(server.now())).ok();
        assert_eq!(server.failures(old.id), 3, "{}", server.name());
    }
}

#[test]
fn a_replacement_revokes_every_token_except_the_one_it_returns() {
    for server in TestServer::each() {
        let old = server.enrol("ada");
        let access = server.verify(&server.pending(old.id), &old.code(server.now())).field("access_token");
        let waiting = server.pending(old.id);
        let new = Member::from_enrolment(old.id, &server.post(START, &access));
        let fresh = server.send_code(CONFIRM, &access, &new.code(server.now())).field("access_token");
        server.advance(60);
        for ended in [&access, &old.access] {
            server.get("/api/mfa/status", ended).assert_problem(401, "token_revoked");
        }
        server.verify(&waiting, &new.code(server.now())).assert_problem(401, "token_revoked");
        server.get("/api/mfa/status", &fresh).ok();
    }
}
