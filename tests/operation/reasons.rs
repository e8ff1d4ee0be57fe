//! Tests of the reasons that commands give for a failure: each names what is wrong, and nothing else.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use diesel::connection::SimpleConnection as _;
use diesel::{Connection as _, SqliteConnection};
use nova_mfa_tests::{AdminAnswer, Installation, PgDatabase, admin_binary, free_port, server_binary};
use serde_json::json;
use url::Url;

const PASSWORD: &str = "correct horse battery";
const RUNNING: &str = "that the server is running";
/// User without rights.
const NOBODY: u32 = 65534;

#[test]
fn the_server_is_said_to_be_down_only_if_it_cannot_be_reached() {
    let database = PgDatabase::create();
    let url = Url::parse(database.url()).unwrap();
    let role = format!("{}_no_login", url.path().trim_start_matches('/'));
    let as_owner = |statement: &str| database.connect().batch_execute(statement).unwrap();
    as_owner(&format!("CREATE ROLE {role} PASSWORD 'x'"));
    let with = |change: &dyn Fn(&mut Url)| {
        let mut url = url.clone();
        change(&mut url);
        String::from(url)
    };
    let query = |query: &str| with(&|it| it.set_query(Some(query)));
    let answers: Vec<_> = [
        (query("sslmod=require"), "the unknown parameter sslmod: did you mean sslmode?", false),
        (query("sslmode=strict"), "sslmode=strict: use disable", false),
        (query("connect_timeout=abc"), "connect_timeout=abc: use a whole number", false),
        (query("service=nope"), "definition of service", false),
        (query("target_session_attrs=read-only"), "a server that rejects writes", false),
        (query("channel_binding=x"), "Correct this part of DATABASE_URL", false),
        ("postgresql://nova:hunter2@127.0.0.1:99999/nova".to_owned(), "a port that is no number", false),
        (with(&|it| it.set_path("/no%20such%C3%A9")), "\"no suché\" does not exist", false),
        (with(&|it| it.set_username(&role).unwrap()), "LOGIN", false),
        (with(&|it| it.set_port(Some(free_port())).unwrap()), "Connection refused", true),
        ("sqlite://logs".to_owned(), "logs, which is a folder", false),
    ]
    .into_iter()
    .map(|(url, reason, is_down)| {
        let installation = Installation::postgres_at(&url, &[("MFA_ENV", "development")]);
        fs::create_dir(installation.folder().join("logs")).unwrap();
        let answer = installation.admin(&["user", "list"], "");
        (url, reason, is_down, answer)
    })
    .collect();
    as_owner(&format!("DROP ROLE {role}"));
    for (url, reason, is_down, answer) in answers {
        assert_eq!(answer.code, Some(1), "{url}: {answer:?}");
        assert!(answer.stderr.contains(reason), "{url}: {answer:?}");
        assert_eq!(answer.stderr.contains(RUNNING), is_down, "{url}: {answer:?}");
        assert!(!answer.stderr.contains("hunter2"), "{answer:?}");
    }
    database.refuse_connections();
    let answer = Installation::postgres_at(database.url(), &[]).admin(&["user", "list"], "");
    assert!(answer.stderr.contains("ALLOW_CONNECTIONS") && !answer.stderr.contains(RUNNING), "{answer:?}");
    database.allow_connections();
}

