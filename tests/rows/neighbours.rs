//! Tests of one row that cannot be read, beside rows that can.

use std::error::Error as _;
use std::sync::Arc;

use futures::future::join_all;
use mfa_core::{Phase, StoreErrorKind, UserId, UserQuery};
use mfa_infra::database::DatabaseOptions;
use nova_mfa_tests::{NOON, TestServer, TestStore};
use serde_json::{Value, json};

/// Stores with one committer, so that all users are in the same groups.
fn stores() -> [TestStore; 2] {
    let mut options = DatabaseOptions::default();
    options.committers = 1;
    [TestStore::sqlite_with(&options), TestStore::postgres_with(&options)]
}

/// Runs ten rounds of decisions of all users at once. Asserts that only those of `odd` fail, with this column.
fn flood(store: &TestStore, users: &[UserId], odd: UserId, column: &str) {
    let accounts = store.accounts();
    let name = store.name;
    store.runtime.block_on(async {
        for round in 0..10 {
            let decisions = users.iter().chain([&odd; 3]).map(|user| {
                let accounts = Arc::clone(&accounts);
                async move { (*user, accounts.update(*user, Phase::Begin, |it| it.failures += 1).await) }
            });
            for (user, outcome) in join_all(decisions).await {
                if user != odd {
                    assert_eq!(outcome.expect("a neighbour succeeds"), Some(()), "{name} round {round}");
                    continue;
                }
                let error = outcome.unwrap_err();
                assert_eq!(error.kind(), StoreErrorKind::Corrupt, "{name}: {error:?}");
                let cause = error.source().unwrap().to_string();
                assert!(cause.contains(&format!("user {odd}")) && cause.contains(column), "{name}: {cause}");
            }
        }
    });
    for user in users {
        let failures =
            store.number(&format!("SELECT mfa_failed_attempts FROM users WHERE id = {}", user.value()));
        assert_eq!(failures, 10, "{name}");
    }
}

fn users(store: &TestStore) -> (Vec<UserId>, UserId) {
    let odd = store.add_user("odd");
    ((0..8).map(|n| store.add_user(&format!("user{n}"))).collect(), odd)
}

#[test]
fn an_invalid_value_fails_its_owner_alone() {
    for store in stores() {
        let (users, odd) = users(&store);
        let columns: &[(&str, &str)] = if store.name == "SQLite" {
            &[
                ("mfa_lock_until", "'soon'"),
                ("is_totp_enabled", "'perhaps'"),
                ("totp_last_step", "'last'"),
                ("mfa_failed_attempts", "'many'"),
                ("totp_enrolled_at", "x'00'"),
                ("mfa_internal", "'{'"),
                ("mfa_authenticators", "'{'"),
                ("mfa_backup_method", "'mail'"),
            ]
        } else {
            store.sql(
                "ALTER TABLE users ALTER mfa_internal DROP NOT NULL, ALTER mfa_version DROP NOT NULL; \
                 ALTER TABLE users DISABLE TRIGGER USER",
            );
            &[("mfa_internal", "NULL"), ("mfa_backup_method", "'mail'"), ("mfa_version", "NULL")]
        };
        for (column, value) in columns {
            store.sql("UPDATE users SET mfa_failed_attempts = 0, mfa_version = mfa_version + 1");
            store.sql(&format!(
                "UPDATE users SET {column} = {value} {} WHERE id = {}",
                if *column == "mfa_version" { "" } else { ", mfa_version = mfa_version + 1" },
                odd.value()
            ));
            flood(&store, &users, odd, column);
            let query = UserQuery { limit: 50, ..UserQuery::default() };
            let page = store.runtime.block_on(store.database.list(query, NOON)).unwrap().unwrap().users;
            assert_eq!(page.len(), 9, "{}", store.name);
            let row = page.iter().find(|it| it.user == odd).unwrap();
            assert_eq!(row.unreadable.as_deref(), Some(*column), "{}", store.name);
            assert!(row.lock(NOON).is_some(), "{}", store.name);
            assert_eq!(
                store.runtime.block_on(store.database.totals(NOON)).unwrap().users,
                9,
                "{}",
                store.name
            );
            let restored = match *column {
                "mfa_internal" => "'{}'",
                "mfa_authenticators" => "'[]'",
                "mfa_backup_method" => "'none'",
                "is_totp_enabled" => "FALSE",
                "mfa_failed_attempts" | "mfa_version" => "0",
                _ => "NULL",
            };
            // A row whose document is no JSON cannot pass the guard trigger.
            store.sql(&format!(
                "UPDATE users SET {column} = {restored} {} WHERE id = {}",
                if *column == "mfa_version" { "" } else { ", mfa_version = mfa_version + 1" },
                odd.value()
            ));
        }
    }
}

