//! Tests of `mfa-admin` commands: working folder, selection of users, passwords, rights and log files.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output};

use flate2::Compression;
use flate2::write::GzEncoder;
use mfa_flows::TokenKind;
use nova_mfa_tests::{Installation, TestServer, admin_binary, server_binary};
use serde_json::json;

const PASSWORD: &str = "correct horse battery";

fn run(program: &Path, folder: &Path, words: &[&str]) -> Output {
    Command::new(program).args(words).current_dir(folder).env_clear().output().expect("the program runs")
}

#[test]
fn a_command_that_reads_creates_nothing_in_a_folder_without_an_installation() {
    let folder = tempfile::tempdir().unwrap();
    for words in [
        &["user", "list"][..],
        &["user", "unlock", "--user-id", "1"],
        &["user", "reset", "--username", "ada", "--yes"],
        &["token", "pending", "--user-id", "1"],
        &["recovery", "regenerate", "--user-id", "1"],
        &["audit", "verify"],
        &["audit", "export", "--since", "2026-01-01"],
        &["keys", "status"],
        &["migrate", "status"],
        &["migrate", "down", "--yes"],
        &["export", "otpauth", "-"],
        &["config", "show"],
        &["doctor"],
    ] {
        let output = run(admin_binary(), folder.path(), words);
        // The settings can be shown, and doctor reports a database without a schema as a warning.
        if !["config", "doctor"].contains(&words[0]) {
            assert_eq!(output.status.code(), Some(1), "{words:?}: {output:?}");
        }
        let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().collect();
        assert!(left.is_empty(), "{words:?} created {left:?}");
    }
    let output = run(admin_binary(), folder.path(), &["--json", "user", "list"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("\"no_database\"") && text.contains("data/nova-mfa.db"), "{text}");
}

#[test]
fn an_import_that_cannot_run_or_is_a_trial_creates_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let uri = "otpauth://totp/ada?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
    let row = json!({ "email": "ada@example.com", "username": "ada", "otpauth_uri": uri });
    std::fs::write(folder.path().join("in.jsonl"), format!("{row}\n")).unwrap();
    for (words, code) in [
        (&["import", "nova-python"][..], "PostgreSQL"),
        (&["import", "nova-python", "--dry-run"], "PostgreSQL"),
        (&["import", "otpauth", "in.jsonl", "--create-users", "--dry-run"], "there is no NOVA MFA database"),
    ] {
        let output = run(admin_binary(), folder.path(), words);
        assert_eq!(output.status.code(), Some(1), "{words:?}: {output:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains(code), "{words:?}: {output:?}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "{words:?} created a file");
    }
    let import = run(admin_binary(), folder.path(), &["import", "otpauth", "in.jsonl", "--create-users"]);
    assert!(import.status.success(), "{import:?}");
    assert!(folder.path().join("data/nova-mfa.db").exists());
}

#[test]
fn both_programs_work_in_the_folder_after_c() {
    let folder = tempfile::tempdir().unwrap();
    let inside = folder.path().join("installation");
    std::fs::create_dir(&inside).unwrap();
    std::fs::write(inside.join(".env"), "MFA_BIND=127.0.0.1:1234567\n").unwrap();
    let check = run(server_binary(), folder.path(), &["-C", "installation", "--check-config"]);
    assert!(String::from_utf8_lossy(&check.stderr).contains("MFA_BIND"), "{check:?}");
    std::fs::remove_file(inside.join(".env")).unwrap();
    let check = run(server_binary(), folder.path(), &["-C", "installation", "--check-config"]);
    assert!(check.status.success(), "{check:?}");

    let up = run(admin_binary(), folder.path(), &["-C", "installation", "migrate", "up"]);
    assert!(up.status.success(), "{up:?}");
    assert!(inside.join("data/nova-mfa.db").exists());
    let list = run(admin_binary(), folder.path(), &["user", "list", "-C", "installation"]);
    assert!(list.status.success(), "{list:?}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing outside of the folder");

    for program in [admin_binary(), server_binary()] {
        let missing = run(program, folder.path(), &["-C", "missing", "doctor", "--check-config"]);
        assert_ne!(missing.status.code(), Some(0), "{missing:?}");
    }
    let missing = run(admin_binary(), folder.path(), &["-C", "missing", "doctor"]);
    assert_eq!(missing.status.code(), Some(1), "{missing:?}");
    assert!(String::from_utf8_lossy(&missing.stderr).contains("cannot change to missing"), "{missing:?}");
}

