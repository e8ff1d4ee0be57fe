//! Tests of operators' commands on users with passkeys: imports, exports, and the removal of the schema.

use mfa_core::{SecretBytes, UserId};
use mfa_flows::TokenKind;
use mfa_passkey::testing::SoftwareAuthenticator;
use nova_mfa_tests::{Installation, Member, TestServer};
use serde_json::json;

const SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
const LIST: &str = "/api/mfa/authenticators";

/// NOVA's table with the factor columns of the Python service, and a user for each way of importing one.
const NOVA: &str = "CREATE TABLE users (id SERIAL PRIMARY KEY, email VARCHAR(255) NOT NULL UNIQUE, \
    username VARCHAR(100) NOT NULL UNIQUE, hashed_password VARCHAR(255) NOT NULL, full_name VARCHAR(255), \
    is_active BOOLEAN DEFAULT true, is_superuser BOOLEAN DEFAULT false, mfa_enforced BOOLEAN NOT NULL DEFAULT false, \
    is_totp_enabled BOOLEAN NOT NULL DEFAULT false, totp_secret VARCHAR(255), phone_number VARCHAR(255), \
    is_phone_verified BOOLEAN NOT NULL DEFAULT false, mfa_backup_method VARCHAR(20), recovery_codes JSONB, \
    created_at TIMESTAMP DEFAULT now(), updated_at TIMESTAMP DEFAULT now()); \
    INSERT INTO users (email, username, hashed_password) VALUES ('ada@example.com', 'ada', 'x'), \
    ('bob@example.com', 'bob', 'x')";

/// A user at the app whose secret was imported.
fn member(user: UserId) -> Member {
    let secret = SecretBytes::new(b"12345678901234567890".to_vec());
    Member { id: user, secret, access: String::new() }
}

/// Registers a passkey for these two users; the second has `SECRET` of the Python service already, in plain text.
fn enrol(server: &TestServer, devices: &mut [SoftwareAuthenticator; 2]) -> [UserId; 2] {
    let users = [UserId::new(1), UserId::new(2)];
    server.enrol_passkey(users[0], &mut devices[0]);
    server
        .installation
        .sql(&format!("UPDATE users SET is_totp_enabled = true, totp_secret = '{SECRET}' WHERE id = 2"));
    let token = server.token(users[1], TokenKind::TwoFactors);
    server.register_passkey(&token, &mut devices[1]).ok();
    users
}

#[test]
fn an_import_from_the_python_service_keeps_passkeys_and_takes_no_placeholder_for_an_app() {
    let installation = Installation::postgres(&[("MFA_MAX_CLOCK_SKEW", "0")]);
    installation.sql(NOVA);
    let server = TestServer::start(installation);
    let mut devices = [1, 2].map(SoftwareAuthenticator::new);
    let users = enrol(&server, &mut devices);
    let before = server.installation.number("SELECT count(*) FROM users WHERE mfa_authenticators <> '[]'");
    assert_eq!(before, 2);
    for (flags, taken) in [(&[][..], 1), (&["--enrol-anew"], 0)] {
        let command = [&["import", "nova-python"], flags].concat();
        let trial = server.admin(&[&command[..], &["--dry-run"]].concat());
        let answer = server.admin(&command);
        assert_eq!(answer.json["rows"], trial.json["rows"], "the dry run reported the result");
        assert_eq!((answer.code, &answer.json["taken"]), (Some(0), &json!(taken)), "{answer:?}");
        assert_eq!(answer.json["rows"][0]["totp"], "none", "a placeholder is no app: {answer:?}");
        for (user, device) in users.into_iter().zip(&mut devices) {
            server.verify_passkey(&server.pending(user), device).ok();
        }
        server.verify(&server.pending(users[0]), "123456").assert_problem(409, "not_enrolled");
    }
    server.verify(&server.pending(users[1]), &member(users[1]).code(server.now())).ok();
    let plain = format!("SELECT count(*) FROM users WHERE totp_secret = '{SECRET}'");
    assert_eq!(server.installation.number(&plain), 0);
}

