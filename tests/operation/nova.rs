//! Tests of the in-place import of accounts of the Python service.

use mfa_core::{Clock as _, SecretBytes, UserId};
use mfa_infra::crypto::SystemClock;
use nova_mfa_tests::{AdminAnswer, Installation, Member, ServerProcess};
use serde_json::{Value, json};

/// Secret of 160 bits, as pyotp generates it.
const SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

/// Table of the Python service, with eighteen factor columns as `SQLAlchemy` creates them.
const TABLE: &str = "CREATE TABLE users (id SERIAL PRIMARY KEY, email VARCHAR(255) NOT NULL UNIQUE, \
    username VARCHAR(100) NOT NULL UNIQUE, hashed_password VARCHAR(255) NOT NULL, full_name VARCHAR(255), \
    is_active BOOLEAN DEFAULT true, is_superuser BOOLEAN DEFAULT false, mfa_enforced BOOLEAN NOT NULL DEFAULT false, \
    is_totp_enabled BOOLEAN NOT NULL DEFAULT false, totp_secret VARCHAR(255), totp_enrolled_at TIMESTAMP, \
    phone_number VARCHAR(255), is_phone_verified BOOLEAN NOT NULL DEFAULT false, phone_verified_at TIMESTAMP, \
    mfa_backup_method VARCHAR(20), recovery_codes JSONB, recovery_codes_generated_at TIMESTAMP, \
    mfa_failed_attempts INTEGER NOT NULL DEFAULT 0, mfa_lock_until TIMESTAMP, mfa_last_success_at TIMESTAMP, \
    mfa_last_method VARCHAR(20), created_at TIMESTAMP DEFAULT now(), updated_at TIMESTAMP DEFAULT now())";

fn bcrypt(text: &str) -> String {
    bcrypt::hash(text, 4).expect("a hash")
}

/// Creates the installation. Ada has an app, a phone and codes, one of them spent. Bob has no factor. Eve has a weak
/// secret and an invalid number. Max has a set of codes in another format.
fn nova() -> Installation {
    let installation = Installation::postgres(&[]);
    installation.sql(TABLE);
    let codes = json!([
        { "hash": bcrypt("A1B2-C3D4"), "used": false },
        { "hash": bcrypt("E5F6-0718"), "used": true, "used_at": "2025-10-16T10:27:26" },
        { "hash": bcrypt("9ABC-DEF0"), "used": false },
    ]);
    let list = json!([bcrypt("AAAA-BBBB"), bcrypt("CCCC-DDDD")]);
    let password = bcrypt("Demo2025!");
    installation.sql(&format!(
        "INSERT INTO users (email, username, hashed_password, mfa_enforced, is_totp_enabled, totp_secret, phone_number, \
         is_phone_verified, mfa_backup_method, recovery_codes) VALUES \
         ('ada@itspirit.com', 'ada', '{password}', true, true, '{SECRET}', '06 12 34 56 12', true, 'SMS', '{codes}'), \
         ('bob@itspirit.com', 'bob', '{password}', false, false, NULL, '', false, NULL, NULL), \
         ('eve@itspirit.com', 'eve', '{password}', false, true, 'GEZDGNBVGY3TQOJQ', '12', true, 'none', '[\"plain\"]'), \
         ('max@itspirit.com', 'max', '{password}', false, true, '{SECRET}', NULL, false, 'none', '{list}')"
    ));
    installation
}

fn import(installation: &Installation, flags: &[&str]) -> AdminAnswer {
    installation.admin(&[&["import", "nova-python"], flags].concat(), "")
}

fn row<'a>(answer: &'a AdminAnswer, email: &str) -> &'a Value {
    let rows = answer.json["rows"].as_array().unwrap_or_else(|| panic!("no rows: {answer:?}"));
    rows.iter().find(|row| row["email"] == email).expect("a row of that address")
}

fn pending(server: &ServerProcess, name: &str) -> String {
    let login = json!({ "username": name, "password": "Demo2025!" });
    server.client().post("/api/auth/login").json(&login).send().field("mfa_token")
}

fn dump(installation: &Installation) -> Vec<u8> {
    installation.stored_bytes()
}

