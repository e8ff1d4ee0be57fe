//! Tests of the import and export of `otpauth` secrets.

use std::os::unix::fs::PermissionsExt as _;

use mfa_core::{Clock as _, SecretBytes, UserId};
use mfa_infra::crypto::SystemClock;
use mfa_totp::{Algorithm, Digits, Parameters, Period, TimeStep};
use nova_mfa_tests::{AdminAnswer, Installation, Member};
use serde_json::{Value, json};

const SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

fn uri(more: &str) -> String {
    format!("otpauth://totp/Old:x?secret={SECRET}{more}")
}

fn write(installation: &Installation, name: &str, text: &str) {
    std::fs::write(installation.folder().join(name), text).expect("a file");
}

fn import(installation: &Installation, name: &str, flags: &[&str]) -> AdminAnswer {
    installation.admin(&[&["import", "otpauth", name], flags].concat(), "")
}

fn outcomes(answer: &AdminAnswer) -> Vec<(String, String)> {
    let rows = answer.json["rows"].as_array().unwrap_or_else(|| panic!("no rows: {answer:?}"));
    let text = |row: &Value, name: &str| row[name].as_str().unwrap_or_default().to_owned();
    rows.iter().map(|row| (text(row, "outcome"), text(row, "code"))).collect()
}

fn pending(installation: &Installation, user: i64) -> String {
    let answer = installation.admin(&["token", "pending", "--user-id", &user.to_string()], "");
    answer.json["token"].as_str().unwrap_or_else(|| panic!("no token: {answer:?}")).to_owned()
}

#[test]
fn an_imported_app_keeps_its_algorithm_digits_and_period() {
    for installation in Installation::each(&[]) {
        let name = installation.name;
        let ada = installation.admin_creates_user("ada", "correct horse battery");
        let row = json!({ "username": "ada", "otpauth_uri": uri("&algorithm=SHA256&digits=8&period=60") });
        write(&installation, "in.jsonl", &format!("{row}\n"));
        assert_eq!(import(&installation, "in.jsonl", &[]).code, Some(0), "{name}");
        let parameters = Parameters {
            algorithm: Algorithm::Sha256,
            digits: Digits::Eight,
            period: Period::try_from(60).expect("a period"),
        };
        let secret = SecretBytes::new(b"12345678901234567890".to_vec());
        let step = TimeStep::with_period(SystemClock.now(), parameters.period);
        let code = step.code(&secret, parameters).expect("a time after 1970").to_text();
        let server = installation.start();
        let token = pending(&installation, ada);
        let call = server.client().post("/api/mfa/verify/totp").bearer(&token);
        let granted = call.code(code.expose()).send().ok();
        let access = granted["access_token"].as_str().expect("a token");
        let list = server.client().get("/api/mfa/authenticators").bearer(access).send().ok();
        let app = &list["authenticators"][0];
        assert_eq!(
            (&app["algorithm"], &app["digits"], &app["period"]),
            (&json!("SHA256"), &json!(8), &json!(60)),
            "{name}"
        );
        let (_, exported) = installation.admin_text(&["export", "otpauth", "-"]);
        assert!(exported.contains("algorithm=SHA256&digits=8&period=60"), "{name}: {exported}");
    }
}

#[test]
fn an_imported_secret_is_active_at_once_and_every_row_is_reported() {
    for installation in Installation::each(&[]) {
        let name = installation.name;
        let ada = installation.admin_creates_user("ada", "correct horse battery");
        installation.admin_creates_user("bob", "correct horse battery");
        let rows = [
            json!({ "email": "ada@example.com", "otpauth_uri": uri("") }),
            json!({ "username": "bob", "otpauth_uri": uri("&algorithm=MD5") }),
            json!({ "username": "bob", "otpauth_uri": uri("&digits=9") }),
            json!({ "username": "bob", "otpauth_uri": uri("&period=10") }),
            json!({ "username": "bob", "otpauth_uri": "otpauth://totp/x?secret=GEZDGNBVGY3TQOJQ" }),
            json!({ "email": "nobody@example.com", "otpauth_uri": uri("") }),
            json!({ "email": "ada@example.com", "username": "bob", "otpauth_uri": uri("") }),
            json!({ "email": "ada@example.com", "username": "ada", "otpauth_uri": uri("") }),
            json!({ "otpauth_uri": uri("") }),
        ];
        let mut file = rows.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        file.push('\n');
        file += "not json\n";
        write(&installation, "in.jsonl", &file);
        let expected = [
            ("imported", ""),
            ("refused", "unfit_secret"),
            ("refused", "unfit_secret"),
            ("refused", "unfit_secret"),
            ("refused", "unfit_secret"),
            ("refused", "not_found"),
            ("refused", "ambiguous_user"),
            ("refused", "duplicate_row"),
            ("refused", "malformed_row"),
            ("refused", "malformed_row"),
        ]
        .map(|(outcome, code)| (outcome.to_owned(), code.to_owned()));
        let trial = import(&installation, "in.jsonl", &["--dry-run"]);
        assert_eq!((trial.code, outcomes(&trial)), (Some(1), expected.to_vec()), "{name}: {trial:?}");
        assert_eq!(installation.number("SELECT count(*) FROM users WHERE is_totp_enabled"), 0, "{name}");

        let answer = import(&installation, "in.jsonl", &[]);
        assert_eq!((answer.code, outcomes(&answer)), (Some(1), expected.to_vec()), "{name}: {answer:?}");
        for (row, word) in [(1, "MD5"), (2, "digits 9"), (3, "period 10"), (4, "128 bits")] {
            let why = answer.json["rows"][row]["why"].as_str().expect("a reason");
            assert!(why.contains(word), "{name}: {why}");
        }
        assert!(!format!("{answer:?}").contains("GEZDGNBV"), "{name}: no secret is told");

        let server = installation.start();
        let member = Member {
            id: UserId::new(ada),
            secret: SecretBytes::new(b"12345678901234567890".to_vec()),
            access: String::new(),
        };
        let code = member.code(SystemClock.now());
        let call = server.client().post("/api/mfa/verify/totp").bearer(&pending(&installation, ada));
        assert_eq!(call.code(&code).send().ok()["recovery_codes_left"], 0, "{name}");
        let query = "SELECT count(*) FROM mfa_events WHERE event = 'admin_import' AND actor LIKE 'os:%'";
        assert_eq!(installation.number(query), 1, "{name}");

        let again = import(&installation, "in.jsonl", &[]);
        assert_eq!(outcomes(&again)[0].0, "already", "{name}: a second time changes nothing");
        assert_eq!(installation.number(query), 1, "{name}");
    }
}

