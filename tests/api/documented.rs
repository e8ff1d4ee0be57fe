//! Comparison of every response with the OpenAPI document, including the headers of all responses.

use std::collections::BTreeMap;

use mfa_flows::TokenKind;
use nova_mfa_tests::{Answer, Operation, Request, TestServer};

const KEY: &str = "an0therL0ngIntrospectionKey+/=";
const SETTINGS: [(&str, &str); 3] = [
    ("INTROSPECTION_KEY", KEY),
    ("BEHIND_TLS_PROXY", "true"),
    ("MFA_RELATED_ORIGINS", "https://login.example.org"),
];

/// Returns requests with one error each, and the status that each gets if it reaches the check.
fn wrong_calls(server: &TestServer, operation: &Operation, user: i64, token: &str) -> Vec<(u16, Request)> {
    let too_large = if operation.path.ends_with("/bulk") { 128 * 1024 } else { 16 * 1024 };
    let path = operation.path_for_user(user);
    let call = || server.client().request(&operation.method, &path).bearer(token);
    let other = if operation.method == "GET" { "POST" } else { "GET" };
    let mut calls = vec![
        (405, server.client().request(other, &path)),
        (405, server.client().request("PUT", &path)),
        (404, server.client().request(&operation.method, &format!("/nothing{path}"))),
        (413, call().body("application/json", "x".repeat(too_large + 1))),
    ];
    let is_documented = |status| operation.statuses().contains(&status);
    if is_documented(415) {
        calls.push((415, call().body("text/plain", "x")));
    }
    if is_documented(422) {
        calls.push((400, call().body("application/json", "{")));
        calls.push((422, call().body("application/json", "{\"nobody\":1}")));
    }
    if operation.requires_credentials() {
        calls.push((401, operation.example(server.client(), user)));
        calls.push((401, operation.example(server.client(), user).bearer("garbage")));
    }
    calls
}

/// Returns a token that reaches the parsing of the body.
fn token(
    server: &TestServer,
    operation: &Operation,
    ada: mfa_core::UserId,
    root: mfa_core::UserId,
) -> String {
    let tag = operation.specification["tags"][0].as_str().unwrap_or_default();
    match (tag, operation.path.as_str()) {
        (_, "/api/mfa/token/introspect") => KEY.to_owned(),
        (_, "/api/mfa/verify/access-pass") => server.pending(ada),
        ("MFA Admin", _) => server.token(root, TokenKind::TwoFactors),
        _ => server.token(ada, TokenKind::TwoFactors),
    }
}

/// Asserts the standard headers. Pages and static files have their own `Cache-Control`.
#[track_caller]
fn assert_headers(operation: &Operation, answer: &Answer) {
    let name = operation.name();
    answer.assert_security_headers();
    assert!(answer.header("x-request-id").is_some(), "{name}: {answer:?}");
    let over_tls = answer.header("strict-transport-security");
    assert!(over_tls.is_some_and(|it| it.starts_with("max-age=")), "{name}: {answer:?}");
    assert_eq!(answer.header("server"), None, "{name}");
    let typed = answer.header("content-type").is_some();
    assert_eq!(typed, !answer.text().is_empty(), "{name}: {answer:?}");
}

#[test]
fn every_response_of_every_operation_is_documented_and_has_the_standard_headers() {
    for server in TestServer::each_with(&SETTINGS) {
        let root = server.add_user("root");
        server.installation.sql(&format!("UPDATE users SET is_superuser = TRUE WHERE id = {root}"));
        let root = server.enrol_user(root).id;
        let mut seen: BTreeMap<u16, usize> = BTreeMap::new();
        for (scene, operation) in Operation::all(server.client()).iter().enumerate() {
            let ada = server.enrol(&format!("ada-{scene}")).id;
            let token = token(&server, operation, ada, root);
            let good = operation.example(server.client(), ada.value()).bearer(&token).send();
            operation.assert_documented(&good);
            assert_headers(operation, &good);
            *seen.entry(good.status).or_default() += 1;
            let token = self::token(&server, operation, ada, root);
            for (status, call) in wrong_calls(&server, operation, ada.value(), &token) {
                let answer = call.send();
                let name = operation.name();
                assert_eq!(answer.status, status, "{name} on {}: {answer:?}", server.name());
                answer.assert_problem_document();
                assert_headers(operation, &answer);
                if ![404, 405].contains(&status) {
                    operation.assert_documented(&answer);
                }
                *seen.entry(status).or_default() += 1;
            }
        }
        for status in [200, 400, 401, 404, 405, 413, 415, 422] {
            assert!(seen.contains_key(&status), "no {status} among {seen:?}");
        }
    }
}

#[test]
fn every_operation_returns_its_documented_error_while_the_database_is_unavailable() {
    let server = TestServer::postgres_with(&SETTINGS);
    let root = server.add_user("root");
    server.installation.sql(&format!("UPDATE users SET is_superuser = TRUE WHERE id = {root}"));
    let (ada, root) = (server.enrol("ada").id, server.enrol_user(root).id);
    let operations = Operation::all(server.client());
    let tokens: Vec<_> = operations.iter().map(|it| token(&server, it, ada, root)).collect();
    server.installation.database().refuse_connections();
    let mut refused = 0;
    for (operation, token) in operations.iter().zip(&tokens) {
        let answer = operation.example(server.client(), ada.value()).bearer(token).send();
        operation.assert_documented(&answer);
        assert_headers(operation, &answer);
        // An invalid token is inactive without a query.
        if operation.requires_credentials() && operation.path != "/api/mfa/token/introspect" {
            assert_eq!(answer.status, 503, "{}: {answer:?}", operation.name());
            assert!(answer.retry_after() >= 1);
            refused += 1;
        }
    }
    assert!(refused > 20, "{refused}");
}

