//! Tests of `/health`, `/health/live` and `/health/ready`.

use nova_mfa_tests::TestServer;
use serde_json::json;

#[test]
fn a_running_server_is_active_live_and_ready() {
    for server in TestServer::each() {
        let health = server.client().get("/health").send().ok();
        assert_eq!((&health["status"], &health["version"]), (&json!("active"), &json!("0.1.0")));
        server.client().get("/health/live").send().ok();
        let ready = server.client().get("/health/ready").send().ok();
        assert_eq!(ready["status"], "ready", "{}", server.name());
        for path in ["/health", "/health/live", "/health/ready"] {
            let head = server.client().request("HEAD", path).send();
            assert_eq!((head.status, head.text().as_str()), (200, ""), "{path}");
            head.assert_security_headers();
        }
    }
}

#[test]
fn health_responses_contain_no_path_address_or_secret() {
    for server in TestServer::each() {
        for path in ["/health", "/health/live", "/health/ready"] {
            let text = server.client().get(path).send().text();
            for inside in ["postgres", "sqlite", "127.0.0.1", "/tmp", nova_mfa_tests::JWT_SECRET] {
                assert!(!text.to_lowercase().contains(inside), "{inside} in {text}");
            }
        }
    }
}
