//! Tests of unusual bodies and paths: the response is a problem document and never a 500.

use mfa_flows::TokenKind;
use nova_mfa_tests::{Answer, Request, TestServer};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

const JSON: &str = "application/json";
const POSTS: [&str; 8] = [
    "/api/auth/login",
    "/api/mfa/totp/enroll/start",
    "/api/mfa/totp/enroll/verify",
    "/api/mfa/totp/disable",
    "/api/mfa/verify/totp",
    "/api/mfa/token/revoke",
    "/api/mfa/verify/recovery",
    "/api/mfa/recovery/regenerate",
];

#[track_caller]
fn assert_problem_or_success(answer: &Answer) {
    assert!(answer.status < 500, "{answer:?}");
    if answer.status >= 400 {
        answer.assert_problem_document();
    }
}

#[test]
fn a_body_of_16_kib_is_accepted_and_one_byte_more_is_rejected() {
    for server in TestServer::each() {
        let ada = server.enrol("ada");
        for path in POSTS {
            let call = |size: usize| {
                let body = format!("{{}}{}", " ".repeat(size - 2));
                server
                    .client()
                    .post(path)
                    .bearer(&server.token(ada.id, TokenKind::TwoFactors))
                    .body(JSON, body)
                    .send()
            };
            call(16 * 1024 + 1).assert_problem(413, "too_large");
            assert_ne!(call(16 * 1024).status, 413, "{path}");
        }
        server
            .client()
            .get("/health")
            .body(JSON, vec![b' '; 16 * 1024 + 1])
            .send()
            .assert_problem(413, "too_large");
    }
}

#[test]
fn only_json_is_accepted() {
    for server in TestServer::each() {
        let ada = server.enrol("ada");
        let body = r#"{"code":"000000"}"#;
        for path in POSTS {
            let call =
                |media_type: &str| server.client().post(path).bearer(&ada.access).body(media_type, body);
            for media_type in [
                "text/plain",
                "application/x-www-form-urlencoded",
                "multipart/form-data",
                "application/json; charset=utf-16",
            ] {
                call(media_type).send().assert_problem(415, "unsupported_media_type");
            }
            call(JSON)
                .header("Content-Encoding", "gzip")
                .send()
                .assert_problem(415, "unsupported_media_type");
        }
    }
}

#[test]
fn a_body_that_is_not_a_json_object_is_malformed() {
    for server in TestServer::each() {
        let ada = server.enrol("ada");
        let bodies: [&[u8]; 12] = [
            b"{",
            b"[]",
            b"7",
            b"null",
            b"\"123456\"",
            b"{\"code\":\"1\",\"code\":\"2\"}",
            b"{\"code\":\"\xff\"}",
            b"{\"code\":\"123456\"} x",
            b"{'code':'123456'}",
            b"code=123456",
            b"\xef\xbb\xbf{}",
            b"{\"code\":\"\\ud800\"}",
        ];
        for path in ["/api/auth/login", "/api/mfa/verify/totp", "/api/mfa/totp/enroll/start"] {
            for body in bodies {
                let answer = server.client().post(path).bearer(&ada.access).body(JSON, body).send();
                answer.assert_problem(400, "malformed_request");
            }
        }
        server
            .client()
            .post("/api/mfa/verify/totp")
            .bearer(&ada.access)
            .send()
            .assert_problem(400, "malformed_request");
        let name = "x".repeat(3000);
        let answer = server.client().post("/api/mfa/verify/totp").bearer(&ada.access);
        let answer = answer.body(JSON, format!("{{\"{name}\":1}}")).send();
        answer.assert_problem(422, "invalid_field");
        assert!(answer.text().len() < 1500, "an unknown value is not repeated in full");
    }
}

#[test]
fn an_unsupported_method_gets_405_with_the_allowed_methods() {
    for server in TestServer::each() {
        for path in POSTS {
            for method in ["GET", "PUT", "DELETE", "PATCH", "OPTIONS"] {
                let refused = server.client().request(method, path).send();
                assert_eq!(
                    refused.assert_problem(405, "method_not_allowed").header("allow"),
                    Some("POST"),
                    "{path}"
                );
            }
        }
        for path in [
            "/api/mfa/status",
            "/api/mfa/methods",
            "/api/mfa/recovery/list",
            "/health",
            "/health/live",
            "/health/ready",
        ] {
            let refused = server.client().post(path).send();
            assert_eq!(
                refused.assert_problem(405, "method_not_allowed").header("allow"),
                Some("GET, HEAD"),
                "{path}"
            );
        }
        for path in [
            "/none",
            "/api",
            "/api/mfa/verify",
            "/api/mfa/VERIFY/totp",
            "/api/mfa/verify/totp/",
            "/api//mfa/status",
            "/.git/config",
        ] {
            server.client().get(path).send().assert_problem(404, "not_found");
        }
    }
}

#[test]
fn no_request_body_causes_a_500() {
    for server in TestServer::each() {
        let ada = server.enrol("ada");
        // Each request may spend or revoke its token.
        let token = || server.token(ada.id, TokenKind::TwoFactors);
        let value = prop_oneof![
            "\\PC{0,20}".prop_map(serde_json::Value::from),
            any::<i64>().prop_map(serde_json::Value::from),
            any::<bool>().prop_map(serde_json::Value::from),
            Just(serde_json::Value::Null),
            prop::collection::vec(".{0,5}", 0..3).prop_map(serde_json::Value::from),
        ];
        let name = prop_oneof![
            Just("code".to_owned()),
            Just("label".to_owned()),
            Just("username".to_owned()),
            ".{0,9}"
        ];
        let object = prop::collection::hash_map(name, value, 0..4)
            .prop_map(|it| serde_json::Value::from_iter(it).to_string().into_bytes());
        let bytes = prop::collection::vec(any::<u8>(), 0..80);
        let body = prop_oneof![2 => object, 1 => bytes];
        let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::with_cases(40) });
        let outcome = runner.run(&(0..POSTS.len(), body), |(place, body)| {
            assert_problem_or_success(
                &server.client().post(POSTS[place]).bearer(&token()).body(JSON, body).send(),
            );
            Ok(())
        });
        outcome.unwrap();
    }
}

#[test]
fn no_name_password_header_or_path_causes_a_500() {
    for server in TestServer::each() {
        server.add_user("ada");
        let mut runner = TestRunner::new(Config { failure_persistence: None, ..Config::with_cases(12) });
        let outcome =
            runner.run(&("\\PC{1,60}", "\\PC{1,60}", "[ -~]{0,40}", "[!-~&&[^#?]]{0,30}"), |sent| {
                let (name, password, header, path) = sent;
                assert_problem_or_success(&server.login(&name, &password).send());
                let call = |call: Request| {
                    let call = call.header("Accept-Language", &header).header("X-Request-Id", &header);
                    call.header("User-Agent", &header).header("X-Forwarded-For", &header)
                };
                let answer = call(server.client().get("/api/mfa/status").bearer(&header)).send();
                assert_problem_or_success(&answer);
                assert_eq!(answer.status, 401);
                // Errors of the HTTP parser have no problem document.
                let answer = call(server.client().get(&format!("/api/mfa/{path}"))).send();
                assert!(answer.status < 500, "{path} {answer:?}");
                Ok(())
            });
        outcome.unwrap();
    }
}
