//! Tests of the rotation of the encryption key.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use mfa_core::{Clock as _, UserId};
use mfa_infra::crypto::SystemClock;
use nova_mfa_tests::{AdminAnswer, ENCRYPTION_KEY, Installation, Member, ServerProcess};
use serde_json::Value;

/// Key other than the one of every installation.
const NEW: &str = "new:Zm9yIGFub3RoZXIgZGF0YWJhc2UgYWx0b2dldGhlciE=";

fn both() -> String {
    format!("{NEW},test:{ENCRYPTION_KEY}")
}

#[track_caller]
fn done(answer: AdminAnswer) -> Value {
    assert_eq!(answer.code, Some(0), "{answer:?}");
    answer.json
}

fn key<'a>(status: &'a Value, id: &str) -> &'a Value {
    let keys = status["keys"].as_array().expect("a list of keys");
    keys.iter().find(|key| key["id"] == id).unwrap_or_else(|| panic!("no key {id} in {status}"))
}

fn pending(installation: &Installation, user: UserId) -> String {
    let answer = done(installation.admin(&["token", "pending", "--user-id", &user.to_string()], ""));
    answer["token"].as_str().expect("a token").to_owned()
}

/// Creates users with an authenticator app each.
fn enrol(installation: &Installation, names: std::ops::Range<usize>) -> Vec<Member> {
    let entropy = mfa_infra::crypto::OsEntropy;
    let mut members = Vec::new();
    let mut file = String::new();
    for number in names {
        let secret = mfa_totp::generate_secret(&entropy).expect("randomness");
        let uri = mfa_totp::Provisioning::new("NOVA", &format!("u{number}"), &secret).expect("a good label");
        file += &serde_json::json!({
            "email": format!("u{number}@example.com"), "username": format!("u{number}"),
            "otpauth_uri": uri.uri().expose(),
        })
        .to_string();
        file.push('\n');
        members.push(Member { id: UserId::new(0), secret, access: String::new() });
    }
    let path = installation.folder().join("secrets.jsonl");
    std::fs::write(&path, file).expect("a file");
    let words = ["import", "otpauth", "secrets.jsonl", "--create-users"];
    let report = done(installation.admin(&words, ""));
    for (member, row) in members.iter_mut().zip(report["rows"].as_array().expect("rows")) {
        member.id = UserId::new(row["user_id"].as_i64().expect("an id"));
    }
    members
}

/// Logs in once with the current code or, if it is used, the next one.
fn log_in(server: &ServerProcess, token: &str, member: &Member) -> u16 {
    let now = SystemClock.now();
    let call =
        |code: &str| server.client().post("/api/mfa/verify/totp").bearer(token).code(code).send().status;
    match call(&member.code(now)) {
        401 => call(&member.code(now.plus(mfa_totp::PERIOD))),
        status => status,
    }
}