#[test]
fn rate_limit_headers_are_sent_before_and_after_the_limit_is_reached() {
    let settings = [&SETTINGS[..], &[("MFA_RATE_LIMIT_MAX", "2"), ("LOGIN_RATE_IP_MAX", "2")]].concat();
    for server in TestServer::each_with(&settings) {
        let limited = |operation: &Operation| {
            operation.statuses().contains(&429)
                && operation.specification.pointer("/responses/200/headers/RateLimit").is_some()
        };
        let operations: Vec<_> = Operation::all(server.client()).into_iter().filter(limited).collect();
        assert_eq!(operations.len(), 10, "the code checks and the login");
        for operation in operations {
            // The quota is full again: earlier requests have expired.
            server.advance(600);
            let ada = server.add_user(&format!("ada{}", operation.path.replace('/', "-")));
            let call = || {
                let token = token(&server, &operation, ada, ada);
                let call = operation.example(server.client(), ada.value()).bearer(&token);
                call.send()
            };
            let (name, answers) = (operation.name(), [call(), call(), call()]);
            for (answer, left) in answers.iter().zip([1, 0]) {
                assert_ne!(answer.status, 429, "{name}");
                let rate_limit = answer.header("ratelimit").unwrap_or_default();
                assert!(rate_limit.ends_with(&format!("-ip\";r={left}")), "{name}: {rate_limit}");
                assert!(
                    answer.header("ratelimit-policy").is_some_and(|it| it.ends_with(";q=2;w=60")),
                    "{name}"
                );
                operation.assert_documented(answer);
            }
            let [.., refused] = &answers;
            let rate_limit = refused
                .assert_problem(429, "rate_limited")
                .header("ratelimit")
                .unwrap_or_default()
                .to_owned();
            assert!(
                rate_limit.ends_with(&format!(";r=0;t={}", refused.retry_after())),
                "{name}: {rate_limit}"
            );
            operation.assert_documented(refused);
            assert_headers(&operation, refused);
        }
    }
}

#[test]
fn the_document_is_openapi_3_1_with_seventeen_mfa_endpoints() {
    let [server, _] = TestServer::each_with(&SETTINGS);
    let document = server.client().get("/openapi.json").send().ok();
    assert_eq!(document["openapi"], "3.1.0");
    let tagged = |tag: &str| {
        let operations = Operation::all(server.client());
        operations.iter().filter(|it| it.specification["tags"] == serde_json::json!([tag])).count()
    };
    assert_eq!(tagged("MFA/2FA"), 17);
    assert_eq!(tagged("Auth"), 1);
    assert_eq!(tagged("Authenticators"), 9);
    assert_eq!(tagged("Sessions"), 3);
    assert_eq!(tagged("MFA Admin"), 13);
    assert_eq!(17 + 1 + 9 + 3 + 13 + tagged("System"), Operation::all(server.client()).len());
}

#[test]
fn disabled_endpoints_are_not_documented() {
    let [server, _] = TestServer::each_with(&[("LOGIN_ENABLED", "false")]);
    let names: Vec<_> = Operation::all(server.client()).iter().map(Operation::name).collect();
    for absent in ["POST /api/auth/login", "POST /api/mfa/token/introspect"] {
        assert!(!names.contains(&absent.to_owned()), "{absent}");
    }
    server.login("ada", "x").send().assert_problem(404, "not_found");
}

#[test]
fn the_documentation_page_loads_nothing_from_other_hosts() {
    let [server, _] = TestServer::each();
    let client = server.client();
    for (path, files) in [("/docs", "/docs/"), ("/docs/", "/docs/")] {
        let page = client.get(path).send();
        assert_eq!(page.status, 200, "{page:?}");
        assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
        page.assert_security_headers();
        let text = page.text();
        assert!(!text.contains("http://") && !text.contains("https://"), "{text}");
        // URLs relative to the page.
        let folder = if path.ends_with('/') { path.to_owned() } else { "/".to_owned() };
        let is_file = |it: &&str| [".js", ".css", ".png"].iter().any(|end| it.ends_with(end));
        let loaded = text.split('"').filter(is_file);
        let loaded: Vec<String> = loaded.map(|it| format!("{folder}{it}")).collect();
        assert_eq!(loaded.len(), 5, "{loaded:?}");
        for file in loaded {
            assert!(file.starts_with(files), "{file}");
            let answer = client.get(&file).send();
            assert_eq!(answer.status, 200, "{file}");
            assert_eq!(answer.header("cache-control"), Some("public, max-age=3600"), "{file}");
            assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{file}");
            assert_eq!(answer.header("referrer-policy"), Some("no-referrer"), "{file}");
            let kind = answer.header("content-type").unwrap_or_default();
            assert!(["text/css", "text/javascript", "image/png"].contains(&kind), "{file}: {kind}");
        }
    }
    let started = client.get("/docs/swagger-initializer.js").send().text();
    assert!(
        started.contains("\"/openapi.json\"") && started.contains("\"validatorUrl\": \"none\""),
        "{started}"
    );
    for nothing in ["/docs/oauth2-redirect.html", "/docs/swagger-ui.js.map", "/docs/../Cargo.toml", "/docs/x"]
    {
        client.get(nothing).send().assert_problem(404, "not_found");
    }
    client.post("/docs").send().assert_problem(405, "method_not_allowed");
}
