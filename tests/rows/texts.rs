//! Tests of texts: absent, empty, padded, and of another type.

use mfa_core::UserQuery;
use nova_mfa_tests::{Installation, NOON, TestServer, TestStore};
use serde_json::{Value, json};

const PASSWORD: &str = "correct horse battery";

fn uri() -> &'static str {
    "otpauth://totp/Old:x?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
}

#[test]
fn a_row_without_texts_is_listed_with_empty_names_and_the_others_work() {
    let server = TestServer::postgres_with(&[]);
    server.add_user_with_password("ada", PASSWORD);
    server.installation.sql(
        "ALTER TABLE users ALTER email DROP NOT NULL, ALTER username DROP NOT NULL, \
         ALTER hashed_password DROP NOT NULL, ALTER is_active DROP NOT NULL; \
         INSERT INTO users (email, username, hashed_password, is_active) VALUES (NULL, NULL, NULL, NULL), \
         ('bob@example.com', 'bob', NULL, TRUE), ('', '', '', TRUE), (NULL, 'eve', '', TRUE)",
    );
    server.login("ada", PASSWORD).send().ok();
    for name in ["bob", "bob@example.com", "eve", "nobody"] {
        server.login(name, PASSWORD).send().assert_problem(401, "invalid_credentials");
    }
    let listed = server.admin(&["user", "list"]);
    assert_eq!(listed.code, Some(0), "{listed:?}");
    let names: Vec<_> =
        listed.json["users"].as_array().unwrap().iter().map(|it| (&it["username"], &it["email"])).collect();
    let (empty, ada, bob) = (json!(""), json!("ada"), json!("bob"));
    let (ada_mail, bob_mail, eve) = (json!("ada@example.com"), json!("bob@example.com"), json!("eve"));
    assert_eq!(
        names,
        [(&ada, &ada_mail), (&empty, &empty), (&bob, &bob_mail), (&empty, &empty), (&eve, &empty)]
    );
    let file = server.installation.folder().join("in.csv");
    std::fs::write(&file, format!("email,username,otpauth_uri\nbob@example.com,,{0}\n,eve,{0}\n", uri()))
        .unwrap();
    let imported = server.admin(&["import", "otpauth", "in.csv"]);
    assert_eq!((imported.code, &imported.json["imported"]), (Some(0), &json!(2)), "{imported:?}");
    assert_eq!(server.admin(&["export", "otpauth", "out.csv"]).code, Some(0));
    let dry = server.admin(&["import", "nova-python", "--dry-run"]);
    assert_eq!(dry.json["rows"].as_array().map(Vec::len), Some(5), "{dry:?}");
    assert_eq!(dry.json["rows"][1]["email"], json!(""), "{dry:?}");
}

#[test]
fn columns_of_fixed_length_are_read_without_their_padding() {
    let installation = Installation::postgres(&[("MFA_MAX_CLOCK_SKEW", "0")]);
    installation.sql(
        "CREATE TABLE users (id SERIAL PRIMARY KEY, email CHAR(80) UNIQUE, username CHAR(40) UNIQUE, \
         hashed_password CHAR(200), full_name CHAR(40), is_active BOOLEAN, is_superuser BOOLEAN, \
         created_at TIMESTAMP, updated_at TIMESTAMP)",
    );
    let server = TestServer::start(installation);
    let ada = server.add_user_with_password("ada", PASSWORD);
    for name in ["ada", "ada@example.com", "ADA@Example.com", " ada "] {
        server.login(name, PASSWORD).send().ok();
    }
    server.login("ada", "another password").send().assert_problem(401, "invalid_credentials");
    let listed = server.admin(&["user", "list"]);
    assert_eq!(listed.json["users"][0]["username"], "ada", "{listed:?}");
    assert_eq!(listed.json["users"][0]["email"], "ada@example.com", "{listed:?}");
    let shown = server.admin(&["user", "show", "--email", "ada@example.com"]);
    assert_eq!(shown.json["user_id"], json!(ada), "{shown:?}");
    let file = server.installation.folder().join("in.csv");
    std::fs::write(&file, format!("email,username,otpauth_uri\nAda@example.com,ada,{}\n", uri())).unwrap();
    let imported = server.admin(&["import", "otpauth", "in.csv"]);
    assert_eq!((imported.code, &imported.json["imported"]), (Some(0), &json!(1)), "{imported:?}");
}

