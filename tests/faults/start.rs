//! Tests of settings that prevent the start.

use std::io::{BufRead as _, BufReader};
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};
use std::time::Duration;

use nova_mfa_tests::{Client, Installation, JWT_SECRET, admin_binary, server_binary};

/// Asserts that the start fails with an error message that names the setting. Returns the message.
#[track_caller]
fn refused(installation: &Installation, setting: &str) -> String {
    let refusal = match installation.try_start() {
        Ok(server) => panic!("it started: {server:?}"),
        Err(refusal) => refusal,
    };
    assert_eq!(refusal.code, Some(1), "{refusal:?}");
    assert!(refusal.stderr.contains(setting), "{setting} in {refusal:?}");
    assert_eq!(refusal.stderr.trim_end().lines().count(), 1, "one sentence: {refusal:?}");
    assert!(!refusal.stderr.contains("panicked"), "{refusal:?}");
    refusal.stderr
}

#[test]
fn an_invalid_value_is_named() {
    for (setting, value) in [
        ("MFA_RATE_LIMIT_MAX", "0"),
        ("MFA_RATE_LIMIT_MAX", "-1"),
        ("MFA_RATE_LIMIT_MAX", "many"),
        ("MFA_RATE_LIMIT_WINDOW", "0"),
        ("LOGIN_RATE_IP_MAX", "0"),
        ("MFA_MAX_FAILURES", "0"),
        ("MFA_MAX_FAILURES", "101"),
        ("MFA_LOCK_MINUTES", "0"),
        ("MFA_STEP_UP_MAX_AGE", "0"),
        ("MFA_BIND", "nowhere"),
        ("MFA_ENV", "staging"),
        ("MFA_LOG_LEVEL", "loud"),
        ("MFA_LOCALE", "de"),
        ("DATABASE_URL", "mysql://u:p@h/d"),
        ("TRUSTED_PROXIES", "0.0.0.0/0"),
        ("TRUSTED_PROXIES", "proxy.example.com"),
        ("TRUSTED_PROXY_HEADER", "Forwarded"),
        ("LOGIN_ENABLED", "perhaps"),
        ("JWT_ALGORITHM", "none"),
        ("MFA_ENCRYPTION_KEYS", "no-key-at-all"),
        ("MFA_ENCRYPTION_KEYS", "short:AAAA"),
        ("TLS_CERT", "cert.pem"),
    ] {
        refused(&Installation::sqlite(&[(setting, value)]), setting);
    }
}

#[test]
fn a_weak_key_is_rejected_and_not_printed() {
    for key in ["tiny-key", "changeme-changeme-changeme-changeme", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"] {
        let stderr = refused(&Installation::sqlite(&[("JWT_SECRET_KEY", key)]), "JWT_SECRET_KEY");
        assert!(!stderr.contains(key), "{stderr}");
    }
}

#[test]
fn an_unknown_setting_is_reported_with_the_nearest_known_one() {
    let stderr = refused(&Installation::sqlite(&[("MFA_RATE_LIMT_MAX", "10")]), "MFA_RATE_LIMT_MAX");
    assert!(stderr.contains("MFA_RATE_LIMIT_MAX"), "{stderr}");
}

#[test]
fn postgresql_requires_an_environment_and_keys() {
    let installation = || Installation::postgres(&[]);
    refused(&installation().without("MFA_ENV"), "MFA_ENV");
    refused(&installation().without("JWT_SECRET_KEY"), "JWT_SECRET_KEY");
    refused(&installation().without("MFA_ENCRYPTION_KEYS"), "MFA_ENCRYPTION_KEYS");
}

#[test]
fn production_rejects_generated_keys_and_plain_http() {
    let production =
        |more: &[(&str, &str)]| Installation::sqlite(&[&[("MFA_ENV", "production")], more].concat());
    refused(&production(&[]).without("JWT_SECRET_KEY"), "JWT_SECRET_KEY");
    refused(&production(&[]).without("MFA_ENCRYPTION_KEYS"), "MFA_ENCRYPTION_KEYS");
    refused(&production(&[]).without("DATABASE_URL"), "DATABASE_URL");
    refused(&production(&[("MFA_BIND", "0.0.0.0:0")]), "MFA_BIND");
    let server = production(&[]).start();
    server.client().get("/health").send().ok();
    server.client().post("/api/auth/login").send().assert_problem(404, "not_found");
}