#[test]
fn a_rotation_under_load_fails_no_login_and_the_old_key_can_be_removed() {
    for installation in Installation::each(&[]) {
        let name = installation.name;
        let members = enrol(&installation, 0..120);
        let installation = installation.with("MFA_ENCRYPTION_KEYS", &both());
        let server = installation.start();
        let tokens: Vec<_> =
            members.iter().map(|member| pending_of(&server, &installation, member)).collect();

        let (over, failed) = (AtomicBool::new(false), AtomicUsize::new(0));
        let logged_in = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for worker in 0..4 {
                let (members, tokens, server) = (&members, &tokens, &server);
                let (over, failed, logged_in) = (&over, &failed, &logged_in);
                scope.spawn(move || {
                    for place in (worker..members.len()).step_by(4) {
                        // Half of the logins run during or after the rotation.
                        if place > members.len() / 2 && !over.load(Ordering::SeqCst) {
                            std::thread::sleep(Duration::from_millis(5));
                        }
                        match log_in(server, &tokens[place], &members[place]) {
                            200 => logged_in.fetch_add(1, Ordering::SeqCst),
                            _ => failed.fetch_add(1, Ordering::SeqCst),
                        };
                    }
                });
            }
            let rotated = done(installation.admin(&["keys", "rotate"], ""));
            over.store(true, Ordering::SeqCst);
            assert_eq!(rotated["resealed"], 120, "{name}: {rotated}");
            assert_eq!(rotated["released"], serde_json::json!(["test"]), "{name}");
        });
        assert_eq!(failed.load(Ordering::SeqCst), 0, "{name}: no login failed");
        assert_eq!(logged_in.load(Ordering::SeqCst), 120, "{name}");

        let status = done(installation.admin(&["keys", "status"], ""));
        assert_eq!(key(&status, "test")["may_go"], true, "{name}: {status}");
        assert_eq!(key(&status, "new")["needed_by"]["totp_secret"], 120, "{name}: {status}");
        server.kill();
        let installation = installation.with("MFA_ENCRYPTION_KEYS", NEW);
        let server = installation.start();
        server.client().get("/health/ready").send().ok();
        let token = pending(&installation, members[0].id);
        let later = SystemClock.now().plus(mfa_totp::PERIOD);
        let answer =
            server.client().post("/api/mfa/verify/totp").bearer(&token).code(&members[0].code(later)).send();
        assert!(
            [200, 401].contains(&answer.status),
            "{name}: the secret is read with the new key: {answer:?}"
        );
    }
}

/// Returns a pending token forged from a copy, because the command would start a process for each token.
fn pending_of(_: &ServerProcess, installation: &Installation, member: &Member) -> String {
    use std::sync::Mutex;
    static LIKE: Mutex<Option<(std::path::PathBuf, String)>> = Mutex::new(None);
    let mut like = LIKE.lock().expect("no test panicked with it");
    let folder = installation.folder().to_owned();
    let template = match &*like {
        Some((of, token)) if *of == folder => token.clone(),
        _ => {
            let token = pending(installation, member.id);
            *like = Some((folder, token.clone()));
            token
        }
    };
    nova_mfa_tests::Forger::like(&template)
        .claim("sub", member.id.to_string())
        .claim("jti", format!("rotation-{}", member.id))
        .sign()
}

#[test]
fn a_killed_rotation_resumes_where_it_stopped() {
    for installation in Installation::each(&[]) {
        let name = installation.name;
        drop(enrol(&installation, 0..400));
        let installation = installation.with("MFA_ENCRYPTION_KEYS", &both());
        let old = "SELECT count(*) FROM users WHERE totp_secret LIKE 'v1.test.%'";
        let mut child = installation.spawn_admin(&["keys", "rotate"]);
        // Killed after the first rows and before the last.
        while installation.number(old) == 400 {
            assert!(child.try_wait().expect("a child").is_none(), "{name}: it ended before it began");
            std::thread::sleep(Duration::from_millis(2));
        }
        child.kill().expect("it runs");
        child.wait().expect("it was a child");
        let left = installation.number(old);
        assert!((1..400).contains(&left), "{name}: {left} of 400 are left");

        let installation = installation.with("MFA_ENCRYPTION_KEYS", NEW);
        let refused = installation.try_start().unwrap_err();
        assert!(
            refused.stderr.contains("test"),
            "{name}: the start names the key that is needed: {refused:?}"
        );
        let installation = installation.with("MFA_ENCRYPTION_KEYS", &both());

        let rotated = done(installation.admin(&["keys", "rotate"], ""));
        assert_eq!(rotated["resealed"], left, "{name}");
        assert_eq!(installation.number(old), 0, "{name}");
        let again = done(installation.admin(&["keys", "rotate"], ""));
        assert_eq!(again["resealed"], 0, "{name}: a second time changes nothing");
    }
}

