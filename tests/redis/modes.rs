//! Tests of Redis as one server, with a password or TLS, as a cluster, and with sentinels.

use mfa_core::RateLimitDecision;
use mfa_infra::redis::{RedisRateLimiter, RedisState};
use mfa_infra::settings::RedisMode;
use nova_mfa_tests::{Installation, TestCertificate, free_port};

use super::limits::{Limited, Limits, own_prefix};
use super::server::RedisServer;

/// Returns a limiter of three requests an hour, whose local share is one.
fn three_an_hour(mode: RedisMode, urls: &[&str]) -> Limited {
    Limits { servers: 1000, ..Limits::an_hour(3) }.over_many(mode, urls, &own_prefix())
}

#[test]
fn a_password_in_the_url_is_sent_to_redis_and_not_logged() {
    let server = RedisServer::start_with_password("hunter2");
    let url = format!("redis://:hunter2@127.0.0.1:{}/4", server.port());
    let it = three_an_hour(RedisMode::Single, &[&url]);
    assert_eq!(it.check(), RedisState::Ready);
    assert_eq!(it.passing(10, "a"), 3);
    assert!(!format!("{:?}", it.limiter).contains("hunter2"));

    let it = three_an_hour(RedisMode::Single, &[&server.url()]);
    assert_eq!(it.check(), RedisState::Away);
    assert_eq!(it.passing(10, "a"), 1);
}

#[test]
fn a_redis_without_tls_is_unavailable_if_the_url_requires_tls() {
    let server = RedisServer::start();
    // Redis waits for the rest of a supposed command, so this reaches the deadline.
    let limits = Limits { servers: 1000, deadline: RedisRateLimiter::DEADLINE, ..Limits::an_hour(3) };
    let it = limits.over(&format!("rediss://127.0.0.1:{}", server.port()), &own_prefix());
    assert_eq!(it.check(), RedisState::Away);
    assert_eq!(it.passing(10, "a"), 1);
}

#[test]
fn a_cluster_works_with_one_dead_address() {
    let cluster = RedisServer::start_cluster();
    let dead = format!("redis://127.0.0.1:{}", free_port());
    let it = three_an_hour(RedisMode::Cluster, &[&dead, &cluster.url()]);
    assert_eq!(it.check(), RedisState::Ready);
    for subject in ["a", "b", "c", "d"] {
        assert_eq!(it.passing(10, subject), 3, "{subject}");
    }
}

#[test]
fn sentinels_provide_the_primary_and_its_successor_after_a_failover() {
    let (first, second) = (RedisServer::start_with_password("pw"), RedisServer::start_with_password("pw"));
    let sentinel = RedisServer::start_sentinel();
    let name = |server: &RedisServer| {
        let port = server.port().to_string();
        assert_eq!(sentinel.command(&["SENTINEL", "MONITOR", "main", "127.0.0.1", &port, "1"]), "+OK");
        assert_eq!(sentinel.command(&["SENTINEL", "SET", "main", "auth-pass", "pw"]), "+OK");
    };
    name(&first);
    let dead = format!("redis://127.0.0.1:{}", free_port());
    let living = format!("redis://:pw@127.0.0.1:{}?master=main", sentinel.port());
    let it = three_an_hour(RedisMode::Sentinel, &[&living, &dead]);
    assert_eq!(it.check(), RedisState::Ready);
    assert_eq!(it.take("a"), RateLimitDecision::Allowed { remaining: 2 });

    assert_eq!(sentinel.command(&["SENTINEL", "REMOVE", "main"]), "+OK");
    name(&second);
    // As after a failover: reachable, but read-only.
    let of_second = second.port().to_string();
    assert_eq!(first.command_as("pw", &["REPLICAOF", "127.0.0.1", &of_second]), "+OK");
    assert_eq!(it.take("b"), RateLimitDecision::Allowed { remaining: 0 }, "by itself");
    assert_eq!(it.take("b"), RateLimitDecision::Allowed { remaining: 2 }, "by the next one");
    assert_eq!(it.limiter.state(), RedisState::Ready);
}

/// What `doctor` says about Redis: its status, and its text with the remedy.
fn doctor(url: &str, variables: &[(&str, &str)]) -> (String, String) {
    let installation = Installation::sqlite(&[("REDIS_URL", url)]);
    let installation = variables.iter().fold(installation, |it, (name, value)| it.with(name, value));
    assert_eq!(installation.admin(&["migrate", "up"], "").code, Some(0));
    let answer = installation.admin(&["doctor"], "");
    let findings = answer.json["findings"].as_array().unwrap_or_else(|| panic!("{answer:?}"));
    let redis = findings.iter().find(|it| it["part"] == "redis").unwrap_or_else(|| panic!("{answer:?}"));
    (redis["state"].as_str().unwrap().to_owned(), redis.to_string())
}

