//! Tests of TLS in the server itself.

use std::time::Duration;

use nova_mfa_tests::{Installation, TestCertificate, TestServer};
use rustls::version::{TLS12, TLS13};

const FILES: [(&str, &str); 2] = [("TLS_CERT", "cert.pem"), ("TLS_KEY", "key.pem")];

#[test]
fn tls_1_2_and_1_3_are_accepted_and_hsts_is_sent() {
    let installation = Installation::sqlite(&FILES);
    let certificate = TestCertificate::new();
    certificate.write(installation.folder());
    let server = TestServer::start(installation);
    for version in [&TLS12, &TLS13] {
        for (path, status) in [("/health", 200), ("/none", 404), ("/api/mfa/status", 401)] {
            let answer = certificate.get(server.client().address(), path, version).expect("an answer");
            assert_eq!(answer.status, status, "{answer:?}");
            assert_eq!(answer.header("strict-transport-security"), Some("max-age=31536000"), "{answer:?}");
            answer.assert_security_headers();
        }
    }
    let stranger = TestCertificate::new();
    assert!(stranger.get(server.client().address(), "/health", &TLS13).is_err(), "another certificate");
    assert!(server.client().get("/health").try_send().is_err(), "plain HTTP on a port of TLS");
}

#[test]
fn sighup_loads_a_new_certificate_and_ignores_an_invalid_one() {
    let installation = Installation::sqlite(&FILES);
    let (one, other) = (TestCertificate::new(), TestCertificate::new());
    one.write(installation.folder());
    let server = installation.start();
    let address = server.client().address();
    one.get(address, "/health", &TLS13).expect("the first certificate");

    let logged = |sentence: &str| {
        (0..250).any(|_| {
            std::thread::sleep(Duration::from_millis(20));
            installation.log().contains(sentence)
        })
    };
    other.write(installation.folder());
    server.hang_up();
    assert!(logged("TLS certificate reloaded"));
    other.get(address, "/health", &TLS13).expect("the second certificate");
    assert!(one.get(address, "/health", &TLS13).is_err(), "the first one is gone");

    std::fs::write(installation.folder().join("cert.pem"), "nothing").expect("written");
    server.hang_up();
    assert!(logged("cannot reload the TLS certificate; the previous one stays in use"));
    other.get(address, "/health", &TLS12).expect("the second certificate still");
}

#[test]
fn unusable_certificate_files_prevent_the_start_with_an_error_message() {
    let installation = Installation::sqlite(&FILES);
    let refusal = installation.try_start().expect_err("there are no files");
    assert_eq!(refusal.code, Some(1));
    assert!(refusal.stderr.contains("TLS_CERT names ") && refusal.stderr.contains("which cannot be read"));

    TestCertificate::new().write(installation.folder());
    let key = std::fs::read(installation.folder().join("key.pem")).expect("a key");
    TestCertificate::new().write(installation.folder());
    std::fs::write(installation.folder().join("key.pem"), key).expect("written");
    let refusal = installation.try_start().expect_err("the key of another certificate");
    assert!(refusal.stderr.contains("TLS_KEY is not the key of the certificate in TLS_CERT"), "{refusal:?}");
}