fn holds(stored: &[u8], text: &str) -> bool {
    String::from_utf8_lossy(stored).contains(text)
}

#[test]
fn an_account_of_the_python_service_works_unchanged_after_the_import() {
    let installation = nova();
    let trial = import(&installation, &["--dry-run"]);
    assert_eq!(trial.code, Some(1), "{trial:?}");
    let before = dump(&installation);
    assert!(holds(&before, SECRET), "a dry run changes nothing");

    let answer = import(&installation, &[]);
    assert_eq!(answer.code, Some(1), "Eve's values are refused: {answer:?}");
    assert_eq!(answer.json["rows"], trial.json["rows"], "the dry run reported the result");
    let ada = row(&answer, "ada@itspirit.com");
    assert_eq!(
        (&ada["totp"], &ada["phone"], &ada["recovery_codes"]),
        (&json!("taken"), &json!("taken"), &json!("taken"))
    );
    let bob = row(&answer, "bob@itspirit.com");
    assert_eq!(
        (&bob["totp"], &bob["phone"], &bob["recovery_codes"]),
        (&json!("none"), &json!("none"), &json!("none"))
    );
    let eve = row(&answer, "eve@itspirit.com");
    assert_eq!((&eve["totp"], &eve["recovery_codes"]), (&json!("refused"), &json!("refused")));
    assert!(!holds(&dump(&installation), SECRET), "no secret is left in plain text");
    assert!(
        !format!("{answer:?}").contains("GEZD") && !format!("{answer:?}").contains("$2b$"),
        "none is reported"
    );

    // A second import changes nothing.
    let versions = "SELECT sum(mfa_version) FROM users WHERE username <> 'eve'";
    let version = installation.number(versions);
    let again = import(&installation, &[]);
    assert_eq!(
        (&again.json["taken"], &row(&again, "ada@itspirit.com")["recovery_codes"]),
        (&json!(0), &json!("already"))
    );
    assert_eq!(installation.number(versions), version);

    let server = installation.start();
    // The password with a bcrypt hash, then the code of the app.
    let member = Member {
        id: UserId::new(1),
        secret: SecretBytes::new(b"12345678901234567890".to_vec()),
        access: String::new(),
    };
    let verify = |path: &str, token: &str, code: &str| {
        server.client().post(&format!("/api/mfa/verify/{path}")).bearer(token).code(code).send()
    };
    let granted = verify("totp", &pending(&server, "ada"), &member.code(SystemClock.now()));
    let access = granted.field("access_token");
    assert_eq!(granted.ok()["recovery_codes_left"], 2);
    let status = server.client().get("/api/mfa/status").bearer(&access).send().ok();
    assert_eq!(status["phone"], "+33•••••••12");
    assert_eq!((&status["phone_verified"], &status["backup_method"]), (&json!(true), &json!("sms")));

    // A spent code stays spent. An unspent one works once, and the response recommends a new set.
    verify("recovery", &pending(&server, "ada"), "E5F6-0718").assert_problem(401, "invalid_code");
    let recovered = verify("recovery", &pending(&server, "ada"), " 9ABC-DEF0 ");
    let recovered_access = recovered.field("access_token");
    assert!(recovered.field("warning").contains("ancien système"), "{recovered:?}");
    assert_eq!(recovered.ok()["recovery_codes_left"], 1);
    verify("recovery", &pending(&server, "ada"), "9ABC-DEF0").assert_problem(401, "invalid_code");
    let failures = "SELECT mfa_failed_attempts FROM users WHERE username = 'ada'";
    assert_eq!(installation.number(failures), 1, "one wrong answer since the last success");
    // A set in the list format is imported too.
    verify("recovery", &pending(&server, "max"), "CCCC-DDDD").ok();
    // A new set invalidates the old one.
    let regenerated = server.client().post("/api/mfa/recovery/regenerate").bearer(&recovered_access).send();
    let codes = regenerated.texts("recovery_codes");
    verify("recovery", &pending(&server, "ada"), "A1B2-C3D4").assert_problem(401, "invalid_code");
    let fresh = verify("recovery", &pending(&server, "ada"), &codes[0]).ok();
    assert_eq!((&fresh["recovery_codes_left"], fresh.get("warning")), (&json!(9), None));
}

