//! Tests of a graceful stop.

use nova_mfa_tests::Installation;
use serde_json::json;

#[test]
fn requests_in_progress_are_answered_before_a_stopping_server_exits() {
    for installation in Installation::each(&[]) {
        let server = installation.start();
        installation.admin_creates_user("ada", "correct horse battery");
        let right = json!({ "username": "ada", "password": "correct horse battery" });
        let wrong = json!({ "username": "ada", "password": "wrong wrong wrong" });
        let client = server.client();
        let begun: Vec<_> = [&right, &wrong, &right, &wrong]
            .map(|body| client.post("/api/auth/login").json(body).begin().unwrap())
            .into();
        server.terminate();
        // From here on the server accepts no connections.
        while client.get("/health/live").try_send().is_ok() {}
        let answers: Vec<_> = begun.into_iter().map(|call| call.finish().unwrap().status).collect();
        assert_eq!(answers, [200, 401, 200, 401], "{}", installation.name);
        assert!(server.wait().success(), "{}", installation.name);
    }
}

#[test]
fn an_idle_server_stops_at_once_and_can_be_started_again() {
    for installation in Installation::each(&[]) {
        for _ in 0..2 {
            let server = installation.start();
            server.client().get("/health/ready").send().ok();
            server.terminate();
            assert!(server.wait().success(), "{}", installation.name);
        }
    }
}
