//! Tests of times that an operator wrote: infinite ones, and texts and fractions in SQLite.

use mfa_core::{Lock, Timestamp};
use mfa_flows::TokenKind;
use nova_mfa_tests::{NOON, TestServer, TestStore};
use serde_json::{Value, json};

#[test]
fn an_infinite_lock_lasts_until_an_administrator_ends_it() {
    for server in TestServer::each() {
        let name = server.name();
        let ada = server.enrol("ada");
        server.installation.sql("UPDATE users SET mfa_lock_until = 'infinity' WHERE username = 'ada'");

        let status = server.get("/api/mfa/status", &ada.access).ok();
        assert_eq!((&status["locked"], &status["lock_until"]), (&json!(true), &Value::Null), "{name}");
        let refused = server.verify(&server.pending(ada.id), &ada.code(server.now()));
        refused.assert_problem(403, "account_locked");
        assert_eq!(refused.header("retry-after"), None, "{name}");

        let listed = server.admin(&["user", "list"]);
        let row = &listed.json["users"][0];
        assert_eq!((&row["locked"], &row["lock_until"]), (&json!(true), &Value::Null), "{listed:?}");
        let shown = server.admin(&["user", "show", "--email", "ada@example.com"]);
        assert_eq!(
            (&shown.json["locked"], &shown.json["lock_until"]),
            (&json!(true), &Value::Null),
            "{name}"
        );
        let (_, text) = server.installation.admin_text(&["user", "list"]);
        assert!(text.contains("locked until unlocked by an administrator"), "{name}: {text}");
        assert!(!text.contains("2942"), "{name}: {text}");

        assert_eq!(server.admin(&["user", "unlock", "--email", "ada@example.com"]).code, Some(0), "{name}");
        server.verify(&server.pending(ada.id), &ada.code(server.now())).ok();
    }
}

#[test]
fn minus_infinity_is_no_lock() {
    for server in TestServer::each() {
        let ada = server.enrol("ada");
        server.installation.sql("UPDATE users SET mfa_lock_until = '-infinity'");
        let status = server.get("/api/mfa/status", &ada.access).ok();
        assert_eq!((&status["locked"], &status["lock_until"]), (&json!(false), &Value::Null));
        server.verify(&server.pending(ada.id), &ada.code(server.now())).ok();
    }
}

#[test]
fn every_time_column_may_be_infinite() {
    for server in TestServer::each() {
        let name = server.name();
        let ada = server.enrol("ada");
        for infinity in ["infinity", "-infinity"] {
            for column in [
                "totp_pending_expires_at",
                "totp_enrolled_at",
                "phone_verified_at",
                "recovery_codes_generated_at",
                "mfa_last_success_at",
            ] {
                // As this service does, which the guard trigger lets pass.
                server
                    .installation
                    .sql(&format!("UPDATE users SET {column} = '{infinity}', mfa_version = mfa_version + 1"));
                let context = format!("{name} {column} {infinity}");
                let status = server.get("/api/mfa/status", &ada.access);
                assert_eq!(status.status, 200, "{context}: {status:?}");
                let listed = server.admin(&["user", "list"]);
                assert_eq!(listed.code, Some(0), "{context}: {listed:?}");
                server.advance(60);
                server.verify(&server.pending(ada.id), &ada.code(server.now())).ok();
                server
                    .installation
                    .sql(&format!("UPDATE users SET {column} = NULL, mfa_version = mfa_version + 1"));
            }
        }
        assert_eq!(server.admin(&["doctor"]).code, Some(0), "{name}");
    }
}

#[test]
fn sqlite_reads_texts_and_fractions_as_times() {
    let store = TestStore::sqlite();
    let ada = store.add_user("ada");
    let lock = |value: &str| {
        // Past the guard trigger, which keeps the later of two locks.
        store.sql(&format!("UPDATE users SET mfa_lock_until = {value}, mfa_version = mfa_version + 1"));
        store.runtime.block_on(store.database.find(ada)).map(|account| account.unwrap().lock(NOON))
    };
    let end = Timestamp::from_seconds(1_900_000_000);
    for (value, expected) in [
        ("'2030-03-17 17:46:40'", Some(Lock::Until(end))),
        ("'2030-03-17T17:46:40Z'", Some(Lock::Until(end))),
        ("'2030-03-17 19:46:40+02:00'", Some(Lock::Until(end))),
        ("datetime(1900000000, 'unixepoch')", Some(Lock::Until(end))),
        ("1900000000000.5", Some(Lock::Until(end))),
        ("1900000000", Some(Lock::Until(end))),
        ("1900000000.25", Some(Lock::Until(Timestamp::from_millis(1_900_000_000_250)))),
        ("unixepoch('2030-03-17 17:46:40')", Some(Lock::Until(end))),
        ("'Infinity'", Some(Lock::UntilAdministrator)),
        ("9e999", Some(Lock::UntilAdministrator)),
        ("9223372036854775807", Some(Lock::UntilAdministrator)),
        ("'-infinity'", None),
        ("-9e999", None),
        ("'2020-01-01'", None),
        ("''", None),
        ("NULL", None),
    ] {
        assert_eq!(lock(value).unwrap(), expected, "{value}");
    }
    // A text that is no time locks the account: nobody knows until when.
    for value in ["'soon'", "'now'", "x'00ff'", "'2030-99-99'"] {
        let error = lock(value).unwrap_err();
        let cause = std::error::Error::source(&error).unwrap().to_string();
        assert!(
            cause.contains("mfa_lock_until") && cause.contains(&format!("user {ada}")),
            "{value}: {cause}"
        );
    }
}

