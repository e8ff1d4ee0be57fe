//! Tests of two versions on one database during an update: unknown fields are kept, and spent codes are spent for both.

use mfa_core::Clock as _;
use mfa_infra::crypto::SystemClock;
use nova_mfa_tests::{Forger, Installation};
use serde_json::Value;

use super::crash::{enrol, log_in, verify};

/// Additive migration, as between two consecutive versions, and a row as the next version writes it.
const NEXT_VERSION: &str = "
    INSERT INTO __diesel_schema_migrations (version) VALUES ('20991231000001');
    ALTER TABLE users ADD COLUMN mfa_of_the_next_version TEXT;
    ALTER TABLE mfa_events ADD COLUMN of_the_next_version TEXT;
    UPDATE users SET mfa_version = mfa_version + 1, mfa_of_the_next_version = 'kept', mfa_internal = ";
const KEPT: &str = "SELECT count(*) FROM users WHERE mfa_of_the_next_version = 'kept' AND ";

#[test]
fn beside_a_newer_version_codes_work_once_failures_count_and_new_fields_are_kept() {
    let json = [
        ("json_set(mfa_internal, '$.next', json('{\"a\":1}'))", "json_extract(mfa_internal, '$.next.a') = 1"),
        ("jsonb_set(mfa_internal, '{next}', '{\"a\":1}')", "mfa_internal -> 'next' ->> 'a' = '1'"),
    ];
    for (installation, (written, read)) in Installation::each(&[]).into_iter().zip(json) {
        let before = installation.start();
        let ada = enrol(&installation, before.client());
        installation.sql(&format!("{NEXT_VERSION}{written}"));
        // As after a rollback, or on a server that is not updated yet.
        let after = installation.start();
        let servers = [before.client(), after.client()];

        let tokens: Vec<_> = servers.map(|it| next_version_of(&log_in(it).field("mfa_token"))).into();
        for n in 0..8 {
            let wrong = ada.wrong_code(SystemClock.now());
            verify(servers[n % 2], &tokens[n % 2], &wrong).assert_problem(401, "invalid_code");
        }
        assert_eq!(installation.number("SELECT mfa_failed_attempts FROM users"), 8, "{}", installation.name);
        let code = ada.code_at(SystemClock.now(), 1);
        verify(servers[0], &tokens[0], &code).ok();
        verify(servers[1], &tokens[0], &code).assert_problem(401, "token_spent");
        verify(servers[1], &tokens[1], &code).assert_problem(401, "invalid_code");
        assert_eq!(installation.number(&format!("{KEPT}{read}")), 1, "{}", installation.name);

        let doctor = installation.admin(&["audit", "verify"], "");
        assert_eq!(doctor.code, Some(0), "{}: {doctor:?}", installation.name);
    }
}

/// Returns the token with an additional claim, as a later version may issue it.
fn next_version_of(token: &str) -> String {
    Forger::like(token).claim("of_the_next_version", Value::from(1)).sign()
}