#[test]
fn columns_with_other_names_are_imported_by_a_map_and_cleared() {
    let installation = Installation::postgres(&[]);
    let table = TABLE
        .replace("totp_secret VARCHAR(255)", "two_fa_secret VARCHAR(64)")
        .replace("is_totp_enabled BOOLEAN", "two_fa_on BOOLEAN")
        .replace("phone_number VARCHAR(255)", "sms_phone VARCHAR(32)")
        .replace("recovery_codes JSONB", "backup_hashes TEXT");
    installation.sql(&table);
    let list = json!([bcrypt("aaaabbbb"), bcrypt("ccccdddd")]).to_string();
    installation.sql(&format!(
        "INSERT INTO users (email, username, hashed_password, two_fa_on, two_fa_secret, sms_phone, is_phone_verified, \
         backup_hashes) VALUES ('ada@itspirit.com', 'ada', '{}', true, '{SECRET}', '0470 12 34 56', true, '{list}')",
        bcrypt("Demo2025!"),
    ));
    let map = "[columns]\ntotp_secret = \"two_fa_secret\"\nis_totp_enabled = \"two_fa_on\"\n\
               phone_number = \"sms_phone\"\nrecovery_codes = \"backup_hashes\"\n\
               [recovery_codes]\ncase = \"lower\"\nbare = true\n[phone]\ncountry = \"BE\"\n";
    std::fs::write(installation.folder().join("map.toml"), map).expect("a file");

    let blind = import(&installation, &[]);
    assert_eq!(blind.code, Some(1), "factors may have been missed: {blind:?}");
    let overlooked = blind.json["overlooked_columns"].as_array().expect("names");
    assert!(
        overlooked.contains(&json!("sms_phone")) && overlooked.contains(&json!("backup_hashes")),
        "{blind:?}"
    );
    let trial = import(&installation, &["--map", "map.toml", "--dry-run"]);
    assert_eq!(trial.code, Some(0), "{trial:?}");
    assert_eq!(installation.number("SELECT count(two_fa_secret) FROM users"), 1);
    let answer = import(&installation, &["--map", "map.toml"]);
    assert_eq!((answer.code, &answer.json["taken"]), (Some(0), &json!(3)), "{answer:?}");
    assert_eq!(answer.json["rows"], trial.json["rows"]);
    let left = "SELECT count(two_fa_secret) + count(sms_phone) + count(backup_hashes) FROM users";
    assert_eq!(installation.number(left), 0, "nothing is left in plain text");
    let again = import(&installation, &["--map", "map.toml"]);
    assert_eq!((again.code, &again.json["taken"]), (Some(0), &json!(0)), "{again:?}");

    let server = installation.start();
    let verify = server.client().post("/api/mfa/verify/recovery").bearer(&pending(&server, "ada"));
    verify.code("AAAA-BBBB").send().ok();
}

#[test]
fn a_dry_run_reports_and_exits_as_the_import_does() {
    let installation = nova();
    assert_eq!(installation.admin(&["migrate", "up"], "").code, Some(0));
    installation.sql(
        "UPDATE users SET recovery_codes = NULL, totp_secret = NULL, is_totp_enabled = false, phone_number = NULL, \
         is_phone_verified = false, mfa_version = mfa_version + 1",
    );
    for (column, value) in
        [("mfa_internal", "'[]'"), ("mfa_internal", "'{\"sv\": \"x\"}'"), ("mfa_authenticators", "'{}'")]
    {
        installation.sql(&format!(
            "UPDATE users SET {column} = {value}, mfa_version = mfa_version + 1 WHERE username = 'bob'"
        ));
        let dry = import(&installation, &["--dry-run"]);
        let real = import(&installation, &[]);
        assert_eq!((dry.code, real.code), (Some(1), Some(1)), "{dry:?} {real:?}");
        let (expected, shown) = (row(&real, "bob@itspirit.com"), row(&dry, "bob@itspirit.com"));
        assert_eq!(shown, expected);
        assert!(
            shown["why"].to_string().contains(&format!("the value of column {column} is invalid")),
            "{shown}"
        );
        installation.sql(
            "UPDATE users SET mfa_internal = '{}', mfa_authenticators = '[]', mfa_version = mfa_version + 1",
        );
    }
    assert_eq!(import(&installation, &["--dry-run"]).code, import(&installation, &[]).code);
}