#[test]
fn a_row_that_the_database_refuses_to_read_is_found_by_halving() {
    let mut options = DatabaseOptions::default();
    options.committers = 1;
    let store = TestStore::postgres_with(&options);
    let (users, odd) = users(&store);
    // Stands for any value that the server cannot convert.
    let columns = "SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute \
                   WHERE attrelid = 'users'::regclass AND attnum > 0 AND attname <> 'phone_pending'";
    store.sql(&format!(
        "DO $$ DECLARE names TEXT := ({columns}); BEGIN \
         ALTER TABLE users RENAME TO stored_users; \
         EXECUTE 'CREATE VIEW users AS SELECT ' || names || ', CASE WHEN id = {id} THEN (1 / (id - {id}))::text \
         ELSE phone_pending END AS phone_pending FROM stored_users'; END $$",
        id = odd.value()
    ));
    flood(&store, &users, odd, "phone_pending");
    let read = store.runtime.block_on(store.database.find(odd)).unwrap_err();
    assert_eq!(read.kind(), StoreErrorKind::Corrupt);
    assert!(read.source().unwrap().to_string().contains("phone_pending"), "{read:?}");
}

#[test]
fn a_list_and_statistics_survive_a_row_that_the_database_refuses_to_read() {
    let store = TestStore::postgres();
    let (users, odd) = users(&store);
    for column in ["email", "mfa_enforced", "mfa_lock_until"] {
        let names = format!(
            "SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute \
             WHERE attrelid = 'users'::regclass AND attnum > 0 AND attname <> '{column}'"
        );
        store.sql(&format!(
            "DO $$ DECLARE names TEXT := ({names}); kind TEXT := (SELECT format_type(atttypid, NULL) FROM pg_attribute \
             WHERE attrelid = 'users'::regclass AND attname = '{column}'); BEGIN \
             ALTER TABLE users RENAME TO stored_users; \
             EXECUTE format('CREATE VIEW users AS SELECT %s, CASE WHEN id = {id} AND 1 / (id - {id}) > 0 THEN NULL::%s \
             ELSE {column} END AS {column} FROM stored_users', names, kind); END $$",
            id = odd.value()
        ));
        let query = UserQuery { limit: 50, ..UserQuery::default() };
        let page = store.runtime.block_on(store.database.list(query, NOON)).unwrap().unwrap().users;
        assert_eq!(page.len(), users.len() + 1, "{column}");
        for row in &page {
            let expected = (row.user == odd).then_some(column);
            assert_eq!(row.unreadable.as_deref(), expected, "{column}: {row:?}");
        }
        let totals = store.runtime.block_on(store.database.totals(NOON)).unwrap();
        assert_eq!(totals.users, 9, "{column}");
        let facts = store.location.examine();
        if let Ok(facts) = facts {
            assert!(facts.unreadable.iter().any(|it| it.column == column), "{column}: {facts:?}");
        }
        store.sql("DROP VIEW users; ALTER TABLE stored_users RENAME TO users");
    }
}

#[test]
fn commands_survive_an_invalid_row_and_name_it() {
    for server in TestServer::each() {
        let name = server.name();
        let (ada, bob) = (server.enrol("ada"), server.enrol("bob"));
        let (column, value) =
            if name == "SQLite" { ("mfa_lock_until", "'soon'") } else { ("mfa_backup_method", "'mail'") };
        server.installation.sql(&format!("UPDATE users SET {column} = {value} WHERE username = 'bob'"));

        server.verify(&server.pending(ada.id), &ada.code(server.now())).ok();
        server.get("/api/mfa/status", &bob.access).assert_problem(500, "internal_error");
        assert!(
            server.log_contains(&format!("cannot read user {}: the value of column {column}", bob.id)),
            "{name}"
        );

        let listed = server.admin(&["user", "list"]);
        assert_eq!(listed.json["users"][0]["unreadable"], Value::Null, "{listed:?}");
        assert_eq!(listed.json["users"][1]["unreadable"], json!(column), "{listed:?}");
        let exported = server.admin(&["export", "otpauth", "out.csv"]);
        assert_eq!((exported.code, &exported.json["exported"]), (Some(1), &json!(1)), "{name}: {exported:?}");
        assert_eq!(exported.json["unreadable"][0]["user_id"], json!(bob.id), "{exported:?}");
        assert!(exported.json["unreadable"][0]["why"].as_str().unwrap().contains(column), "{exported:?}");
        let enforced = server.admin(&["user", "enforce", "on", "--email", "bob@example.com"]);
        assert_eq!(enforced.code, Some(1), "{enforced:?}");
        assert!(enforced.stderr.contains(column), "{enforced:?}");
        let audit = server.admin(&["audit", "verify"]);
        assert_eq!(audit.json["intact"], json!(true), "{name}: {audit:?}");
        let doctor = server.admin(&["doctor"]);
        assert_eq!(doctor.code, Some(1), "{doctor:?}");
        let finding = format!(
            "1 rows cannot be read because of {column}: their users get errors (first user: {})",
            bob.id
        );
        assert!(doctor.json.to_string().contains(&finding), "{doctor:?}");
    }
}