#[test]
fn completions_and_manual_pages_come_from_the_command_line() {
    let folder = tempfile::tempdir().unwrap();
    for program in [admin_binary(), server_binary()] {
        let name = program.file_name().unwrap().to_str().unwrap();
        for shell in ["bash", "zsh", "fish"] {
            let script = run(program, folder.path(), &["completions", shell]);
            assert!(script.status.success(), "{script:?}");
            assert!(String::from_utf8_lossy(&script.stdout).contains(name), "{shell}");
        }
        assert_eq!(run(program, folder.path(), &["completions", "cobol"]).status.code(), Some(2));
        let pages = run(program, folder.path(), &["man", "."]);
        assert!(pages.status.success(), "{pages:?}");
        let page = std::fs::read_to_string(folder.path().join(format!("{name}.1"))).unwrap();
        assert!(page.contains(".TH"), "{page}");
    }
    assert!(folder.path().join("mfa-admin-user-reset.1").exists());
}

/// Returns what bash offers to complete the last of these words with.
fn complete(program: &Path, words: &[&str]) -> Vec<String> {
    let script = "source <(\"$0\" completions bash); COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1))
        function=$(complete -p \"$1\" | sed 's/.*-F \\([^ ]*\\).*/\\1/')
        \"$function\" \"$1\" \"${COMP_WORDS[COMP_CWORD]}\" \"${COMP_WORDS[COMP_CWORD - 1]}\"
        printf '%s\\n' \"${COMPREPLY[@]}\"";
    let name = program.file_name().unwrap().to_str().unwrap();
    let output =
        Command::new("bash").args(["-c", script]).arg(program).arg(name).args(words).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().split_whitespace().map(str::to_owned).collect()
}

#[test]
fn bash_completes_each_word_of_a_command() {
    assert_eq!(complete(admin_binary(), &["us"]), ["user"]);
    assert_eq!(complete(admin_binary(), &["user", "cre"]), ["create"]);
    assert_eq!(complete(admin_binary(), &["token", "rev"]), ["revoke-all"]);
    let options = complete(admin_binary(), &["user", "show", "--"]);
    for option in ["--user-id", "--email", "--username", "--json"] {
        assert!(options.iter().any(|it| it == option), "{options:?}");
    }
    assert!(complete(admin_binary(), &["token", "revoke-all", "--u"]).contains(&"--user-id".to_owned()));
    assert_eq!(complete(server_binary(), &["compl"]), ["completions"]);
    assert!(complete(server_binary(), &["completions", "z"]).contains(&"zsh".to_owned()));
}

#[test]
fn the_openapi_document_ends_at_a_closed_pipe_and_fails_on_a_full_disk() {
    let folder = tempfile::tempdir().unwrap();
    for words in [&["--print-openapi"][..], &["--check-config"], &["completions", "bash"]] {
        let command = || {
            let mut command = Command::new(server_binary());
            command.args(words).current_dir(folder.path()).env_clear();
            command
        };
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let closed = command().stdout(writer).output().unwrap();
        assert_eq!((closed.status.code(), closed.stderr.as_slice()), (Some(0), &b""[..]), "{words:?}");
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let full = command().stdout(full).output().unwrap();
        let message = String::from_utf8(full.stderr).unwrap();
        assert_eq!(full.status.code(), Some(1), "{words:?}: {message}");
        assert!(message.starts_with("error: cannot write the output: No space left"), "{message}");
    }
}

#[test]
fn an_existing_user_gets_a_password_and_rights() {
    for server in TestServer::each() {
        let name = server.name();
        let ada = server.add_user_with_password("ada", PASSWORD);
        server.login("ada", PASSWORD).send().ok();
        let session = server.token(ada, TokenKind::OneFactor);
        server.get("/api/mfa/status", &session).ok();

        let words = ["user", "password", "--username", " ada ", "--password-stdin"];
        let set = server.installation.admin(&words, "another horse battery\n");
        assert_eq!((set.code, &set.json["password_set"]), (Some(0), &json!(true)), "{name}: {set:?}");
        assert_eq!(server.login("ada", PASSWORD).send().outcome(), "invalid_credentials", "{name}");
        server.login("ada", "another horse battery").send().ok();
        assert_eq!(server.get("/api/mfa/status", &session).outcome(), "token_revoked", "{name}");
        let short = server.installation.admin(&words, "short\n");
        assert_eq!(
            (short.code, &short.json["error"]["code"]),
            (Some(1), &json!("invalid_password")),
            "{name}"
        );

        for (state, expected) in [("on", 1), ("off", 0)] {
            let set = server.admin(&["user", "superuser", state, "--email", "ada@example.com"]);
            assert_eq!(set.code, Some(0), "{name}: {set:?}");
            let query = format!("SELECT count(*) FROM users WHERE id = {ada} AND is_superuser");
            assert_eq!(server.installation.number(&query), expected, "{name}");
        }
        for event in ["admin_password", "admin_superuser"] {
            assert!(server.log_contains(&format!("\"event\":\"{event}\"")), "{name}: {event}");
        }
        assert_eq!(server.admin(&["audit", "verify"]).code, Some(0), "{name}");
    }
}

#[test]
fn a_user_name_selects_the_user_of_that_name_and_no_other() {
    for server in TestServer::each() {
        let ada = server.add_user("ada");
        let show = |words: &[&str]| server.admin(&[&["user", "show"], words].concat());
        assert_eq!(show(&["--username", "ada"]).json["user_id"], json!(ada.value()), "{}", server.name());
        let address = show(&["--username", "ada@example.com"]);
        assert_eq!(address.json["error"]["code"], json!("not_found"), "an address is no user name");
        assert_eq!(show(&["--username", "eve"]).json["error"]["code"], json!("not_found"));
        for words in [&["token", "access"][..], &["token", "revoke-all"], &["recovery", "regenerate"]] {
            let answer = server.admin(&[words, &["--username", "ada"]].concat());
            assert_eq!(answer.code, Some(0), "{words:?}: {answer:?}");
        }
    }
}

#[test]
fn the_audit_log_is_compared_with_rotated_and_compressed_log_files() {
    for server in TestServer::each() {
        let ada = server.enrol("ada");
        server.verify(&server.pending(ada.id), &ada.code(server.now())).ok();
        assert!(server.log_contains("\"event\":\"totp_verify\",\"outcome\":\"success\""));
        let logs = server.installation.folder().join("logs");
        let text = std::fs::read_to_string(logs.join("mfa.log")).unwrap();
        let (first, rest) = text.split_at(text.find('\n').unwrap() + 1);
        let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
        gzip.write_all(rest.as_bytes()).unwrap();
        std::fs::write(logs.join("rotated.1"), first).unwrap();
        std::fs::write(logs.join("rotated.2.gz"), gzip.finish().unwrap()).unwrap();
        std::fs::write(logs.join("other.log"), "Nov 30 systemd[1]: started\n{\"msg\":\"x\"}\n").unwrap();

        let verify = |files: &[&str]| {
            let files: Vec<_> = files.iter().map(|it| logs.join(it).display().to_string()).collect();
            let words = ["audit", "verify", "--log"].into_iter().chain(files.iter().map(String::as_str));
            server.admin(&words.collect::<Vec<_>>())
        };
        let events = server.installation.number("SELECT count(*) FROM mfa_events");
        let rotated = verify(&["rotated.1", "rotated.2.gz"]);
        assert_eq!((rotated.code, &rotated.json["log_lines"]), (Some(0), &json!(events)), "{rotated:?}");
        let words = ["audit", "verify", "--log", "/dev/stdin"];
        let piped = server.installation.admin(&words, &text);
        assert_eq!((piped.code, &piped.json["log_lines"]), (Some(0), &json!(events)), "{piped:?}");
        let tampered = text.replacen("\"mac\":\"", "\"mac\":\"0", 1);
        let piped = server.installation.admin(&words, &tampered);
        assert_eq!((piped.code, &piped.json["log_lines"]), (Some(1), &json!(events)), "{piped:?}");
        let gzip = std::fs::read(logs.join("rotated.2.gz")).unwrap();
        std::fs::write(logs.join("cut.gz"), gzip.get(..gzip.len() / 2).unwrap()).unwrap();
        std::fs::write(logs.join("rotated.3.xz"), b"\xfd7zXZ\0\0\0").unwrap();
        for name in ["cut.gz", "rotated.3.xz"] {
            let unreadable = verify(&["rotated.1", name]);
            assert_eq!(unreadable.json["error"]["code"], json!("log_unavailable"), "{unreadable:?}");
            assert!(unreadable.stderr.contains(name), "{unreadable:?}");
        }
        let other = verify(&["other.log"]);
        assert_eq!((other.code, &other.json["error"]["code"]), (Some(1), &json!("log_unavailable")));
        assert!(other.stderr.contains("no line of the log files"), "{other:?}");
    }
}

#[test]
fn a_script_is_not_asked_before_a_reset() {
    let installation = Installation::sqlite(&[]);
    let ada = installation.admin_creates_user("ada", PASSWORD).to_string();
    for words in [&["user", "reset", "--user-id", &ada][..], &["user", "erase", "--user-id", &ada, "--yes"]] {
        assert_eq!(installation.admin(words, "").code, Some(0), "{words:?}");
    }
}