#[test]
fn codes_that_postgresql_cannot_convert_stop_no_import() {
    let installation = nova();
    let text = "\\u0000";
    installation.sql(&format!(
        "ALTER TABLE users ALTER recovery_codes TYPE json; \
         UPDATE users SET recovery_codes = '[\"{text}\"]' WHERE username = 'bob'"
    ));
    for flags in [&["--dry-run"][..], &[]] {
        let report = import(&installation, flags);
        assert_eq!(row(&report, "bob@itspirit.com")["recovery_codes"], json!("refused"), "{report:?}");
        assert_eq!(row(&report, "ada@itspirit.com")["recovery_codes"], json!("taken"), "{report:?}");
    }
    let again = import(&installation, &[]);
    assert_eq!(row(&again, "ada@itspirit.com")["recovery_codes"], json!("already"), "{again:?}");
}

#[test]
fn codes_with_an_unknown_member_are_rejected_by_name_until_the_map_names_it() {
    let installation = nova();
    let (good, spent) = (bcrypt("A1B2-C3D4"), bcrypt("E5F6-0718"));
    let codes = json!([{ "hash": good, "redeemedBy": null }, { "hash": spent, "redeemedBy": "ada" }]);
    installation.sql(&format!(
        "DELETE FROM users WHERE username IN ('eve', 'max', 'bob'); UPDATE users SET recovery_codes = '{codes}'"
    ));
    for flags in [&["--dry-run"][..], &[]] {
        let refused = import(&installation, flags);
        let ada = row(&refused, "ada@itspirit.com");
        assert_eq!((refused.code, &ada["recovery_codes"]), (Some(1), &json!("refused")), "{refused:?}");
        assert!(
            ada["why"].to_string().contains("unknown member redeemedBy: set recovery_codes.used in the map"),
            "{ada}"
        );
    }
    std::fs::write(installation.folder().join("map.toml"), "recovery_codes = { used = \"redeemedBy\" }\n")
        .unwrap();
    let taken = import(&installation, &["--map", "map.toml"]);
    assert_eq!(row(&taken, "ada@itspirit.com")["recovery_codes"], json!("taken"), "{taken:?}");
    let used = "SELECT count(*)::int FROM users WHERE recovery_codes -> 0 ->> 'used_at' IS NULL \
                AND recovery_codes -> 1 ->> 'used_at' IS NOT NULL";
    installation.sql(&format!("DO $$ BEGIN ASSERT ({used}) = 1; END $$"));
}

#[test]
fn enrol_anew_removes_the_factors_that_cannot_be_imported_and_nothing_else() {
    let installation = nova();
    let trial = import(&installation, &["--dry-run", "--enrol-anew"]);
    let answer = import(&installation, &["--enrol-anew"]);
    assert_eq!((answer.code, &answer.json["refused"]), (Some(0), &json!(0)), "{answer:?}");
    assert_eq!(answer.json["rows"], trial.json["rows"], "the dry run reported the result");
    let eve = row(&answer, "eve@itspirit.com");
    for part in ["totp", "phone", "recovery_codes"] {
        assert_eq!(eve[part], "taken off", "{eve}");
    }
    assert_eq!(row(&answer, "ada@itspirit.com")["totp"], "taken");
    let again = import(&installation, &["--enrol-anew"]);
    assert_eq!((&again.json["taken"], &again.json["taken_off"]), (&json!(0), &json!(0)), "{again:?}");

    let server = installation.start();
    let token = pending(&server, "eve");
    let client = server.client();
    client
        .post("/api/mfa/verify/totp")
        .bearer(&token)
        .code("000000")
        .send()
        .assert_problem(409, "not_enrolled");
    let started = client.post("/api/mfa/totp/enroll/start").bearer(&token).send();
    let eve = Member::from_enrolment(UserId::new(3), &started);
    let confirm = client.post("/api/mfa/totp/enroll/verify").bearer(&token);
    confirm.code(&eve.code(SystemClock.now())).send().ok();
}