#[test]
fn a_locked_sqlite_file_is_in_use_and_its_schema_is_not_blamed() {
    let installation = Installation::sqlite(&[]);
    let ada = installation.admin_creates_user("ada", PASSWORD).to_string();
    let path = installation.folder().join("data/nova-mfa.db");
    let mut other = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    // Without the write-ahead log, the lock stops readers too.
    other.batch_execute("PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE").unwrap();
    for words in [
        &["user", "unlock", "--user-id", &ada][..],
        &["migrate", "status"],
        &["migrate", "up"],
        &["user", "list"],
    ] {
        let answer = installation.admin(words, "");
        assert_eq!(answer.code, Some(1), "{words:?}: {answer:?}");
        assert!(answer.stderr.contains("in use by another program"), "{words:?}: {answer:?}");
        assert!(!answer.stderr.contains("could not be changed"), "{words:?}: {answer:?}");
    }
    other.batch_execute("ROLLBACK; PRAGMA journal_mode = WAL; BEGIN IMMEDIATE").unwrap();
    let answer = installation.admin(&["user", "unlock", "--user-id", &ada], "");
    assert_eq!(answer.code, Some(1), "{answer:?}");
    assert!(answer.stderr.contains("in use by another program"), "{answer:?}");
    other.batch_execute("ROLLBACK").unwrap();
    assert_eq!(installation.admin(&["user", "unlock", "--user-id", &ada], "").code, Some(0));
}

#[test]
fn a_role_without_a_privilege_is_named_with_it() {
    let installation = Installation::postgres(&[]);
    let ada = installation.admin_creates_user("ada", PASSWORD).to_string();
    let mut url = Url::parse(installation.database().url()).unwrap();
    let role = format!("{}_app", url.path().trim_start_matches('/'));
    let owner = |statement: &str| installation.database().connect().batch_execute(statement).unwrap();
    owner(&format!(
        "CREATE ROLE {role} LOGIN PASSWORD 'only-for-this-test'; GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}; \
         GRANT INSERT, UPDATE, DELETE ON mfa_meta, mfa_events TO {role}"
    ));
    url.set_username(&role).unwrap();
    url.set_password(Some("only-for-this-test")).unwrap();
    let limited = Installation::postgres_at(url.as_str(), &[]);
    let eve = ["user", "create", "--email", "eve@example.com", "--username", "eve", "--password-stdin"];
    let answers: Vec<(AdminAnswer, &str)> = vec![
        (limited.admin(&eve, PASSWORD), "lacks INSERT on table users"),
        (
            limited.admin(&["user", "password", "--user-id", &ada, "--password-stdin"], PASSWORD),
            "lacks UPDATE of users.hashed_password",
        ),
        (
            limited.admin(&["user", "superuser", "on", "--user-id", &ada], ""),
            "lacks UPDATE of users.is_superuser",
        ),
        (limited.admin(&["user", "unlock", "--user-id", &ada], ""), "lacks a privilege"),
    ];
    owner(&format!("DROP OWNED BY {role}; DROP ROLE {role}"));
    for (answer, reason) in answers {
        assert_eq!(answer.json["error"]["code"], json!("missing_privilege"), "{answer:?}");
        for part in [reason, &format!("role {role}"), "permission denied for table users"] {
            assert!(answer.stderr.contains(part), "{part}: {answer:?}");
        }
        assert!(!answer.stderr.contains("did not answer"), "{answer:?}");
    }
}

#[test]
fn a_verification_of_an_unknown_user_fails() {
    for installation in Installation::each(&[]) {
        let ada = installation.admin_creates_user("ada", PASSWORD).to_string();
        assert_eq!(installation.admin(&["audit", "verify", "--user-id", &ada], "").code, Some(0));
        let nobody = installation.admin(&["audit", "verify", "--user-id", "999"], "");
        assert_eq!(
            (nobody.code, &nobody.json["error"]["code"]),
            (Some(1), &json!("not_found")),
            "{nobody:?}"
        );
        assert!(nobody.stderr.contains("no user 999, and no event"), "{nobody:?}");
    }
}

