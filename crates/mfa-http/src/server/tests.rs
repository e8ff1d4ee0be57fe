//! Tests over a real socket: bodies, idle connections and shutdown.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;

use mfa_infra::settings::{Settings, Sources};
use serde_json::{Value, json};

use super::*;

struct Server {
    running: Option<HttpServerHandle>,
    mfa: Arc<Mfa>,
    address: SocketAddr,
    _dir: tempfile::TempDir,
}

impl Server {
    fn start(settings: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let env: BTreeMap<_, _> =
            settings.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        let settings = Settings::load(&Sources { dir: dir.path().to_owned(), env }).unwrap();
        let mfa = Arc::new(Mfa::open(settings).unwrap());
        let running =
            serve(Arc::clone(&mfa), listen("127.0.0.1:0".parse().unwrap()).unwrap(), None, None).unwrap();
        Self { address: running.address(), running: Some(running), mfa, _dir: dir }
    }

    /// Sends these bytes and reads to the end of the connection.
    fn send(&self, bytes: &str) -> Answer {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream.write_all(bytes.as_bytes()).unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        Answer(text)
    }

    fn post(&self, path: &str, headers: &str, body: &str) -> Answer {
        let length = body.len();
        self.send(&format!(
            "POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAccept-Language: en\r\n\
             Content-Length: {length}\r\n{headers}\r\n{body}"
        ))
    }

    fn post_json(&self, path: &str, token: &str, body: &str) -> Answer {
        let headers = format!("Content-Type: application/json\r\nAuthorization: Bearer {token}\r\n");
        self.post(path, &headers, body)
    }

    fn get(&self, path: &str, headers: &str) -> Answer {
        self.send(&format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}\r\n"))
    }

    fn login(&self) -> String {
        let demo = self.mfa.demo().unwrap();
        let body = json!({ "username": demo.username, "password": demo.password.expose() }).to_string();
        let answer = self.post("/api/auth/login", "Content-Type: application/json\r\n", &body);
        answer.json()["access_token"].as_str().unwrap_or_else(|| panic!("{answer:?}")).to_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.running.take());
        self.mfa.stop(Duration::from_secs(5));
    }
}

#[derive(Debug)]
struct Answer(String);

impl Answer {
    fn status(&self) -> u16 {
        self.0.get(9..12).unwrap_or_else(|| panic!("{self:?}")).parse().unwrap()
    }

    fn body(&self) -> &str {
        self.0.split_once("\r\n\r\n").unwrap().1
    }

    fn json(&self) -> Value {
        serde_json::from_str(self.body()).unwrap_or_else(|_| panic!("{self:?}"))
    }

    fn says(&self, status: u16, code: &str) {
        assert_eq!((self.status(), &self.json()["code"]), (status, &json!(code)), "{self:?}");
        assert!(self.0.contains("application/problem+json"), "{self:?}");
        assert!(self.0.contains("nosniff"), "{self:?}");
    }
}

#[test]
fn the_demo_user_logs_in_enrols_and_verifies_with_every_field_of_the_contract() {
    let server = Server::start(&[]);
    let token = server.login();
    let started =
        server.post("/api/mfa/totp/enroll/start", &format!("Authorization: Bearer {token}\r\n"), "").json();
    for field in ["secret", "otpauth_uri", "qr_code", "qr_svg", "algorithm", "digits", "period", "expires_at"]
    {
        assert!(!started[field].is_null(), "{field} in {started}");
    }
    assert_eq!(
        (&started["algorithm"], &started["digits"], &started["period"]),
        (&json!("SHA1"), &json!(6), &json!(30))
    );
    let secret = mfa_totp::import_secret(started["secret"].as_str().unwrap()).unwrap();
    let now = server.mfa.flows().now();
    let code = mfa_totp::TimeStep::at(now).code(&secret, mfa_totp::Parameters::default()).unwrap().to_text();
    let body = json!({ "code": code.expose() }).to_string();
    let enrolled = server.post_json("/api/mfa/totp/enroll/verify", &token, &body).json();
    assert_eq!((&enrolled["enabled"], &enrolled["mfa_ok"]), (&json!(true), &json!(true)), "{enrolled}");
    assert_eq!((&enrolled["token_type"], &enrolled["expires_in"]), (&json!("bearer"), &json!(3600)));
    let access = enrolled["access_token"].as_str().unwrap();
    server.post_json("/api/mfa/verify/totp", access, &body).says(401, "invalid_code");
    server.post_json("/api/mfa/verify/totp", &token, &body).says(403, "wrong_token_stage");

    let bearer = format!("Authorization: Bearer {access}\r\nAccept-Language: en\r\n");
    let status = server.get("/api/mfa/status", &bearer).json();
    assert_eq!(status["totp_enabled"], true, "{status}");
    assert_eq!((&status["phone"], &status["failed_attempts"]), (&Value::Null, &json!(1)), "{status}");
    let methods = server.get("/api/mfa/methods", &bearer).json();
    let (totp, sms) = (&methods["methods"][0], &methods["methods"][1]);
    assert_eq!(*totp, json!({ "method": "totp", "label": "Authenticator app", "available": true }));
    let reason =
        json!({ "method": "sms", "label": "Code by SMS", "available": false, "reason": "not_enrolled" });
    assert_eq!(*sms, reason);
    let revoked = server.post("/api/mfa/token/revoke", &bearer, "");
    assert_eq!(revoked.json(), json!({ "revoked": true }));
    server.get("/api/mfa/status", &bearer).says(401, "token_revoked");
}