#[test]
fn an_account_whose_only_factor_cannot_be_imported_is_locked() {
    let installation = Installation::postgres(&[]);
    let table = TABLE
        .replace("totp_secret VARCHAR(255)", "two_fa_secret VARCHAR(64)")
        .replace("is_totp_enabled BOOLEAN", "two_fa_on BOOLEAN");
    installation.sql(&table);
    installation.sql(&format!(
        "INSERT INTO users (email, username, hashed_password, two_fa_on, two_fa_secret) \
         VALUES ('eve@itspirit.com', 'eve', '{}', true, 'GEZDGNBVGY3TQOJQ')",
        bcrypt("Demo2025!"),
    ));
    let map = "[columns]\ntotp_secret = \"two_fa_secret\"\nis_totp_enabled = \"two_fa_on\"\n";
    std::fs::write(installation.folder().join("map.toml"), map).expect("a file");
    let trial = import(&installation, &["--map", "map.toml", "--dry-run"]);
    for _ in 0..2 {
        let answer = import(&installation, &["--map", "map.toml"]);
        assert_eq!((answer.code, &answer.json["rows"]), (Some(1), &trial.json["rows"]), "{answer:?}");
        let eve = row(&answer, "eve@itspirit.com");
        assert_eq!((&eve["totp"], &eve["locked"]), (&json!("refused"), &json!(true)));
    }
    assert_eq!(installation.number("SELECT count(two_fa_secret) FROM users"), 1, "it stays where it was");

    let server = installation.start();
    let client = server.client();
    let start = |token: &str| client.post("/api/mfa/totp/enroll/start").bearer(token).send();
    start(&pending(&server, "eve")).assert_problem(403, "account_locked");
    let unlocked = installation.admin(&["user", "unlock", "--email", "eve@itspirit.com"], "");
    assert_eq!(unlocked.code, Some(0), "{unlocked:?}");
    start(&pending(&server, "eve")).ok();
}

#[test]
fn migrating_down_requires_an_explicit_flag_while_encrypted_values_remain() {
    let installation = nova();
    import(&installation, &["--enrol-anew"]);
    let refused = installation.admin(&["migrate", "down", "--yes"], "");
    assert_eq!(refused.json["error"]["code"], "sealed_left", "{refused:?}");
    assert!(refused.stderr.contains("2 rows"), "Ada and Max: {refused:?}");
    let status = installation.admin(&["migrate", "status"], "");
    assert_eq!(status.json["pending"], json!([]), "nothing was reverted: {status:?}");

    let exported = installation.admin(&["export", "otpauth", "out.csv"], "");
    assert_eq!(exported.json["exported"], 2, "{exported:?}");
    let exported = installation.admin(&["export", "nova-python", "out.jsonl"], "");
    assert_eq!((&exported.json["totp_secrets"], &exported.json["phone_numbers"]), (&json!(2), &json!(1)));
    assert_eq!(exported.json["recovery_codes"], 4, "the unused ones: {exported:?}");
    let text = std::fs::read_to_string(installation.folder().join("out.jsonl")).expect("a file");
    let ada: Value = serde_json::from_str(text.lines().next().expect("a line")).expect("JSON");
    assert_eq!((&ada["totp_secret"], &ada["phone_number"]), (&json!(SECRET), &json!("+33612345612")));
    assert!(bcrypt::verify("A1B2-C3D4", ada["recovery_codes"][0].as_str().expect("a hash")).expect("bcrypt"));
    let (code, lines) = installation.admin_text(&["export", "nova-python", "-"]);
    assert_eq!((code, lines.as_str()), (Some(0), text.as_str()), "standard output");
    assert!(!installation.folder().join("-").exists());
    let refused = installation.admin(&["export", "nova-python", "out.jsonl"], "");
    assert_eq!(refused.code, Some(1), "no file is overwritten: {refused:?}");
    let down = installation.admin(&["migrate", "down", "--yes", "--leave-sealed"], "");
    assert_eq!((down.code, &down.json["applied"]), (Some(0), &json!([])), "{down:?}");
    assert_eq!(installation.number("SELECT count(*) FROM users"), 4);
}