#[test]
fn a_file_without_access_is_not_said_to_be_missing() {
    if fs::metadata("/proc/self").unwrap().uid() != 0 {
        // Only root can run a program as another user.
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
    fs::create_dir(path("private")).unwrap();
    fs::set_permissions(path("private"), Permissions::from_mode(0o700)).unwrap();
    fs::create_dir(path("work")).unwrap();
    fs::set_permissions(path("work"), Permissions::from_mode(0o777)).unwrap();
    for (program, name) in [(server_binary(), "mfa-server"), (admin_binary(), "mfa-admin")] {
        fs::copy(program, path(name)).unwrap();
    }
    for name in ["private/nova.db", "own.db", "secret"] {
        fs::write(path(name), "").unwrap();
        fs::set_permissions(path(name), Permissions::from_mode(0o600)).unwrap();
    }
    let run = |program: &str, words: &[&str], settings: &[(&str, &str)]| {
        let mut command = Command::new(path(program));
        command.args(words).current_dir(path("work")).env_clear().env("MFA_BIND", "127.0.0.1:0");
        let output = command.envs(settings.iter().copied()).uid(NOBODY).gid(NOBODY).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{program} {words:?}: {output:?}");
        String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
    };
    for database in ["private/nova.db", "own.db"] {
        let url = format!("sqlite://{}", path(database).display());
        for (program, words) in
            [("mfa-server", &[][..]), ("mfa-admin", &["user", "list"]), ("mfa-admin", &["doctor"])]
        {
            let text = run(program, words, &[("DATABASE_URL", &url)]);
            assert!(text.contains("ermission denied"), "{database} {program} {words:?}: {text}");
            assert!(
                !text.contains("there is no NOVA MFA database"),
                "{database} {program} {words:?}: {text}"
            );
        }
    }
    let secret = path("secret").display().to_string();
    let text = run("mfa-server", &["--check-config"], &[("HOOK_SECRET_FILE", &secret)]);
    assert!(text.contains("HOOK_SECRET_FILE points to ") && text.contains("Permission denied"), "{text}");
    fs::write(path("work/.env"), "").unwrap();
    fs::set_permissions(path("work/.env"), Permissions::from_mode(0o600)).unwrap();
    let text = run("mfa-server", &["--check-config"], &[]);
    assert!(text.contains(".env cannot be read (Permission denied"), "{text}");
}

#[test]
fn a_key_of_another_certificate_is_found_before_the_start() {
    let [one, other] = [(); 2].map(|()| nova_mfa_tests::TestCertificate::new());
    let installation = Installation::sqlite(&[("TLS_CERT", "cert.pem"), ("TLS_KEY", "other/key.pem")]);
    one.write(installation.folder());
    fs::create_dir(installation.folder().join("other")).unwrap();
    other.write(&installation.folder().join("other"));
    let check = Command::new(server_binary())
        .arg("--check-config")
        .current_dir(installation.folder())
        .env_clear()
        .envs(installation.settings())
        .output()
        .unwrap();
    let check = (check.status.code(), String::from_utf8_lossy(&check.stderr).into_owned());
    let doctor = installation.admin(&["doctor"], "");
    for (code, text) in [check, (doctor.code, doctor.json.to_string())] {
        assert_eq!(code, Some(1), "{text}");
        assert!(text.contains("TLS_KEY is not the key of the certificate in TLS_CERT"), "{text}");
    }
    let refused = installation.try_start().unwrap_err();
    assert!(refused.stderr.contains("TLS_KEY is not the key"), "{refused:?}");
    assert!(!installation.folder().join("data").exists(), "nothing is opened before");
}

#[test]
fn an_expired_certificate_is_a_problem_of_the_checks() {
    let installation = Installation::sqlite(&[("TLS_CERT", "cert.pem"), ("TLS_KEY", "key.pem")]);
    nova_mfa_tests::TestCertificate::expired().write(installation.folder());
    let check = Command::new(server_binary())
        .arg("--check-config")
        .current_dir(installation.folder())
        .env_clear()
        .envs(installation.settings())
        .output()
        .unwrap();
    let check = (check.status.code(), String::from_utf8_lossy(&check.stderr).into_owned());
    let doctor = installation.admin(&["doctor"], "");
    for (code, text) in [check, (doctor.code, doctor.json.to_string())] {
        assert_eq!(code, Some(1), "{text}");
        assert!(text.contains("whose certificate expired at 2021-01-01T00:00:00Z"), "{text}");
    }
}