#[test]
fn checks_come_in_the_order_of_the_contract() {
    let server = Server::start(&[("MFA_RATE_LIMIT_MAX", "1")]);
    let (path, big) = ("/api/mfa/verify/totp", "x".repeat(16 * 1024 + 1));
    server.post(path, "", &big).says(413, "too_large");
    server.post("/none", "", &big).says(413, "too_large");
    server.post(path, "", "{}").says(415, "unsupported_media_type");
    server.post(path, "Content-Type: application/json\r\n", "nonsense").says(401, "token_missing");
    server.post_json(path, "a.b.c", "nonsense").says(401, "token_invalid");
    let token = server.login();
    server.post_json(path, &token, "nonsense").says(403, "wrong_token_stage");
    let path = "/api/mfa/totp/enroll/verify";
    server.post_json(path, &token, "nonsense").says(400, "malformed_request");
    let limited = server.post_json(path, &token, "nonsense");
    limited.says(429, "rate_limited");
    assert!(
        limited.0.contains("retry-after: 60") && limited.0.contains("ratelimit: \"code-ip\";r=0;t=60"),
        "{limited:?}"
    );
}

#[test]
fn a_malformed_code_is_a_field_that_is_not_right() {
    let server = Server::start(&[("MFA_RATE_LIMIT_MAX", "100")]);
    let token = server.login();
    let path = "/api/mfa/totp/enroll/verify";
    for code in
        [json!(" 123456"), json!("123456\n"), json!("123 456"), json!("١٢٣٤٥٦"), json!(123_456), json!(null)]
    {
        let answer = server.post_json(path, &token, &json!({ "code": code }).to_string());
        answer.says(422, "invalid_field");
        assert_eq!(answer.json()["errors"][0]["field"], "code");
    }
    server.post_json(path, &token, "").says(400, "malformed_request");
    server.post_json(path, &token, r#"{"code":"123456"}"#).says(409, "no_enrolment_in_progress");
    server.post_json("/api/mfa/token/revoke", &token, r#"{"x":1}"#).says(422, "invalid_field");
}

#[test]
fn a_body_in_chunks_is_as_limited_as_one_that_is_announced() {
    let server = Server::start(&[]);
    let chunked = |path: &str, size: usize| {
        let chunk = " ".repeat(size);
        server.send(&format!(
            "POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\
             Content-Type: application/json\r\n\r\n{size:x}\r\n{chunk}\r\n0\r\n\r\n"
        ))
    };
    chunked("/api/auth/login", 16 * 1024 + 1).says(413, "too_large");
    chunked("/none", 16 * 1024 + 1).says(413, "too_large");
    chunked("/api/auth/login", 16 * 1024).says(400, "malformed_request");
    chunked("/none", 16 * 1024).says(404, "not_found");
}

#[test]
fn a_large_body_gets_its_answer_before_it_is_sent_whole() {
    let server = Server::start(&[]);
    let head = "POST /api/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 90000000";
    server.send(&format!("{head}\r\n\r\n{}", "x".repeat(100_000))).says(413, "too_large");
}

#[test]
fn a_body_that_does_not_come_ends_the_call_after_five_seconds() {
    let server = Server::start(&[]);
    let head =
        "POST /api/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9";
    server.send(&format!("{head}\r\n\r\n{{")).says(400, "malformed_request");
}

#[test]
fn paths_and_methods_that_are_not_there_are_told_so() {
    let server = Server::start(&[("LOGIN_ENABLED", "false")]);
    for path in
        ["/none", "/api/mfa/status/", "//api/mfa/status", "/api/mfa/%zz", "/api/mfa/%00", "/api/mfa/STATUS"]
    {
        server.get(path, "").says(404, "not_found");
    }
    server.post("/api/auth/login", "Content-Type: application/json\r\n", "{}").says(404, "not_found");
    let refused = server.get("/api/mfa/verify/totp", "");
    refused.says(405, "method_not_allowed");
    assert!(refused.0.contains("allow: POST\r\n"), "{refused:?}");
    let refused = server.post("/api/mfa/status", "", "");
    refused.says(405, "method_not_allowed");
    assert!(refused.0.contains("allow: GET, HEAD\r\n"), "{refused:?}");
    server
        .send("OPTIONS /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        .says(405, "method_not_allowed");
}

#[test]
fn health_is_told_and_a_head_has_no_body() {
    let server = Server::start(&[]);
    assert_eq!(server.get("/health", "").json()["status"], "active");
    assert_eq!(server.get("/health/live", "").status(), 200);
    assert_eq!(server.get("/health/ready", "").json(), json!({ "status": "ready" }));
    let head = server.send("HEAD /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    assert_eq!((head.status(), head.body()), (200, ""));
    assert!(head.0.contains("cache-control: no-store"), "{head:?}");
}

#[test]
fn an_offer_to_upgrade_the_connection_is_passed_over() {
    let server = Server::start(&[]);
    let offer = "GET /health HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAM\r\n";
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
    stream.write_all(format!("{offer}\r\n").as_bytes()).unwrap();
    let mut status = [0; 12];
    stream.read_exact(&mut status).unwrap();
    assert_eq!(&status, b"HTTP/1.1 200");
}

#[test]
fn a_server_that_is_stopped_does_not_wait_for_idle_connections() {
    let mut server = Server::start(&[]);
    let mut idle = TcpStream::connect(server.address).unwrap();
    idle.write_all(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    let mut first = [0; 12];
    idle.read_exact(&mut first).unwrap();
    let (stopped, done) = mpsc::channel();
    let running = server.running.take().unwrap();
    let stopping = thread::spawn(move || stopped.send(running.stop()));
    assert!(done.recv_timeout(Duration::from_secs(SHUTDOWN_TIMEOUT - 2)).expect("in time").is_ok());
    stopping.join().unwrap().unwrap();
    assert!(TcpStream::connect(server.address).is_err());
}

#[test]
fn the_message_for_an_unusable_address_says_what_to_do() {
    let address: SocketAddr = "0.0.0.0:443".parse().unwrap();
    for (kind, remedy) in [
        (ErrorKind::PermissionDenied, "the capability CAP_NET_BIND_SERVICE: grant it, or set MFA_BIND"),
        (ErrorKind::AddrNotAvailable, "this machine does not have the address: set MFA_BIND"),
        (ErrorKind::AddrInUse, "stop the program that uses it, or set MFA_BIND"),
    ] {
        let message = listen_failure(address, &kind.into(), "MFA_BIND");
        assert!(
            message.starts_with("cannot listen on 0.0.0.0:443 (") && message.ends_with(remedy),
            "{message}"
        );
    }
    let taken = listen("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = taken.local_addr().unwrap();
    let message = listen_for_operators(address).unwrap_err().to_string();
    assert!(message.ends_with("stop the program that uses it, or set MFA_OPS_BIND"), "{message}");
}

#[test]
fn in_development_localhost_is_both_loopback_addresses() {
    let server = Server::start(&[]);
    assert!(server.running.as_ref().unwrap().is_localhost());
    let has_ipv6 = TcpListener::bind("[::1]:0").is_ok();
    let reached = TcpStream::connect(SocketAddr::new(Ipv6Addr::LOCALHOST.into(), server.address.port()));
    assert_eq!(reached.is_ok(), has_ipv6);
    // A port of another program on the second address, and an address that is not a loopback address.
    if has_ipv6 {
        let other = listen("[::1]:0".parse().unwrap()).unwrap();
        let taken = SocketAddr::new(Ipv4Addr::LOCALHOST.into(), other.local_addr().unwrap().port());
        assert!(listen_on_localhost(taken).is_none());
    }
    assert!(listen_on_localhost("0.0.0.0:8200".parse().unwrap()).is_none());
}