#[test]
fn doctor_tells_the_failures_of_redis_apart() {
    let certificate = TestCertificate::for_name("localhost");
    let (tls, port) = RedisServer::start_with_tls(&certificate);
    let secure = format!("rediss://localhost:{port}");
    let (status, text) = doctor(&secure, &[]);
    assert!(status == "problem" && text.contains("SSL_CERT_FILE"), "an unknown authority: {text}");
    let folder = tempfile::tempdir().unwrap();
    certificate.write(folder.path());
    let file = folder.path().join("cert.pem");
    let (status, text) = doctor(&secure, &[("SSL_CERT_FILE", file.to_str().unwrap())]);
    assert_eq!(status, "ok", "a private authority: {text}");
    drop(tls);

    let locked = RedisServer::start_with_password("secret-of-redis");
    for url in [locked.url(), format!("redis://:wrong@127.0.0.1:{}", locked.port())] {
        let (status, text) = doctor(&url, &[]);
        assert!(status == "problem" && text.contains("the password in REDIS_URL"), "{url}: {text}");
        assert!(!text.contains("wrong@") && !text.contains("secret-of-redis"), "{text}");
    }
    let limited = RedisServer::start();
    assert_eq!(
        limited.command(&["ACL", "SETUSER", "nova", "on", ">pw", "~*", "+@all", "-evalsha", "-eval"]),
        "+OK"
    );
    let (status, text) = doctor(&format!("redis://nova:pw@127.0.0.1:{}", limited.port()), &[]);
    assert!(status == "problem" && text.contains("EVALSHA"), "no script: {text}");
    let dead = format!("redis://127.0.0.1:{}", free_port());
    let (status, text) = doctor(&dead, &[]);
    assert!(status == "problem" && text.contains("that Redis is running"), "refused: {text}");
    let cluster = RedisServer::start_cluster();
    let (status, text) = doctor(&cluster.url(), &[]);
    assert!(status == "ok" || text.contains("REDIS_MODE"), "cluster: {text}");
}

#[test]
fn doctor_tells_the_failures_of_tls_apart() {
    let (ours, theirs) = (TestCertificate::for_name("localhost"), TestCertificate::for_name("other.test"));
    let folder = tempfile::tempdir().unwrap();
    let file = |certificate: &TestCertificate, name: &str| {
        let folder = folder.path().join(name);
        std::fs::create_dir(&folder).unwrap();
        certificate.write(&folder);
        folder.join("cert.pem").display().to_string()
    };
    let (trusted, of_other) = (file(&ours, "ours"), file(&theirs, "theirs"));
    let (redis, port) = RedisServer::start_with_tls(&ours);
    let (_other, port_of_other) = RedisServer::start_with_tls(&theirs);
    let (_strict, strict_port) = RedisServer::start_with_client_certificates(&ours);
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let foreign = closed.local_addr().unwrap();
    std::thread::spawn(move || closed.incoming().for_each(drop));
    for (url, authorities, expected) in [
        (format!("rediss://localhost:{}", redis.port()), &trusted, "answers without TLS"),
        (format!("redis://localhost:{port}"), &trusted, "expects TLS"),
        (format!("rediss://localhost:{port_of_other}"), &of_other, "the host name in the certificate"),
        (format!("rediss://localhost:{strict_port}"), &trusted, "tls-auth-clients"),
        (format!("redis://{foreign}"), &trusted, "that Redis answers on this port"),
    ] {
        let (status, text) = doctor(&url, &[("SSL_CERT_FILE", authorities)]);
        assert!(status == "problem" && text.contains(expected), "{url}: {text}");
    }

    let secure = format!("rediss://localhost:{port}");
    let installation = Installation::sqlite(&[("REDIS_URL", &secure)]);
    let check = |file: &str| {
        std::fs::write(installation.folder().join(".env"), format!("SSL_CERT_FILE={file}\n")).unwrap();
        installation.admin(&["doctor"], "").json.to_string()
    };
    assert!(check(&trusted).contains("Redis enforces rate limits"), "{}", check(&trusted));
    assert!(check("nowhere.pem").contains("SSL_CERT_FILE names "), "{}", check("nowhere.pem"));
}
