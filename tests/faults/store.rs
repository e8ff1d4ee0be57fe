//! Tests of a database that becomes unavailable and returns.

use nova_mfa_tests::TestServer;

#[test]
fn requests_get_503_while_the_database_is_unavailable_and_succeed_afterwards() {
    let server = TestServer::postgres_with(&[]);
    let ada = server.enrol("ada");
    server.fail(&ada, 2);
    let (token, code) = (server.pending(ada.id), ada.code(server.now()));
    server.installation.database().refuse_connections();

    for _ in 0..3 {
        let refused = server.verify(&token, &code);
        assert!(refused.assert_problem(503, "store_unavailable").retry_after() >= 1);
    }
    server.get("/api/mfa/status", &ada.access).assert_problem(503, "store_unavailable");
    server.login("ada", "correct horse battery").send().assert_problem(503, "store_unavailable");
    server.get("/api/mfa/status", "nonsense").assert_problem(401, "token_invalid");
    server.client().get("/health/live").send().ok();
    server.client().get("/health").send().ok();
    let ready = server.client().get("/health/ready").send();
    assert_eq!(ready.status, 503, "{ready:?}");
    assert_eq!(ready.json()["failing"][0]["part"], "database", "{ready:?}");
    ready.assert_security_headers();

    server.installation.database().allow_connections();
    server.verify(&token, &code).ok();
    assert_eq!(server.failures(ada.id), 0);
    server.get("/api/mfa/status", &ada.access).ok();
    // A result is shared for a second.
    std::thread::sleep(std::time::Duration::from_secs(1));
    server.client().get("/health/ready").send().ok();
}

#[test]
fn no_error_response_reveals_the_database() {
    let server = TestServer::postgres_with(&[]);
    let ada = server.enrol("ada");
    server.installation.database().refuse_connections();
    let refused = server.verify(&ada.access, &ada.code(server.now())).text().to_lowercase();
    for inside in ["postgres", "connection", "127.0.0.1", "mfa_test", "fatal", "libpq"] {
        assert!(!refused.contains(inside), "{inside} in {refused}");
    }
}