#[test]
fn a_secret_and_its_file_cannot_both_be_set() {
    let installation = Installation::sqlite(&[("JWT_SECRET_KEY_FILE", "key")]);
    std::fs::write(installation.folder().join("key"), JWT_SECRET).unwrap();
    refused(&installation, "JWT_SECRET_KEY");
    installation.without("JWT_SECRET_KEY").start().client().get("/health").send().ok();
}

#[test]
fn an_unreachable_database_is_reported_without_its_password() {
    let port = nova_mfa_tests::free_port();
    let url = format!("postgresql://nova:hunter2@127.0.0.1:{port}/nova");
    let stderr = refused(&Installation::sqlite(&[("DATABASE_URL", &url)]), "DATABASE_URL");
    assert!(!stderr.contains("hunter2"), "{stderr}");
}

#[test]
fn a_port_in_use_is_reported_and_the_first_server_keeps_running() {
    let installation = Installation::sqlite(&[]);
    let first = installation.start();
    let address = first.client().address().to_string();
    refused(&Installation::sqlite(&[("MFA_BIND", &address)]), "MFA_BIND");
    first.client().get("/health/ready").send().ok();
}

#[test]
fn with_the_log_on_standard_output_the_banner_is_on_standard_error() {
    let installation = Installation::sqlite(&[("MFA_LOG_FILE", "-")]);
    let mut child = Command::new(server_binary())
        .current_dir(installation.folder())
        .env_clear()
        .envs(installation.settings())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let errors = BufReader::new(child.stderr.take().unwrap());
    let banner: Vec<_> =
        errors.lines().map_while(Result::ok).take_while(|it| !it.contains("Database:")).collect();
    assert!(banner.iter().any(|line| line.contains("Health: http://")), "{banner:?}");
    let mut log = BufReader::new(child.stdout.take().unwrap());
    let mut first = String::new();
    log.read_line(&mut first).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    for line in std::iter::once(first).chain(log.lines().map_while(Result::ok)) {
        assert!(serde_json::from_str::<serde_json::Value>(&line).is_ok(), "{line}");
    }
}

#[test]
fn a_command_logs_to_a_standard_error_that_is_a_socket() {
    let installation = Installation::sqlite(&[("MFA_LOG_FILE", "-")]);
    assert_eq!(installation.admin(&["migrate", "up"], "").code, Some(0));
    let (ours, theirs) = std::os::unix::net::UnixStream::pair().unwrap();
    let status = Command::new(admin_binary())
        .args(["user", "list"])
        .current_dir(installation.folder())
        .env_clear()
        .envs(installation.settings())
        .stdout(Stdio::null())
        .stderr(OwnedFd::from(theirs))
        .status()
        .unwrap();
    drop(ours);
    assert!(status.success(), "{status}");
}

#[test]
fn a_server_in_a_terminal_ends_with_the_terminal_and_not_with_a_log_rotation() {
    let installation = Installation::sqlite(&[]);
    // `script` runs a program in a terminal of its own.
    let server = format!("exec {}", server_binary().display());
    let mut terminal = Command::new("script")
        .args(["-qfec", &server, "/dev/null"])
        .current_dir(installation.folder())
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .envs(installation.settings())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the system has script (util-linux)");
    let mut lines = BufReader::new(terminal.stdout.take().unwrap()).lines().map_while(Result::ok);
    let address: std::net::SocketAddr = lines
        .find_map(|line| line.split_once("Listening: ").and_then(|(_, it)| it.trim().parse().ok()))
        .expect("the server listens");
    let client = Client::new(address);
    let pid = only_child(terminal.id());
    assert!(Command::new("kill").args(["-HUP", &pid]).status().unwrap().success());
    std::thread::sleep(Duration::from_secs(1));
    client.get("/health/ready").send().ok();
    terminal.kill().unwrap();
    terminal.wait().unwrap();
    let is_gone = (0..200).any(|_| {
        std::thread::sleep(Duration::from_millis(50));
        std::net::TcpStream::connect(address).is_err()
    });
    assert!(is_gone, "the server still listens");
}

/// Returns the process ID of the only child of a process.
fn only_child(parent: u32) -> String {
    let children = std::fs::read_to_string(format!("/proc/{parent}/task/{parent}/children")).unwrap();
    children.trim().to_owned()
}