#[test]
fn a_mapped_secret_becomes_an_app_beside_the_passkey() {
    let installation = Installation::postgres(&[("MFA_MAX_CLOCK_SKEW", "0")]);
    installation.sql(&NOVA.replace("is_totp_enabled", "two_fa_on").replace("totp_secret", "two_fa_secret"));
    let server = TestServer::start(installation);
    let mut device = SoftwareAuthenticator::new(1);
    let user = UserId::new(1);
    server.enrol_passkey(user, &mut device);
    server
        .installation
        .sql(&format!("UPDATE users SET two_fa_on = true, two_fa_secret = '{SECRET}' WHERE id = 1"));
    let map = "[columns]\ntotp_secret = \"two_fa_secret\"\nis_totp_enabled = \"two_fa_on\"\n";
    std::fs::write(server.installation.folder().join("map.toml"), map).unwrap();
    for taken in [1, 0] {
        let trial = server.admin(&["import", "nova-python", "--map", "map.toml", "--dry-run"]);
        let answer = server.admin(&["import", "nova-python", "--map", "map.toml"]);
        assert_eq!(answer.json["rows"], trial.json["rows"], "the dry run reported the result");
        assert_eq!((answer.code, &answer.json["taken"]), (Some(0), &json!(taken)), "{answer:?}");
    }
    server.verify_passkey(&server.pending(user), &mut device).ok();
    server.verify(&server.pending(user), &member(user).code(server.now())).ok();
}

#[test]
fn a_secret_that_cannot_be_imported_locks_no_owner_of_a_passkey() {
    let installation = Installation::postgres(&[("MFA_MAX_CLOCK_SKEW", "0")]);
    installation.sql(&NOVA.replace("is_totp_enabled", "two_fa_on").replace("totp_secret", "two_fa_secret"));
    let server = TestServer::start(installation);
    let mut device = SoftwareAuthenticator::new(1);
    server.enrol_passkey(UserId::new(1), &mut device);
    server.installation.sql("UPDATE users SET two_fa_on = true, two_fa_secret = 'GEZDGNBVGY3TQOJQ'");
    let map = "[columns]\ntotp_secret = \"two_fa_secret\"\nis_totp_enabled = \"two_fa_on\"\n";
    std::fs::write(server.installation.folder().join("map.toml"), map).unwrap();
    for flags in [&[][..], &["--enrol-anew"]] {
        let command = [&["import", "nova-python", "--map", "map.toml"], flags].concat();
        let trial = server.admin(&[&command[..], &["--dry-run"]].concat());
        let answer = server.admin(&command);
        assert_eq!(answer.json["rows"], trial.json["rows"], "the dry run reported the result");
        let locked = answer.json["rows"].as_array().unwrap().iter().map(|it| it["locked"] == true);
        assert_eq!(locked.collect::<Vec<_>>(), [false, flags.is_empty()], "{answer:?}");
        server.verify_passkey(&server.pending(UserId::new(1)), &mut device).ok();
    }
}

#[test]
fn an_imported_app_is_added_to_a_passkey_and_no_placeholder_is_exported() {
    for server in TestServer::each() {
        let users = ["ada", "bob"].map(|name| server.add_user(name));
        let mut devices = [1, 2].map(SoftwareAuthenticator::new);
        for (user, device) in users.into_iter().zip(&mut devices) {
            server.enrol_passkey(user, device);
        }
        let session = server.token(users[0], TokenKind::TwoFactors);
        let row =
            json!({ "username": "ada", "otpauth_uri": format!("otpauth://totp/Old:ada?secret={SECRET}") });
        std::fs::write(server.installation.folder().join("in.jsonl"), row.to_string()).unwrap();
        for outcome in ["imported", "already"] {
            let answer = server.admin(&["import", "otpauth", "in.jsonl"]);
            assert_eq!(answer.json["rows"][0]["outcome"], outcome, "{}: {answer:?}", server.name());
        }
        server.get(LIST, &session).assert_problem(401, "token_revoked");
        let list = server.get(LIST, &server.token(users[0], TokenKind::TwoFactors)).ok();
        let kinds: Vec<_> =
            list["authenticators"].as_array().unwrap().iter().map(|it| it["kind"].clone()).collect();
        assert_eq!(kinds, ["passkey", "totp"], "{}", server.name());
        server.verify(&server.pending(users[0]), &member(users[0]).code(server.now())).ok();
        for (user, device) in users.into_iter().zip(&mut devices) {
            server.verify_passkey(&server.pending(user), device).ok();
        }
        let exported = server.admin(&["export", "otpauth", "out.csv"]);
        assert_eq!((exported.code, &exported.json["exported"]), (Some(0), &json!(1)), "{}", server.name());
        let python = server.admin(&["export", "nova-python", "out.jsonl"]);
        assert_eq!(python.json["totp_secrets"], 1, "{}: {python:?}", server.name());
    }
}

