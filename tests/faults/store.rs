//! A database that goes away and comes back.

use nova_mfa_tests::TestServer;

#[test]
fn while_the_database_is_away_calls_say_so_and_after_it_all_is_well() {
    let server = TestServer::postgres_with(&[]);
    let ada = server.enrol("ada");
    server.fail(&ada, 2);
    let (token, code) = (server.pending(ada.id), ada.code(server.now()));
    server.installation.database().close();

    for _ in 0..3 {
        let refused = server.verify(&token, &code);
        assert!(refused.says(503, "store_unavailable").retry_after() >= 1);
    }
    server.get("/api/mfa/status", &ada.access).says(503, "store_unavailable");
    server.login("ada", "correct horse battery").send().says(503, "store_unavailable");
    server.get("/api/mfa/status", "nonsense").says(401, "token_invalid");
    server.client().get("/health/live").send().ok();
    server.client().get("/health").send().ok();
    let ready = server.client().get("/health/ready").send();
    assert_eq!(ready.status, 503, "{ready:?}");
    assert_eq!(ready.json()["failing"][0]["part"], "database", "{ready:?}");
    ready.demand_security_headers();

    server.installation.database().open_again();
    server.verify(&token, &code).ok();
    assert_eq!(server.failures(ada.id), 0);
    server.get("/api/mfa/status", &ada.access).ok();
    // A result is shared for a second.
    std::thread::sleep(std::time::Duration::from_secs(1));
    server.client().get("/health/ready").send().ok();
}

#[test]
fn no_answer_of_a_fault_shows_the_database() {
    let server = TestServer::postgres_with(&[]);
    let ada = server.enrol("ada");
    server.installation.database().close();
    let refused = server.verify(&ada.access, &ada.code(server.now())).text().to_lowercase();
    for inside in ["postgres", "connection", "127.0.0.1", "mfa_test", "fatal", "libpq"] {
        assert!(!refused.contains(inside), "{inside} in {refused}");
    }
}
