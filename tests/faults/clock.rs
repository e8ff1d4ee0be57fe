//! Tests of a clock that differs from the database's.

use nova_mfa_tests::TestServer;

#[test]
fn no_code_is_checked_while_the_clock_differs_from_the_databases() {
    // The manual clock differs from PostgreSQL's by months.
    let server = TestServer::postgres_with(&[("MFA_MAX_CLOCK_SKEW", "5")]);
    let ada = server.enrol("ada");
    for code in [ada.code(server.now()), ada.wrong_code(server.now())] {
        let refused = server.verify(&server.pending(ada.id), &code);
        assert!(refused.assert_problem(503, "clock_skew").retry_after() >= 1);
    }
    assert_eq!(server.failures(ada.id), 0);
    let ready = server.client().get("/health/ready").send();
    assert_eq!((ready.status, &ready.json()["failing"][0]["part"]), (503, &"clock".into()), "{ready:?}");
    server.get("/api/mfa/status", &ada.access).ok();
}