#[test]
fn a_key_in_use_cannot_be_removed_and_older_audit_events_still_verify() {
    for installation in Installation::each(&[]) {
        let name = installation.name;
        let members = enrol(&installation, 0..2);
        let codes = ["recovery", "regenerate", "--user-id", &members[0].id.to_string()];
        let codes = done(installation.admin(&codes, ""))["recovery_codes"].clone();
        let installation = installation.with("MFA_ENCRYPTION_KEYS", NEW);
        for refused in [
            installation.try_start().map(drop).unwrap_err().stderr,
            installation.admin(&["keys", "status"], "").stderr,
        ] {
            assert!(refused.contains("MFA_ENCRYPTION_KEYS lacks a key"), "{name}: {refused}");
            assert!(refused.contains("test"), "{name}: {refused}");
        }

        let installation = installation.with("MFA_ENCRYPTION_KEYS", &both());
        let status = done(installation.admin(&["keys", "status"], ""));
        assert_eq!(key(&status, "test")["may_go"], false, "{name}: {status}");
        assert_eq!(key(&status, "test")["needed_by"]["recovery_tag"], 10, "{name}: {status}");
        // A secret that cannot be decrypted keeps its key in use.
        installation.sql("UPDATE users SET totp_secret = 'v1.test.AAAA', mfa_version = mfa_version + 1 WHERE username = 'u1'");
        let partly = installation.admin(&["keys", "rotate"], "");
        assert_eq!(partly.code, Some(1), "{name}: {partly:?}");
        assert_eq!(partly.json["released"], serde_json::json!([]), "{name}");
        assert_eq!(partly.json["unreadable"][0]["column"], "totp_secret", "{name}");
        done(installation.admin(&["user", "reset", "--user-id", &members[1].id.to_string()], ""));
        let rotated = done(installation.admin(&["keys", "rotate"], ""));
        assert_eq!(rotated["released"], serde_json::json!(["test"]), "{name}");

        // The old master key is gone. Events and recovery code tags with keys derived from it still verify.
        let installation = installation.with("MFA_ENCRYPTION_KEYS", NEW);
        done(installation.admin(&["audit", "verify"], ""));
        assert!(installation.number("SELECT count(*) FROM mfa_events WHERE mac_key = 'test'") > 0, "{name}");
        let server = installation.start();
        let token = pending(&installation, members[0].id);
        let code = codes[3].as_str().expect("a code");
        server.client().post("/api/mfa/verify/recovery").bearer(&token).code(code).send().ok();
        let status = done(installation.admin(&["keys", "status"], ""));
        assert_eq!(key(&status, "test")["in_ring"], false, "{name}: {status}");
        assert_eq!(key(&status, "test")["needed_by"]["recovery_tag"], 9, "{name}: {status}");
        assert_eq!(key(&status, "test")["retained"], true, "{name}: {status}");
    }
}

#[test]
fn nothing_is_encrypted_with_a_key_that_a_running_server_lacks() {
    for installation in Installation::each(&[]) {
        let name = installation.name;
        drop(enrol(&installation, 0..1));
        let server = installation.start();
        let installation = installation.with("MFA_ENCRYPTION_KEYS", &both());
        let refused = installation.admin(&["keys", "rotate"], "");
        assert_eq!(refused.code, Some(1), "{name}: {refused:?}");
        assert_eq!(refused.json["error"]["code"], "server_behind", "{name}: {refused:?}");
        let old = "SELECT count(*) FROM users WHERE totp_secret LIKE 'v1.test.%'";
        assert_eq!(installation.number(old), 1, "{name}");
        server.terminate();
        assert!(server.wait().success(), "{name}");
        done(installation.admin(&["keys", "rotate"], ""));
    }
}

#[test]
fn a_key_rotation_is_logged_with_actor_and_reason() {
    let installation = Installation::sqlite(&[]);
    drop(enrol(&installation, 0..1));
    let installation = installation.with("MFA_ENCRYPTION_KEYS", &both());
    done(installation.admin(&["keys", "rotate", "--reason", "ninety days"], ""));
    let log = installation.log();
    let line = log.lines().find(|line| line.contains("admin_keys_rotate")).expect("a line");
    assert!(line.contains("ninety days") && line.contains("os:"), "{line}");
}
