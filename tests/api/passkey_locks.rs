//! Tests of passkeys and locks: a lock of the policy admits them, one of an operator and the final one do not.

use mfa_passkey::testing::SoftwareAuthenticator;
use nova_mfa_tests::{Member, TestServer};

/// Adds a user with an app and a passkey.
fn enrol(server: &TestServer, device: &mut SoftwareAuthenticator) -> Member {
    let ada = server.enrol("ada");
    server.register_passkey(&server.token(ada.id, mfa_flows::TokenKind::TwoFactors), device).ok();
    server.advance(60);
    ada
}

/// Returns a time of this database, this many seconds from the start of the clocks.
fn time(server: &TestServer, seconds: i64) -> String {
    let seconds = nova_mfa_tests::NOON.seconds() + seconds;
    if server.name() == "PostgreSQL" {
        format!("to_timestamp({seconds})")
    } else {
        format!("{seconds} * 1000")
    }
}

#[test]
fn the_hundredth_wrong_code_locks_out_the_passkey_too_until_an_administrator_unlocks() {
    for server in TestServer::each() {
        let mut device = SoftwareAuthenticator::new(1);
        let ada = enrol(&server, &mut device);
        for round in 1..10 {
            server.fail(&ada, 10);
            let pending = server.pending(ada.id);
            server.verify_passkey(&pending, &mut device).ok();
            assert_eq!(server.failures(ada.id), round * 10, "{}: no fresh tries", server.name());
            server.advance(24 * 60 * 60);
        }
        let before = server.pending(ada.id);
        let assertion = server.assertion(&before, &mut device);
        server.fail(&ada, 10);
        server.verify_assertion(&before, &assertion).assert_problem(403, "account_locked");
        let pending = server.pending(ada.id);
        server.post("/api/mfa/verify/passkey/start", &pending).assert_problem(403, "account_locked");
        server.advance(1);
        assert_eq!(server.admin(&["user", "unlock", "--email", "ada@example.com"]).code, Some(0));
        server.verify_passkey(&server.pending(ada.id), &mut device).ok();
    }
}

#[test]
fn a_lock_that_an_operator_sets_refuses_an_assertion_that_was_started_before() {
    for server in TestServer::each() {
        let mut device = SoftwareAuthenticator::new(1);
        let ada = enrol(&server, &mut device);
        // With and without a lock of the policy, which the operator extends.
        for failures in [0, 10] {
            server.fail(&ada, failures);
            let pending = server.pending(ada.id);
            let assertion = server.assertion(&pending, &mut device);
            let lock = format!(
                "UPDATE users SET mfa_failed_attempts = 10, mfa_lock_until = {}",
                time(&server, 9000)
            );
            server.installation.sql(&lock);
            server.verify_assertion(&pending, &assertion).assert_problem(403, "account_locked");
            let methods = server.get("/api/mfa/methods", &server.pending(ada.id)).ok();
            assert_eq!(methods["methods"][0]["available"], false, "{}: {failures}", server.name());
            let unlock = "UPDATE users SET mfa_failed_attempts = 0, mfa_lock_until = NULL";
            server.installation.sql(unlock);
            server.advance(1);
            server.verify_passkey(&server.pending(ada.id), &mut device).ok();
        }
    }
}

#[test]
fn a_lock_leaves_neither_a_step_up_nor_a_change_of_passkeys_to_a_session_but_by_passkey() {
    for server in TestServer::each() {
        let mut device = SoftwareAuthenticator::synced(1);
        let ada = enrol(&server, &mut device);
        let session = server.verify_passkey(&server.pending(ada.id), &mut device).field("access_token");
        server.fail(&ada, 10);
        let fresh = server.verify_passkey(&session, &mut device).ok();
        assert_eq!(fresh["method"], "passkey", "{}", server.name());
        let code = ada.code(server.now());
        server.verify(&session, &code).assert_problem(403, "account_locked");
        let register = server.post("/api/mfa/passkeys/register/start", &session);
        register.assert_problem(403, "account_locked");
    }
}
