//! Tests of a server behind a connection pooler, a real pgbouncer.

use std::fs;
use std::net::TcpStream;
use std::os::unix::fs::MetadataExt as _;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use nova_mfa_tests::{Installation, PgDatabase, free_port};
use tempfile::TempDir;
use url::Url;

/// Running pgbouncer before a database, stopped when dropped.
struct Pooler {
    child: Child,
    url: String,
    _folder: TempDir,
}

impl Pooler {
    fn start(database: &PgDatabase, mode: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let server = Url::parse(database.url()).unwrap();
        let port = free_port();
        let password = server.password().map(|it| format!(" password={it}")).unwrap_or_default();
        let target = format!(
            "host={} port={} user={}{password}",
            server.host_str().unwrap(),
            server.port().unwrap_or(5432),
            server.username()
        );
        // pgbouncer does not run as root.
        let is_root = fs::metadata("/proc/self").unwrap().uid() == 0;
        let user = if is_root { "user = nobody\n" } else { "" };
        let settings = format!(
            "[databases]\n* = {target}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n\
             unix_socket_dir =\nauth_type = any\npool_mode = {mode}\ndefault_pool_size = 10\n{user}"
        );
        let file = folder.path().join("pgbouncer.ini");
        fs::write(&file, settings).unwrap();
        let child = Command::new("pgbouncer")
            .arg(&file)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .env("PATH", "/usr/local/sbin:/usr/sbin:/usr/local/bin:/usr/bin:/bin")
            .spawn()
            .expect("the system has pgbouncer");
        let listens = (0..400).any(|_| {
            std::thread::sleep(Duration::from_millis(50));
            TcpStream::connect(("127.0.0.1", port)).is_ok()
        });
        assert!(listens, "pgbouncer does not listen");
        let url = format!("postgresql://{}@127.0.0.1:{port}{}", server.username(), server.path());
        Self { child, url, _folder: folder }
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[test]
fn a_pooler_in_transaction_mode_is_named_at_the_start_and_by_each_command() {
    let database = PgDatabase::create();
    for mode in ["transaction", "statement"] {
        let pooler = Pooler::start(&database, mode);
        let installation = Installation::postgres_at(&pooler.url, &[]);
        let refusal = installation.try_start().expect_err("it started");
        assert!(refusal.stderr.contains("set pool_mode = session"), "{mode}: {refusal:?}");
        for words in [&["user", "list"][..], &["migrate", "up"], &["doctor"]] {
            let refused = installation.admin(words, "");
            assert_eq!(refused.code, Some(1), "{mode} {words:?}: {refused:?}");
            let said = format!("{} {}", refused.stderr, refused.json);
            assert!(said.contains("set pool_mode = session"), "{mode} {words:?}: {said}");
        }
    }
}

#[test]
fn a_pooler_in_session_mode_works() {
    let database = PgDatabase::create();
    let pooler = Pooler::start(&database, "session");
    let installation = Installation::postgres_at(&pooler.url, &[]);
    let server = installation.start();
    server.client().get("/health/ready").send().ok();
    let words = ["user", "create", "--email", "a@example.com", "--username", "ada", "--password-stdin"];
    assert_eq!(installation.admin(&words, "correct horse battery").code, Some(0));
    assert_eq!(installation.admin(&["user", "list"], "").json["users"][0]["username"], "ada");
    assert_eq!(installation.admin(&["doctor"], "").code, Some(0));
}