#[test]
fn removing_the_schema_removes_passkeys_and_leaves_no_placeholder_behind() {
    for installation in Installation::each(&[("MFA_MAX_CLOCK_SKEW", "0")]) {
        let server = TestServer::start(installation);
        let user = server.add_user("ada");
        server.enrol_passkey(user, &mut SoftwareAuthenticator::new(1));
        let installation = server.stop();
        let name = installation.name;
        let refused = installation.admin(&["migrate", "down"], "");
        assert!(
            refused.stderr.contains("migrate down deletes all MFA data: add --yes"),
            "{name}: {refused:?}"
        );
        // The factors of users are in columns that the migrations made, and are removed with them.
        let down = installation.admin(&["migrate", "down", "--yes"], "");
        assert_eq!((down.code, &down.json["applied"]), (Some(0), &json!([])), "{name}: {down:?}");
        let up = installation.admin(&["migrate", "up"], "");
        assert_eq!((up.code, &up.json["missing"]), (Some(0), &json!([])), "{name}: {up:?}");

        let server = TestServer::start(installation);
        let user = server.add_user("eve");
        let mut device = SoftwareAuthenticator::new(2);
        server.enrol_passkey(user, &mut device);
        server.verify_passkey(&server.pending(user), &mut device).ok();
    }
}

#[test]
fn removing_the_schema_from_novas_table_is_refused_while_a_placeholder_is_in_its_column() {
    for flag in ["--leave-sealed", "--delete-sealed"] {
        let installation = Installation::postgres(&[("MFA_MAX_CLOCK_SKEW", "0")]);
        installation.sql(NOVA);
        let server = TestServer::start(installation);
        let mut devices = [1, 2].map(SoftwareAuthenticator::new);
        enrol(&server, &mut devices);
        assert_eq!(server.admin(&["import", "nova-python"]).code, Some(0));
        let installation = server.stop();
        let refused = installation.admin(&["migrate", "down", "--yes"], "");
        assert_eq!(refused.json["error"]["code"], "sealed_left", "{refused:?}");
        assert!(refused.stderr.contains("2 rows"), "{refused:?}");
        let kept = "SELECT count(*) FROM users WHERE mfa_authenticators <> '[]'";
        assert_eq!(installation.number(kept), 2, "nothing was reverted");

        let down = installation.admin(&["migrate", "down", "--yes", flag], "");
        assert_eq!((down.code, &down.json["applied"]), (Some(0), &json!([])), "{down:?}");
        let row =
            |condition: &str| installation.number(&format!("SELECT count(*) FROM users WHERE {condition}"));
        // A placeholder is no app: NOVA must not ask for a code that nobody has.
        assert_eq!(row("id = 1 AND NOT is_totp_enabled AND totp_secret IS NULL"), 1, "{flag}");
        let secret = if flag == "--leave-sealed" { "totp_secret LIKE 'v1.%'" } else { "totp_secret IS NULL" };
        assert_eq!(row(&format!("id = 2 AND is_totp_enabled AND {secret}")), 1, "{flag}");

        // The passkeys are lost, and new ones can be registered.
        let server = TestServer::start(installation);
        let token = server.token(UserId::new(1), TokenKind::OneFactor);
        assert_eq!(server.get(LIST, &token).ok(), json!({ "authenticators": [] }), "{flag}");
        server.register_passkey(&token, &mut SoftwareAuthenticator::new(3)).ok();
    }
}