#[test]
fn the_audit_names_a_user_whose_document_is_damaged() {
    for server in TestServer::each() {
        let name = server.name();
        let (ada, bob) = (server.enrol("ada"), server.enrol("bob"));
        server.verify(&server.pending(ada.id), &ada.code(server.now())).ok();
        server.verify(&server.pending(bob.id), &bob.code(server.now())).ok();
        let damaged = if name == "SQLite" { "'{'" } else { "'{\"chain\": {\"n\": \"many\", \"mac\": 7}}'" };
        server.installation.sql(&format!(
            "UPDATE users SET mfa_internal = {damaged}, mfa_version = mfa_version + 1 WHERE username = 'bob'"
        ));
        let audit = server.admin(&["audit", "verify"]);
        assert_eq!(audit.code, Some(1), "{name}: {audit:?}");
        let findings = audit.json["findings"].as_array().unwrap();
        assert_eq!(findings.len(), 1, "{name}: {audit:?}");
        assert_eq!(findings[0]["user_id"], json!(bob.id), "{name}");
        assert_eq!(server.admin(&["keys", "status"]).code, Some(0), "{name}");
    }
}

/// Another program may forbid changes of a row, for example of an archived user.
#[test]
fn a_row_whose_change_the_database_rejects_stops_no_command_for_the_others() {
    for server in TestServer::each() {
        let name = server.name();
        let (ada, bob) = (server.enrol("ada"), server.enrol("bob"));
        server.add_user("cleo");
        let archived = "OLD.username IN ('ada', 'cleo')";
        server.installation.sql(&if name == "SQLite" {
            format!(
                "CREATE TRIGGER archived BEFORE UPDATE ON users WHEN {archived} \
                 BEGIN SELECT RAISE(ABORT, 'user is archived'); END"
            )
        } else {
            format!(
                "CREATE FUNCTION archived() RETURNS TRIGGER LANGUAGE plpgsql AS $$ \
                 BEGIN RAISE EXCEPTION 'user is archived'; END $$; \
                 CREATE TRIGGER archived BEFORE UPDATE ON users FOR EACH ROW WHEN ({archived}) \
                 EXECUTE FUNCTION archived()"
            )
        });
        server.advance(60);
        server.verify(&server.pending(bob.id), &bob.code(server.now())).ok();
        let exported = server.admin(&["export", "otpauth", "out.csv"]);
        assert_eq!((exported.code, &exported.json["exported"]), (Some(1), &json!(1)), "{name}: {exported:?}");
        assert_eq!(exported.json["unreadable"][0]["user_id"], json!(ada.id), "{name}: {exported:?}");
        assert!(exported.json["unreadable"][0]["why"].as_str().unwrap().contains("archived"), "{exported:?}");
        let uri = "otpauth://totp/x?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
        let file = format!("email,username,otpauth_uri\n,cleo,{uri}\neve@example.com,eve,{uri}\n");
        std::fs::write(server.installation.folder().join("in.csv"), file).unwrap();
        let imported = server.admin(&["import", "otpauth", "in.csv", "--create-users"]);
        assert_eq!(imported.code, Some(1), "{name}: {imported:?}");
        let report = imported.json.to_string();
        assert!(report.contains("rejected_row") && report.contains("user is archived"), "{name}: {report}");
        assert_eq!(imported.json["created"], json!(1), "{name}: the other row is imported: {report}");
    }
}

#[test]
fn the_log_names_the_user_of_a_write_that_the_database_rejects() {
    let server = TestServer::postgres_with(&[]);
    let ada = server.enrol("ada");
    server.installation.sql("ALTER TABLE users ADD CHECK (mfa_failed_attempts < 1)");
    let refused = server.verify(&server.pending(ada.id), &ada.wrong_code(server.now()));
    assert!(refused.status >= 500, "{refused:?}");
    assert!(server.log_contains(&format!("cannot write user {}", ada.id)));
}
