//! Tests of the separate listener for operators (`MFA_OPS_BIND`).

use nova_mfa_tests::{Installation, TestServer, members};
use serde_json::json;

const OWN_ADDRESS: [(&str, &str); 1] = [("MFA_OPS_BIND", "127.0.0.1:0")];

#[test]
fn readiness_details_are_returned_on_the_operator_address_only() {
    let server = TestServer::postgres_with(&OWN_ADDRESS);
    let (public, operators) = (server.client(), server.operators());
    assert_ne!(public.address(), operators.address());
    for client in [public, operators] {
        assert_eq!(client.get("/health/ready").send().ok(), json!({ "status": "ready" }));
        client.get("/health").send().ok();
        client.get("/health/live").send().ok();
    }
    server.installation.database().refuse_connections();
    // A result is shared for a second.
    std::thread::sleep(std::time::Duration::from_secs(1));
    let answer = public.get("/health/ready").send();
    assert_eq!((answer.status, answer.json()), (503, json!({ "status": "failed" })));
    answer.assert_security_headers();
    let detail = operators.get("/health/ready").send();
    assert_eq!(detail.status, 503);
    assert_eq!(detail.json()["failing"][0]["part"], "database");
    assert!(members(&detail.json()["failing"][0]).contains("detail"));
    detail.assert_security_headers();
    server.installation.database().allow_connections();
}

#[test]
fn the_operator_address_serves_nothing_else() {
    for server in TestServer::each_with(&OWN_ADDRESS) {
        let token = server.pending(server.add_user("ada"));
        let operators = server.operators();
        for path in ["/api/mfa/status", "/api/mfa/methods", "/.well-known/jwks.json", "/docs", "/"] {
            operators.get(path).bearer(&token).send().assert_problem(404, "not_found");
        }
        operators.post("/health/ready").send().assert_problem(405, "method_not_allowed");
        server.client().get("/metrics").send().assert_problem(404, "not_found");
        let metrics = operators.get("/metrics").send();
        assert!(metrics.status == 200 && metrics.text().contains("mfa_totp_success"), "{metrics:?}");
        let metrics = operators.get("/metrics").send();
        assert_eq!(metrics.status, 200, "{}", server.name());
        assert!(metrics.text().contains("mfa_totp_success_total"), "{metrics:?}");
    }
}

#[test]
fn without_an_operator_address_operators_use_the_public_one() {
    let server = TestServer::postgres_with(&[]);
    server.installation.database().refuse_connections();
    let answer = server.client().get("/health/ready").send();
    assert_eq!(answer.json()["failing"][0]["part"], "database", "{answer:?}");
    server.installation.database().allow_connections();
}

#[test]
fn an_operator_address_in_use_prevents_the_start_with_an_error_message() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("an address").to_string();
    let installation = Installation::sqlite(&[("MFA_OPS_BIND", &address)]);
    let refusal = installation.try_start().expect_err("somebody listens there");
    assert_eq!(refusal.code, Some(1));
    let sentence = format!("cannot listen on {address}");
    assert!(
        refusal.stderr.contains(&sentence) && refusal.stderr.contains("or set MFA_OPS_BIND"),
        "{refusal:?}"
    );
}
