//! Tests of `mfa-admin doctor`, run as a program.

use nova_mfa_tests::{AdminAnswer, Installation, TestServer};
use serde_json::Value;

#[track_caller]
fn assert_finding(answer: &AdminAnswer, state: &str, detail: &str, remedy: &str) {
    let findings = answer.json["findings"].as_array().unwrap_or_else(|| panic!("{answer:?}"));
    let has = |it: &Value, member: &str, text: &str| it[member].as_str().unwrap_or_default().contains(text);
    let found = findings
        .iter()
        .any(|it| it["state"] == state && has(it, "detail", detail) && has(it, "remedy", remedy));
    assert!(found, "{state}: {detail} in {}", answer.json);
}

#[test]
fn a_healthy_installation_has_no_problems() {
    for server in TestServer::each() {
        server.enrol("ada");
        let answer = server.admin(&["doctor"]);
        assert_eq!(answer.code, Some(0), "{answer:?}");
        assert_finding(&answer, "ok", "all settings are valid (MFA_ENV=development)", "");
        assert_finding(&answer, "ok", "the schema is up to date", "");
        assert_finding(&answer, "ok", "MFA_ENCRYPTION_KEYS contains the keys of this database", "");
        let output = answer.json.to_string();
        assert!(
            !output.contains(nova_mfa_tests::JWT_SECRET) && !output.contains(nova_mfa_tests::ENCRYPTION_KEY)
        );
    }
}

#[test]
fn unencrypted_values_are_reported_with_exit_code_1() {
    for server in TestServer::each() {
        let ada = server.enrol("ada");
        server.installation.sql("UPDATE users SET totp_secret = 'JBSWY3DPEHPK3PXP'");
        let answer = server.admin(&["doctor"]);
        assert_eq!(answer.code, Some(1), "{answer:?}");
        assert_eq!(answer.json["state"], "problem");
        let detail = format!(
            "1 rows have an unencrypted value in totp_secret, which is not used (first user: {})",
            ada.id
        );
        assert_finding(&answer, "problem", &detail, "mfa-admin import nova-python");
        assert!(!answer.json.to_string().contains("JBSWY3DPEHPK3PXP"));
    }
}

#[test]
fn a_missing_schema_is_reported_and_not_created() {
    let installation = Installation::postgres(&[]);
    let answer = installation.admin(&["doctor"], "");
    assert_eq!(answer.code, Some(1), "{answer:?}");
    assert_finding(&answer, "problem", "migrations are pending", "run mfa-admin migrate up");
    let tables = "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'";
    assert_eq!(installation.number(tables), 0, "reading changes nothing");
}

#[test]
fn roles_that_can_restore_spent_codes_are_reported() {
    let server = TestServer::postgres_with(&[]);
    let role = format!("nova_{}", std::process::id());
    server.installation.sql(&format!("CREATE ROLE {role} LOGIN; GRANT UPDATE ON users TO {role}"));
    let answer = server.admin(&["doctor"]);
    server.installation.sql(&format!("REVOKE ALL ON users FROM {role}; DROP ROLE {role}"));
    assert_eq!(answer.code, Some(0), "{answer:?}");
    assert_finding(&answer, "warning", &role, "deploy/postgresql/roles.sql");
}

#[test]
fn the_owner_of_the_table_is_not_reported_as_a_risk() {
    let server = TestServer::postgres_with(&[]);
    let role = format!("owner_{}", std::process::id());
    server.installation.sql(&format!("CREATE ROLE {role} LOGIN; ALTER TABLE users OWNER TO {role}"));
    let answer = server.admin(&["doctor"]);
    server.installation.sql(&format!("ALTER TABLE users OWNER TO CURRENT_USER; DROP ROLE {role}"));
    assert!(!answer.json.to_string().contains(&role), "{answer:?}");
}

#[test]
fn invalid_settings_are_reported() {
    let installation = Installation::sqlite(&[("MFA_BINDD", "x")]);
    let answer = installation.admin(&["doctor"], "");
    assert_eq!(answer.code, Some(1));
    assert_finding(
        &answer,
        "problem",
        "MFA_BINDD in the environment is not a setting",
        "correct it and run mfa-admin doctor again",
    );
}

#[test]
fn a_different_key_with_the_same_id_is_reported() {
    for server in TestServer::each() {
        server.enrol("ada");
        let other = server.stop().with("MFA_ENCRYPTION_KEYS", &format!("test:{}", "A".repeat(43) + "="));
        let answer = other.admin(&["doctor"], "");
        assert_eq!(answer.code, Some(1), "{answer:?}");
        assert_finding(
            &answer,
            "problem",
            "does not contain the keys that encrypted this database",
            "key ring",
        );
    }
}

#[test]
fn novas_own_table_with_integer_ids_is_inspected_too() {
    let installation = Installation::postgres(&[]);
    installation.sql(
        "CREATE TABLE users (id SERIAL PRIMARY KEY, email VARCHAR(255) NOT NULL UNIQUE, \
         username VARCHAR(100) NOT NULL UNIQUE, hashed_password VARCHAR(255) NOT NULL, full_name VARCHAR(255), \
         is_active BOOLEAN, is_superuser BOOLEAN, created_at TIMESTAMP, updated_at TIMESTAMP); \
         INSERT INTO users (email, username, hashed_password) VALUES ('ada@example.com', 'ada', 'x')",
    );
    assert_eq!(installation.admin(&["migrate", "up"], "").code, Some(0));
    installation.sql("UPDATE users SET totp_secret = 'JBSWY3DPEHPK3PXP'");
    let answer = installation.admin(&["doctor"], "");
    assert_finding(
        &answer,
        "problem",
        "1 rows have an unencrypted value in totp_secret",
        "import nova-python",
    );
}
