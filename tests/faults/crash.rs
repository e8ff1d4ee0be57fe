//! Tests of a killed server: failures and spent codes are kept.

use mfa_core::{Clock as _, Timestamp, UserId};
use mfa_infra::crypto::SystemClock;
use nova_mfa_tests::{Answer, Client, Installation, Member};
use serde_json::json;

pub(super) const PASSWORD: &str = "correct horse battery";

fn now() -> Timestamp {
    SystemClock.now()
}

pub(super) fn log_in(client: Client) -> Answer {
    client.post("/api/auth/login").json(&json!({ "username": "ada", "password": PASSWORD })).send()
}

pub(super) fn verify(client: Client, token: &str, code: &str) -> Answer {
    client.post("/api/mfa/verify/totp").bearer(token).code(code).send()
}

/// Creates the user ada and enrols an app over HTTP.
pub(super) fn enrol(installation: &Installation, client: Client) -> Member {
    let id = UserId::new(installation.admin_creates_user("ada", PASSWORD));
    let token = log_in(client).field("access_token");
    let mut ada =
        Member::from_enrolment(id, &client.post("/api/mfa/totp/enroll/start").bearer(&token).send());
    let confirm = client.post("/api/mfa/totp/enroll/verify").bearer(&token).code(&ada.code(now()));
    ada.access = confirm.send().field("access_token");
    ada
}

#[test]
fn nine_failures_survive_a_kill_and_the_tenth_locks() {
    for installation in Installation::each(&[]) {
        let server = installation.start();
        let ada = enrol(&installation, server.client());
        let pending = log_in(server.client()).field("mfa_token");
        for _ in 0..9 {
            verify(server.client(), &pending, &ada.wrong_code(now())).assert_problem(401, "invalid_code");
        }
        server.kill();

        let server = installation.start();
        verify(server.client(), &pending, &ada.wrong_code(now())).assert_problem(401, "invalid_code");
        let refused = verify(server.client(), &pending, &ada.code(now()));
        refused.assert_problem(403, "account_locked");
        let failures = "SELECT mfa_failed_attempts FROM users";
        assert_eq!(installation.number(failures), 10, "{}", installation.name);
        server.kill();

        let server = installation.start();
        let fresh = log_in(server.client()).field("mfa_token");
        verify(server.client(), &fresh, &ada.code(now())).assert_problem(403, "account_locked");
    }
}

#[test]
fn used_codes_and_spent_or_revoked_tokens_survive_a_kill() {
    for installation in Installation::each(&[]) {
        let server = installation.start();
        let ada = enrol(&installation, server.client());
        let [spent, fresh] = [0; 2].map(|_| log_in(server.client()).field("mfa_token"));
        // The step after the one that confirmed the enrolment. Two steps ahead would be outside the window.
        let code = ada.code_at(now(), 1);
        verify(server.client(), &spent, &code).ok();
        let revoke = server.client().post("/api/mfa/token/revoke").bearer(&ada.access);
        revoke.send().ok();
        server.kill();

        let server = installation.start();
        verify(server.client(), &spent, &code).assert_problem(401, "token_spent");
        verify(server.client(), &fresh, &code).assert_problem(401, "invalid_code");
        let status = server.client().get("/api/mfa/status").bearer(&ada.access).send();
        status.assert_problem(401, "token_revoked");
    }
}

#[test]
fn two_servers_on_one_database_share_failures_locks_and_spent_codes() {
    let installation = Installation::postgres(&[]);
    let servers = [installation.start(), installation.start()];
    let [first, second] = [servers[0].client(), servers[1].client()];
    let ada = enrol(&installation, first);
    let spent = log_in(first).field("mfa_token");
    let code = ada.code_at(now(), 1);
    verify(first, &spent, &code).ok();
    verify(second, &spent, &code).assert_problem(401, "token_spent");
    let pending = log_in(second).field("mfa_token");
    verify(second, &pending, &code).assert_problem(401, "invalid_code");
    for n in 1..10 {
        let client = [first, second][n % 2];
        verify(client, &pending, &ada.wrong_code(now())).assert_problem(401, "invalid_code");
    }
    for client in [first, second] {
        verify(client, &pending, &ada.wrong_code(now())).assert_problem(403, "account_locked");
    }
    assert_eq!(installation.number("SELECT mfa_failed_attempts FROM users"), 10);
    assert_eq!(installation.admin(&["user", "unlock", "--email", "ada@example.com"], "").code, Some(0));
    for client in [first, second] {
        verify(client, &pending, &ada.wrong_code(now())).assert_problem(401, "token_spent");
    }
}