#[test]
fn an_invalid_map_changes_nothing() {
    let installation = nova();
    for map in ["[columns]\ntotp_secret = \"nowhere\"", "[columns]\nsecret = \"x\"", "nonsense"] {
        std::fs::write(installation.folder().join("map.toml"), map).expect("a file");
        let refused = import(&installation, &["--map", "map.toml"]);
        assert_eq!(refused.json["error"]["code"], "unusable_file", "{refused:?}");
    }
    assert!(holds(&dump(&installation), SECRET));
    let embedded = Installation::sqlite(&[]);
    let refused = import(&embedded, &[]);
    assert!(refused.stderr.contains("PostgreSQL"), "{refused:?}");
}

#[test]
fn a_sqlalchemy_url_is_accepted() {
    let installation = nova();
    let url = installation.database().url().replacen("postgres://", "postgresql+psycopg2://", 1);
    let installation = installation.with("DATABASE_URL", &url);
    let answer = import(&installation, &["--dry-run"]);
    assert!(row(&answer, "ada@itspirit.com")["totp"] == "taken", "{answer:?}");
}

/// Renames the flags of the table, and those of requirement, failures and lock.
fn mapped(installation: &Installation) {
    let table = TABLE
        .replace("totp_secret VARCHAR(255)", "two_fa_secret VARCHAR(64)")
        .replace("is_totp_enabled BOOLEAN", "two_fa_on BOOLEAN")
        .replace("mfa_enforced BOOLEAN", "two_fa_required BOOLEAN")
        .replace("mfa_failed_attempts INTEGER", "two_fa_failures INTEGER")
        .replace("mfa_lock_until TIMESTAMP", "two_fa_locked TIMESTAMP");
    installation.sql(&table);
    let map = "[columns]\ntotp_secret = \"two_fa_secret\"\nis_totp_enabled = \"two_fa_on\"\n\
               mfa_enforced = \"two_fa_required\"\nmfa_failed_attempts = \"two_fa_failures\"\n\
               mfa_lock_until = \"two_fa_locked\"\n";
    std::fs::write(installation.folder().join("map.toml"), map).expect("a file");
}

#[test]
fn the_requirement_the_failures_and_the_lock_are_imported_for_users_without_a_factor_once() {
    let installation = Installation::postgres(&[]);
    mapped(&installation);
    installation.sql(&format!(
        "INSERT INTO users (email, username, hashed_password, two_fa_on, two_fa_required, two_fa_failures, two_fa_locked) \
         VALUES ('bob@itspirit.com', 'bob', '{0}', false, true, 12, 'infinity'), \
         ('ada@itspirit.com', 'ada', '{0}', false, false, 0, NULL)",
        bcrypt("Demo2025!"),
    ));
    let trial = import(&installation, &["--map", "map.toml", "--dry-run"]);
    let answer = import(&installation, &["--map", "map.toml"]);
    assert_eq!((answer.code, &answer.json["states"]), (Some(0), &json!(1)), "{answer:?}");
    assert_eq!(answer.json["rows"], trial.json["rows"]);
    let state = "SELECT count(*) FROM users WHERE mfa_enforced AND mfa_failed_attempts = 12 \
                 AND mfa_lock_until > '9000-01-01' AND username = 'bob'";
    assert_eq!(installation.number(state), 1);
    // What an administrator changes here stays.
    installation.admin(&["user", "unlock", "--email", "bob@itspirit.com"], "");
    installation.admin(&["user", "enforce", "off", "--email", "bob@itspirit.com"], "");
    let again = import(&installation, &["--map", "map.toml"]);
    assert_eq!((again.code, &again.json["states"]), (Some(0), &json!(0)), "{again:?}");
    let state = "SELECT count(*) FROM users WHERE mfa_enforced OR mfa_failed_attempts > 0 OR mfa_lock_until IS NOT NULL";
    assert_eq!(installation.number(state), 0);
}