#[test]
fn an_export_can_be_imported_into_another_installation() {
    for (from, to) in Installation::each(&[]).into_iter().zip(Installation::each(&[]).into_iter().rev()) {
        let csv = format!(
            "email,username,otpauth_uri\nada@example.com,ada,{}\n\"bo,b@example.com\",bob,{}\n",
            uri("&issuer=Old"),
            uri("").replace("GEZD", "MFRG"),
        );
        write(&from, "in.csv", &csv);
        let created = import(&from, "in.csv", &["--create-users"]);
        assert_eq!(created.code, Some(0), "{created:?}");
        assert_eq!(created.json["created"], 2);
        for file in ["out.csv", "out.jsonl"] {
            let exported = from.admin(&["export", "otpauth", file], "");
            assert_eq!((exported.code, &exported.json["exported"]), (Some(0), &json!(2)), "{exported:?}");
            let path = from.folder().join(file);
            let mode = std::fs::metadata(&path).expect("the file").permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
            let refused = from.admin(&["export", "otpauth", file], "");
            assert_eq!(refused.json["error"]["code"], "unusable_file", "nothing is overwritten: {refused:?}");
            std::fs::copy(&path, to.folder().join(file)).expect("a copy");
        }
        let (code, lines) = from.admin_text(&["export", "otpauth", "-"]);
        let file = std::fs::read_to_string(from.folder().join("out.jsonl")).expect("the file");
        assert_eq!((code, lines), (Some(0), file), "standard output gets the same text as a file");
        let query = "SELECT count(*) FROM mfa_events WHERE event = 'admin_export'";
        assert_eq!(from.number(query), 6, "each user's audit events record each export of the secret");

        let imported = import(&to, "out.csv", &["--create-users"]);
        assert_eq!((imported.code, &imported.json["created"]), (Some(0), &json!(2)), "{imported:?}");
        let again = import(&to, "out.jsonl", &[]);
        assert_eq!((again.code, &again.json["already"]), (Some(0), &json!(2)), "{again:?}");
        // No login works without a password.
        let server = to.start();
        let login = json!({ "username": "ada", "password": "!" });
        server
            .client()
            .post("/api/auth/login")
            .json(&login)
            .send()
            .assert_problem(401, "invalid_credentials");
    }
}

#[test]
fn an_export_skips_and_names_a_row_that_cannot_be_decrypted() {
    for installation in Installation::each(&[]) {
        let csv = format!(
            "email,username,otpauth_uri\nada@example.com,ada,{0}\nbob@example.com,bob,{0}\n",
            uri("&issuer=Old"),
        );
        write(&installation, "in.csv", &csv);
        assert_eq!(import(&installation, "in.csv", &["--create-users"]).json["created"], 2);
        installation.sql("UPDATE users SET totp_secret = 'v1.lost.AAAA', mfa_version = mfa_version + 1 WHERE username = 'ada'");
        let exported = installation.admin(&["export", "otpauth", "out.csv"], "");
        assert_eq!((exported.code, &exported.json["exported"]), (Some(1), &json!(1)), "{exported:?}");
        assert_eq!(exported.json["unreadable"][0]["user_id"], 1, "{exported:?}");
        let file = std::fs::read_to_string(installation.folder().join("out.csv")).expect("the file");
        assert!(file.contains("bob@example.com") && !file.contains("ada@example.com"), "{file}");
    }
}

#[test]
fn a_closed_standard_output_ends_a_command_without_an_error() {
    let installation = Installation::sqlite(&[]);
    assert_eq!(installation.admin(&["migrate", "up"], "").code, Some(0));
    for words in [["user", "list"], ["config", "show"], ["export", "otpauth"]] {
        let words = if words[0] == "export" { [&words[..], &["-"]].concat() } else { words.to_vec() };
        let mut child = installation.spawn_admin(&words);
        drop(child.stdout.take());
        let output = child.wait_with_output().expect("it ends");
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(0), "{words:?}: {stderr}");
        assert!(!stderr.contains("Broken pipe") && !stderr.contains("panicked"), "{words:?}: {stderr}");
    }
}

#[test]
fn a_file_that_cannot_be_read_changes_nothing() {
    let installation = Installation::sqlite(&[]);
    write(&installation, "in.csv", "email,secret\na@b.c,x\n");
    for file in ["in.csv", "absent.csv"] {
        let refused = import(&installation, file, &["--create-users"]);
        assert_eq!(refused.json["error"]["code"], "unusable_file", "{refused:?}");
    }
}
