//! Tests of problem documents and of the headers of every response.

use nova_mfa_tests::{Answer, TestServer};
use serde_json::{Value, json};

/// Returns one response of each kind that a client can cause, including successful ones.
fn answers(server: &TestServer, language: &str) -> Vec<Answer> {
    let ada = server.enrol(&format!("ada-{}", server.now().seconds()));
    let client = server.client();
    let code = |token: &str, code: Value| {
        client.post("/api/mfa/verify/totp").bearer(token).json(&json!({ "code": code }))
    };
    let calls = vec![
        client.get("/health"),
        client.get("/health/ready"),
        client.get("/nothing"),
        client.post("/health"),
        client.get("/api/mfa/status"),
        client.get("/api/mfa/status").bearer("nonsense"),
        client.get("/api/mfa/status").bearer(&ada.access),
        client.get("/api/mfa/methods").bearer(&ada.access),
        client.get("/api/mfa/status").bearer(&server.pending(ada.id)),
        client.post("/api/mfa/verify/totp").body("text/plain", "x"),
        client.post("/api/mfa/verify/totp").body("application/json", "x".repeat(20_000)),
        client.post("/api/mfa/verify/totp").bearer(&ada.access).body("application/json", "x"),
        code(&ada.access, json!("12345")),
        code(&ada.access, json!(null)),
        code(&ada.access, json!(ada.wrong_code(server.now()))),
        client.post("/api/mfa/totp/enroll/verify").bearer(&ada.access).code("000000"),
        client
            .post("/api/mfa/totp/enroll/start")
            .bearer(&ada.access)
            .json(&json!({ "label": "a:b", "x": 1 })),
        client.post("/api/auth/login").json(&json!({ "username": "ada", "password": "wrong wrong" })),
        client.post("/api/mfa/token/revoke").bearer(&ada.access),
        client.get("/api/mfa/status").bearer(&ada.access),
    ];
    calls.into_iter().map(|call| call.header("Accept-Language", language).send()).collect()
}

#[test]
fn every_response_has_the_documented_headers() {
    for server in TestServer::each() {
        for answer in answers(&server, "en") {
            answer.assert_security_headers();
            assert_eq!(
                answer.header("strict-transport-security"),
                None,
                "in plain text it would mean nothing"
            );
            assert_eq!(answer.header("server"), None);
            assert!(answer.header("x-request-id").is_some_and(|it| it.len() == 32), "{answer:?}");
        }
    }
    for server in TestServer::each_with(&[("BEHIND_TLS_PROXY", "true")]) {
        for answer in answers(&server, "en") {
            let hsts = answer.header("strict-transport-security");
            assert!(hsts.is_some_and(|it| it.starts_with("max-age=")), "{answer:?}");
        }
    }
}

#[test]
fn every_error_is_a_problem_document_in_the_callers_language() {
    for server in TestServer::each() {
        let [french, english] = ["fr-FR,fr;q=0.9", "en"].map(|language| answers(&server, language));
        for (french, english) in french.iter().zip(&english) {
            assert_eq!((french.status, french.outcome()), (english.status, english.outcome()));
            if french.status < 400 {
                continue;
            }
            french.assert_problem_document();
            english.assert_problem_document();
            assert_eq!(french.header("content-language"), Some("fr"), "{french:?}");
            assert_eq!(english.header("content-language"), Some("en"), "{english:?}");
            assert_ne!(french.field("detail"), english.field("detail"));
            assert_eq!(french.field("type"), english.field("type"), "the type is no text");
        }
    }
}

#[test]
fn a_caller_without_accept_language_gets_the_configured_language() {
    for (locale, title) in [("fr", "Introuvable"), ("en", "Not found")] {
        for server in TestServer::each_with(&[("MFA_LOCALE", locale)]) {
            let answer = server.client().get("/nothing").send();
            assert_eq!(
                (answer.field("title").as_str(), answer.header("content-language")),
                (title, Some(locale))
            );
            let answer = server.client().get("/nothing").header("Accept-Language", "de, it").send();
            assert_eq!(answer.field("title"), title);
        }
    }
}

#[test]
fn no_response_reveals_internal_details_or_echoes_the_input() {
    for server in TestServer::each() {
        for answer in answers(&server, "en").iter().filter(|it| it.status >= 400) {
            let text = answer.text().to_lowercase();
            for inside in [
                "panicked",
                ".rs",
                "select ",
                "sqlite",
                "postgres",
                "diesel",
                "serde",
                "stack",
                "12345",
                "nonsense",
                "wrong wrong",
            ] {
                assert!(!text.contains(inside), "{inside} in {answer:?}");
            }
        }
    }
}

#[test]
fn a_valid_request_id_is_kept_and_stored_in_the_audit_log() {
    for server in TestServer::each() {
        let ada = server.enrol("ada");
        let verify = |id: &str| {
            let call =
                server.client().post("/api/mfa/verify/totp").bearer(&ada.access).header("X-Request-Id", id);
            call.code(&ada.wrong_code(server.now())).send()
        };
        let answer = verify("order-4711.a_b");
        assert_eq!(answer.assert_problem(401, "invalid_code").header("x-request-id"), Some("order-4711.a_b"));
        let written = "SELECT count(*) FROM mfa_events WHERE request_id = 'order-4711.a_b'";
        assert_eq!(server.installation.number(written), 1, "{}", server.name());
        for id in ["a b", "\"><script>", &"a".repeat(65)] {
            let answer = verify(id);
            assert_ne!(answer.assert_problem(401, "invalid_code").header("x-request-id"), Some(id));
        }
    }
}

#[test]
fn no_response_allows_cross_origin_access() {
    for server in TestServer::each() {
        let call = server.client().request("OPTIONS", "/api/mfa/verify/totp");
        let call =
            call.header("Origin", "https://evil.example").header("Access-Control-Request-Method", "POST");
        call.send().assert_problem(405, "method_not_allowed");
        server.client().get("/health").header("Origin", "https://evil.example").send().ok();
    }
}