#[test]
fn enrol_anew_ends_the_lock_of_the_import() {
    let installation = Installation::postgres(&[]);
    mapped(&installation);
    installation.sql(&format!(
        "INSERT INTO users (email, username, hashed_password, two_fa_on, two_fa_secret) VALUES \
         ('eve@itspirit.com', 'eve', '{0}', true, 'GEZDGNBVGY3TQOJQ'), \
         ('max@itspirit.com', 'max', '{0}', true, NULL)",
        bcrypt("Demo2025!"),
    ));
    let answer = import(&installation, &["--map", "map.toml"]);
    assert_eq!((answer.code, &answer.json["refused"]), (Some(1), &json!(2)), "{answer:?}");
    for user in ["eve@itspirit.com", "max@itspirit.com"] {
        assert_eq!(row(&answer, user)["locked"], true, "{answer:?}");
    }
    let locked = "SELECT count(*) FROM users WHERE mfa_lock_until IS NOT NULL";
    assert_eq!(installation.number(locked), 2);
    let answer = import(&installation, &["--map", "map.toml", "--enrol-anew"]);
    assert_eq!((answer.code, installation.number(locked)), (Some(0), 0), "{answer:?}");
    assert_eq!(installation.number("SELECT count(*) FROM users WHERE mfa_enforced"), 2);
    let server = installation.start();
    server.client().post("/api/mfa/totp/enroll/start").bearer(&pending(&server, "eve")).send().ok();
}

#[test]
fn numbers_are_counted_by_country_and_type_and_a_guessed_country_gets_no_sms() {
    let installation = Installation::postgres(&[]);
    installation.sql(TABLE);
    installation.sql(&format!(
        "INSERT INTO users (email, username, hashed_password, is_totp_enabled, totp_secret, phone_number, \
         is_phone_verified, mfa_backup_method) VALUES \
         ('a@b.c', 'ada', '{0}', true, '{SECRET}', '+33 6 12 34 56 12', true, 'sms'), \
         ('b@b.c', 'bob', '{0}', true, '{SECRET}', '079 123 45 67', true, 'sms'), \
         ('c@b.c', 'cleo', '{0}', true, '{SECRET}', '+33 1 23 45 67 89', true, 'sms'), \
         ('d@b.c', 'dora', '{0}', true, '{SECRET}', '+1 201 555 0123', true, 'sms')",
        bcrypt("Demo2025!"),
    ));
    let answer = import(&installation, &[]);
    assert_eq!(answer.code, Some(0), "{answer:?}");
    let phones = json!([
        { "country": "FR", "type": "fixed_line", "sms": false, "count": 1 },
        { "country": "FR", "type": "mobile", "sms": false, "count": 1 },
        { "country": "FR", "type": "mobile", "sms": true, "count": 1 },
        { "country": "US", "type": "fixed_line_or_mobile", "sms": false, "count": 1 },
    ]);
    assert_eq!(answer.json["phones"], phones, "{answer:?}");
    let why = row(&answer, "b@b.c")["why"][0].as_str().expect("a reason").to_owned();
    assert!(why.contains("country FR is a guess"), "{why}");

    let server = installation.start();
    let sms = |name: &str| {
        let token = pending(&server, name);
        let methods = server.client().get("/api/mfa/methods").bearer(&token).send().ok();
        let methods = methods["methods"].as_array().expect("methods").clone();
        let sms = methods.into_iter().find(|it| it["method"] == "sms").expect("SMS");
        (sms["available"].clone(), sms.get("reason").cloned(), token)
    };
    let (available, reason, token) = sms("ada");
    assert_eq!((available, reason), (json!(true), None));
    server.client().post("/api/mfa/sms/send").bearer(&token).send().ok();
    for name in ["bob", "cleo", "dora"] {
        let (available, reason, token) = sms(name);
        assert_eq!((available, reason), (json!(false), Some(json!("phone_refused"))), "{name}");
        server.client().post("/api/mfa/sms/send").bearer(&token).send().assert_problem(403, "phone_refused");
    }
    drop(server);

    std::fs::write(installation.folder().join("map.toml"), "[phone]\ncountry = \"CH\"\n").expect("a file");
    let stated = import(&installation, &["--map", "map.toml"]);
    assert_eq!((stated.code, &stated.json["taken"]), (Some(0), &json!(1)), "{stated:?}");
    let server = installation.start();
    let status = server.client().get("/api/mfa/methods").bearer(&pending(&server, "bob")).send().ok();
    let sms = status["methods"].as_array().expect("methods").iter().find(|it| it["method"] == "sms").cloned();
    assert_eq!(sms.expect("SMS")["available"], true, "Switzerland is allowed");
}

