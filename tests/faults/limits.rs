//! Tests of exhausted resources: a full disk, and no file descriptors.

use std::net::TcpStream;

use mfa_core::Clock as _;
use mfa_infra::crypto::SystemClock;
use nova_mfa_tests::Installation;

use super::crash::{enrol, log_in, verify};

/// Writes beyond the limit fail with an error, as on a full disk, and do not kill the process.
const FAILING_WRITES: [&str; 2] = ["env", "--ignore-signal=XFSZ"];

#[test]
fn on_a_full_disk_a_code_is_rejected_and_stays_valid() {
    let installation = Installation::sqlite(&[]);
    let server = installation.start_under(&FAILING_WRITES);
    let client = server.client();
    let ada = enrol(&installation, client);
    let pending = log_in(client).field("mfa_token");
    let now = SystemClock.now();
    let (wrong, right) = (ada.wrong_code(now), ada.code_at(now, 1));

    server.limit("--fsize=1:");
    verify(client, &pending, &wrong).assert_problem(503, "store_unavailable");
    verify(client, &pending, &right).assert_problem(503, "store_unavailable");
    client.get("/api/mfa/status").bearer(&ada.access).send().ok();
    client.get("/health/live").send().ok();

    server.limit("--fsize=unlimited:");
    assert_eq!(installation.number("SELECT mfa_failed_attempts FROM users"), 0);
    verify(client, &pending, &right).ok();
    verify(client, &pending, &right).assert_problem(401, "token_spent");
}

#[test]
fn without_file_descriptors_a_server_survives_and_its_counts_are_correct() {
    const FILES: usize = 64;
    for installation in Installation::each(&[]) {
        let server = installation.start_under(&["prlimit", &format!("--nofile={FILES}")]);
        let client = server.client();
        let ada = enrol(&installation, client);
        let pending = log_in(client).field("mfa_token");
        let wrong = ada.wrong_code(SystemClock.now());
        let call = client.post("/api/mfa/verify/totp").bearer(&pending).code(&wrong);
        let begun = call.begin().unwrap();

        // The kernel accepts all of these connections, the server as many as it has descriptors for.
        let crowd: Vec<_> = (0..2 * FILES).map(|_| TcpStream::connect(client.address()).unwrap()).collect();
        let refused = begun.finish().unwrap();
        let counted = match refused.status {
            401 => 1,
            500 | 503 => 0,
            _ => panic!("{}: {refused:?}", installation.name),
        };
        drop(crowd);

        let failures = "SELECT mfa_failed_attempts FROM users";
        assert_eq!(installation.number(failures), counted, "{}", installation.name);
        verify(client, &pending, &wrong).assert_problem(401, "invalid_code");
        assert_eq!(installation.number(failures), counted + 1, "{}", installation.name);
        verify(client, &pending, &ada.code_at(SystemClock.now(), 1)).ok();
        assert_eq!(installation.number(failures), 0, "{}", installation.name);
    }
}