#[test]
fn an_unlock_ends_a_lock_that_cannot_be_read_and_a_reset_cures_every_column() {
    for server in TestServer::each() {
        let name = server.name();
        let is_sqlite = server.name() == "SQLite";
        let ada = server.enrol("ada");
        let broken = |column: &str, value: &str| {
            let token = server.token(ada.id, TokenKind::OneFactor);
            server
                .installation
                .sql(&format!("UPDATE users SET {column} = {value}, mfa_version = mfa_version + 1"));
            server.get("/api/mfa/status", &token).assert_problem(500, "internal_error");
            token
        };
        let run = |command: &str| {
            let done = server.admin(&["user", command, "--user-id", &ada.id.to_string(), "--yes"]);
            assert_eq!(done.code, Some(0), "{name}: {done:?}");
        };
        let locks: &[(&str, &str)] = if is_sqlite {
            &[
                ("mfa_lock_until", "'2026-13-45'"),
                ("mfa_lock_until", "x'00ff'"),
                ("mfa_failed_attempts", "'many'"),
            ]
        } else {
            &[]
        };
        for (column, value) in locks {
            drop(broken(column, value));
            let done = server.admin(&["user", "unlock", "--user-id", &ada.id.to_string()]);
            assert_eq!(done.code, Some(0), "{name} {column} {value}: {done:?}");
            let status = server.get("/api/mfa/status", &ada.access).ok();
            assert_eq!(status["locked"], json!(false), "{name} {column} {value}");
        }
        // An unlock replaces nothing but the lock.
        drop(broken("mfa_internal", "'[]'"));
        let refused = server.admin(&["user", "unlock", "--user-id", &ada.id.to_string()]);
        assert_ne!(refused.code, Some(0), "{name}: {refused:?}");
        run("reset");
        let mut columns = vec![
            ("mfa_internal", "'[]'"),
            ("mfa_internal", "'\"x\"'"),
            ("mfa_internal", "'{\"sv\": \"many\"}'"),
            ("mfa_internal", "'{\"chain\": {\"n\": \"7\"}}'"),
            ("mfa_backup_method", "'pigeon'"),
        ];
        if is_sqlite {
            columns.extend([
                ("mfa_internal", "'{'"),
                ("is_totp_enabled", "'perhaps'"),
                ("totp_last_step", "'soon'"),
                ("phone_verified_at", "'soon'"),
            ]);
        }
        for (column, value) in columns {
            server.advance(60);
            let old = broken(column, value);
            run("reset");
            let token = server.token(ada.id, TokenKind::OneFactor);
            let status = server.get("/api/mfa/status", &token).ok();
            assert_eq!(status["totp_enabled"], json!(false), "{name} {column} {value}");
            server.get("/api/mfa/status", &old).assert_problem(401, "token_revoked");
        }
        let verified = server.admin(&["audit", "verify"]);
        assert_eq!(verified.code, Some(0), "{name}: {verified:?}");
        assert_eq!(server.admin(&["doctor"]).code, Some(0), "{name}");
    }
}

/// A count that another program wrote. The column of PostgreSQL is an `INTEGER`.
#[test]
fn any_count_of_failures_counts_on_and_the_hundredth_locks() {
    for server in TestServer::each() {
        let name = server.name();
        let ada = server.enrol("ada");
        for (count, is_locked) in [("2147483647", true), ("99", true), ("-2147483648", false), ("-1", false)]
        {
            server.installation.sql(&format!(
                "UPDATE users SET mfa_failed_attempts = {count}, mfa_lock_until = NULL, mfa_version = mfa_version + 1"
            ));
            server.advance(60);
            let refused = server.verify(&server.pending(ada.id), "000000");
            refused.assert_problem(401, "invalid_code");
            let status = server.get("/api/mfa/status", &ada.access).ok();
            assert_eq!(status["locked"], json!(is_locked), "{name}: {count}");
            let listed = server.admin(&["user", "show", "--email", "ada@example.com"]);
            assert_eq!(listed.code, Some(0), "{name}: {count}: {listed:?}");
            assert_eq!(
                server.admin(&["user", "unlock", "--email", "ada@example.com"]).code,
                Some(0),
                "{name}"
            );
        }
    }
}