#[test]
fn migrating_down_is_refused_after_a_map_and_leaves_nothing_behind() {
    let installation = Installation::postgres(&[]);
    mapped(&installation);
    installation.sql(&format!(
        "INSERT INTO users (email, username, hashed_password, two_fa_on, two_fa_secret) \
         VALUES ('ada@itspirit.com', 'ada', '{}', true, '{SECRET}')",
        bcrypt("Demo2025!"),
    ));
    let columns = "SELECT count(*) FROM pg_attribute WHERE attrelid = 'users'::regclass AND attnum > 0 AND NOT attisdropped";
    let before = installation.number(columns);
    import(&installation, &["--map", "map.toml"]);
    let doctor = installation.admin(&["doctor"], "");
    let findings = doctor.json["findings"].as_array().expect("findings").clone();
    let old = findings.iter().find(|it| it["detail"].as_str().is_some_and(|it| it.contains("two_fa_on")));
    assert_eq!(old.expect("a finding")["state"], "warning", "{doctor:?}");
    // Bob enrols here, and NOVA's login does not see it in its old column.
    installation.sql(
        "INSERT INTO users (email, username, hashed_password, two_fa_on, mfa_enforced) \
         VALUES ('bob@itspirit.com', 'bob', 'x', false, true)",
    );
    let detail = installation.admin(&["doctor"], "").json.to_string();
    assert!(detail.contains("asks 1 users for no second factor"), "{detail}");
    let refused = installation.admin(&["migrate", "down", "--yes"], "");
    assert_eq!(refused.json["error"]["code"], "sealed_left", "{refused:?}");
    let down = installation.admin(&["migrate", "down", "--yes", "--delete-sealed"], "");
    assert_eq!(down.code, Some(0), "{down:?}");
    assert_eq!(installation.number(columns), before);
    let objects = "SELECT (SELECT count(*) FROM pg_class WHERE relname LIKE 'mfa%' OR relname LIKE '%diesel%') \
                   + (SELECT count(*) FROM pg_proc WHERE proname LIKE 'mfa%')";
    assert_eq!(installation.number(objects), 0);
}

#[test]
fn deleting_encrypted_values_leaves_none_in_novas_columns() {
    let installation = nova();
    import(&installation, &["--enrol-anew"]);
    let down = installation.admin(&["migrate", "down", "--yes", "--delete-sealed"], "");
    assert_eq!(down.code, Some(0), "{down:?}");
    let left = "SELECT count(*) FROM users WHERE totp_secret IS NOT NULL OR phone_number LIKE 'v1.%' \
                OR recovery_codes::text LIKE '%digest%'";
    assert_eq!(installation.number(left), 0);
}

#[test]
fn a_table_and_a_column_that_may_hold_factors_make_the_import_fail_unless_ignored() {
    let installation = Installation::postgres(&[]);
    installation.sql(TABLE);
    installation.sql("ALTER TABLE users ADD COLUMN phone_extension TEXT, ADD COLUMN backup_email TEXT");
    installation.sql("CREATE TABLE user_totp_devices (id INT); CREATE TABLE mfa_archive (id INT)");
    installation.sql("INSERT INTO users (email, username, hashed_password, phone_extension) VALUES ('a@b.c', 'a', 'x', '7')");
    installation.sql("INSERT INTO user_totp_devices VALUES (1)");
    let answer = import(&installation, &[]);
    assert_eq!(answer.code, Some(1), "{answer:?}");
    assert_eq!(answer.json["overlooked_columns"], json!(["phone_extension"]), "only what has values");
    assert_eq!(answer.json["overlooked_tables"], json!(["user_totp_devices"]), "{answer:?}");
    let map = "[source]\nignore = [\"phone_extension\", \"user_totp_devices\"]\n";
    std::fs::write(installation.folder().join("map.toml"), map).expect("a file");
    assert_eq!(import(&installation, &["--map", "map.toml"]).code, Some(0));
}
