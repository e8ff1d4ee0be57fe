//! Tests of time columns without a time zone, beside sessions in the zone of Paris.

use nova_mfa_tests::Installation;

const TABLE: &str = "CREATE TABLE users (id SERIAL PRIMARY KEY, email VARCHAR(255) NOT NULL UNIQUE, \
     username VARCHAR(100) NOT NULL UNIQUE, hashed_password VARCHAR(255) NOT NULL, full_name VARCHAR(255), \
     is_active BOOLEAN, is_superuser BOOLEAN, totp_enrolled_at TIMESTAMP, mfa_lock_until TIMESTAMP, \
     created_at TIMESTAMP, updated_at TIMESTAMP); \
     INSERT INTO users (email, username, hashed_password, is_active) VALUES ('ada@example.com', 'ada', 'x', TRUE)";

#[test]
fn columns_without_a_time_zone_are_named_with_the_statement_that_cures_them() {
    let installation = Installation::postgres(&[]);
    installation.sql(TABLE);
    installation.sql(
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET timezone TO ''Europe/Paris''', current_database()); END $$",
    );
    let migrated = installation.admin(&["migrate", "up"], "");
    assert_eq!(migrated.code, Some(0), "{migrated:?}");
    let warning = migrated.json["warnings"][0].as_str().unwrap_or_else(|| panic!("{migrated:?}")).to_owned();
    for part in ["users.totp_enrolled_at", "users.mfa_lock_until", "Europe/Paris"] {
        assert!(warning.contains(part), "{part} in {warning}");
    }
    let doctor = installation.admin(&["doctor"], "");
    let findings = doctor.json["findings"].as_array().unwrap();
    let finding = findings.iter().find(|it| it["detail"].as_str().unwrap().contains("users.mfa_lock_until"));
    let finding = finding.unwrap_or_else(|| panic!("{doctor:?}"));
    let cure = finding["remedy"].as_str().unwrap().strip_prefix("run as the owner: ").unwrap().to_owned();
    assert!(warning.ends_with(&cure), "{warning}");

    // As printed. Afterwards an operator's 15 minutes are 15 minutes.
    installation.sql(&cure);
    installation.sql("UPDATE users SET mfa_lock_until = now() + interval '15 minutes'");
    let shown = installation.admin(&["user", "show", "--email", "ada@example.com"], "");
    let until = shown.json["lock_until"].as_str().unwrap_or_else(|| panic!("{shown:?}"));
    let until = mfa_core::Timestamp::parse_rfc3339(until).unwrap();
    let now = installation.number("SELECT (extract(epoch FROM now()) * 1000)::bigint");
    let minutes = (until.millis() - now) / 60_000;
    assert!((13..=15).contains(&minutes), "{minutes}");
    let again = installation.admin(&["migrate", "status"], "");
    assert_eq!(again.json["warnings"], serde_json::json!([]), "{again:?}");
    assert!(!installation.admin(&["doctor"], "").json.to_string().contains("without a time zone"));
}

#[test]
fn our_own_columns_have_a_time_zone() {
    for installation in Installation::each(&[]) {
        let migrated = installation.admin(&["migrate", "up"], "");
        assert_eq!(migrated.json["warnings"], serde_json::json!([]), "{migrated:?}");
    }
}