#[test]
fn sqlite_values_of_another_type_are_read() {
    let store = TestStore::sqlite();
    let ada = store.add_user("ada");
    let find = || store.runtime.block_on(store.database.find(ada)).unwrap().unwrap();
    store.sql(
        "UPDATE users SET username = CAST(x'616461000000' AS TEXT), email = 'ada@example.com   ', full_name = x'4100', \
         is_superuser = 'true', mfa_enforced = 'yes', is_active = 'on'",
    );
    let account = find();
    assert_eq!((account.username.as_str(), account.email.as_str()), ("ada", "ada@example.com"));
    assert!(account.is_superuser && account.mfa_enforced && account.is_active);
    store.sql("UPDATE users SET username = 4711, is_superuser = 'f', mfa_enforced = 0.0");
    let account = find();
    assert_eq!(account.username, "4711");
    assert!(!account.is_superuser && !account.mfa_enforced);
    let found = store.runtime.block_on(store.database.find_credentials("4711")).unwrap();
    assert_eq!(found.map(|it| it.user), Some(ada));
    store.sql("UPDATE users SET totp_secret = x'0011', is_totp_enabled = '1'");
    assert!(find().has_totp(), "a secret that cannot be unsealed is a factor that no code passes");
    store.sql("UPDATE users SET mfa_lock_until = '', totp_pending_expires_at = ' '");
    assert_eq!(find().lock_until, None, "an empty text is no time");

    // Bytes that are no UTF-8.
    let bob = store.add_user("bob");
    for (column, value) in
        [("email", "x'ff'"), ("username", "CAST(x'c328' AS TEXT)"), ("mfa_internal", "x'fe'")]
    {
        let old = if column == "mfa_internal" { "'{}'".to_owned() } else { format!("'{column}'") };
        let set = |value: &str| {
            store.sql(&format!(
                "UPDATE users SET {column} = {value}, mfa_version = mfa_version + 1 WHERE id = {}",
                ada.value()
            ));
        };
        set(value);
        let error = store.runtime.block_on(store.database.find(ada)).unwrap_err();
        let cause = std::error::Error::source(&error).unwrap().to_string();
        assert!(cause.contains(column), "{cause}");
        let query = UserQuery { limit: 9, ..UserQuery::default() };
        let page = store.runtime.block_on(store.database.list(query, NOON)).unwrap().unwrap().users;
        assert_eq!((page.len(), page[1].user, page[1].username.as_str()), (2, bob, "bob"), "{column}");
        assert_eq!(page[0].unreadable.as_deref(), Some(column));
        let names = store.runtime.block_on(store.database.usernames(vec![ada, bob])).unwrap();
        assert_eq!(names.get(&bob).map(String::as_str), Some("bob"), "{column}");
        let emails = ["ada@example.com", "bob@example.com"].map(str::to_owned).to_vec();
        let found = store.runtime.block_on(store.database.find_all(emails, vec!["4711".to_owned()])).unwrap();
        assert!(found.iter().any(|it| it.user == bob), "{column}: {found:?}");
        set(&old);
    }
}

#[test]
fn files_of_other_programs_are_imported_by_the_command() {
    for server in TestServer::each() {
        let name = server.name();
        server.add_user("zoé");
        server.add_user("bob");
        let write = |file: &str, bytes: &[u8]| {
            std::fs::write(server.installation.folder().join(file), bytes).unwrap();
        };
        let mut excel = b"email;username;otpauth_uri\r\n;zo\xe9;".to_vec();
        excel.extend_from_slice(uri().as_bytes());
        write("excel.csv", &excel);
        let imported = server.admin(&["import", "otpauth", "excel.csv"]);
        assert_eq!((imported.code, &imported.json["imported"]), (Some(0), &json!(1)), "{name}: {imported:?}");

        let row = json!({ "email": " BOB@example.com", "otpauth_uri": uri() });
        write("bom.jsonl", format!("\u{feff}{row}\n").as_bytes());
        let imported = server.admin(&["import", "otpauth", "bom.jsonl"]);
        assert_eq!((imported.code, &imported.json["imported"]), (Some(0), &json!(1)), "{name}: {imported:?}");

        let utf16: Vec<u8> = format!("\u{feff}{row}\n").encode_utf16().flat_map(u16::to_le_bytes).collect();
        for (file, words) in [
            ("wide.jsonl", ["import", "otpauth", "wide.jsonl"].as_slice()),
            ("wide.csv", &["import", "otpauth", "wide.csv"]),
            ("wide.log", &["audit", "verify", "--log", "wide.log"]),
        ] {
            write(file, &utf16);
            let refused = server.admin(words);
            assert_eq!(refused.code, Some(1), "{name} {file}: {refused:?}");
            assert!(refused.stderr.contains("UTF-16"), "{name} {file}: {refused:?}");
            assert_eq!(refused.json["rows"], Value::Null, "{name} {file}");
        }
    }
}

/// SQLite stores any bytes as text.
#[test]
fn a_full_name_that_cannot_be_read_is_named_and_hides_nothing_else() {
    let server = TestServer::start(Installation::sqlite(&[("MFA_MAX_CLOCK_SKEW", "0")]));
    let ada = server.enrol("ada");
    server.add_user("bob");
    for odd in ["x'ff00fe'", "CAST(x'c328' AS TEXT)"] {
        server.installation.sql(&format!("UPDATE users SET full_name = {odd} WHERE username = 'ada'"));
        let listed = server.admin(&["user", "list"]);
        let rows = listed.json["users"].as_array().unwrap();
        assert_eq!((listed.code, rows.len()), (Some(0), 2), "{listed:?}");
        assert_eq!(
            (&rows[0]["username"], &rows[0]["email"]),
            (&json!("ada"), &json!("ada@example.com")),
            "{listed:?}"
        );
        assert_eq!(rows[0]["totp_enabled"], json!(true), "{listed:?}");
        assert!(rows[0].to_string().contains("full_name"), "{odd}: {listed:?}");
        assert!(!rows[1].to_string().contains("cannot"), "{listed:?}");
        let (_, text) = server.installation.admin_text(&["doctor"]);
        let expected = format!(
            "1 rows have a full_name that cannot be read: lists leave it out (first user: {})",
            ada.id
        );
        assert!(text.contains(&expected), "{odd}: {text}");
        server.verify(&server.pending(ada.id), &ada.code(server.now())).ok();
        server.advance(60);
    }
}
