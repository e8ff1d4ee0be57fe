//! Tests of `POST /api/auth/login`.

use nova_mfa_tests::{TestServer, claims_of, members};
use serde_json::{Value, json};

const PASSWORD: &str = "correct horse battery";

#[test]
fn a_user_without_a_second_factor_gets_a_one_factor_access_token() {
    for server in TestServer::each() {
        server.add_user_with_password("ada", PASSWORD);
        for name in ["ada", "ada@example.com"] {
            let answer = server.login(name, PASSWORD).send().ok();
            assert_eq!(answer["mfa_required"], false, "{}", server.name());
            assert!(!members(&answer).contains("mfa_token"));
            let claims = claims_of(answer["access_token"].as_str().unwrap());
            assert_eq!((&claims["mfa_ok"], &claims["acr"]), (&json!(false), &json!("aal1")));
            assert_eq!((&claims["amr"], claims.get("auth_time")), (&json!(["pwd"]), None));
        }
    }
}

#[test]
fn a_user_who_has_or_must_enrol_a_second_factor_gets_a_pending_token() {
    for server in TestServer::each() {
        server.enrol_user(server.add_user_with_password("ada", PASSWORD));
        server.add_user_with_password("bob", PASSWORD);
        server.installation.sql("UPDATE users SET mfa_enforced = TRUE WHERE username = 'bob'");
        for (name, must_enrol) in [("ada", false), ("bob", true)] {
            let answer = server.login(name, PASSWORD).send().ok();
            assert_eq!(answer["mfa_required"], true, "{}", server.name());
            assert_eq!(answer["enrolment_required"], must_enrol, "{name}");
            assert!(!members(&answer).contains("access_token"));
            let token = answer["mfa_token"].as_str().unwrap();
            let claims = claims_of(token);
            assert_eq!((&claims["mfa_pending"], &claims["amr"]), (&json!(true), &json!(["pwd"])));
            server.get("/api/mfa/methods", token).ok();
        }
    }
}

#[test]
fn an_unknown_user_and_a_wrong_password_get_the_same_response() {
    for server in TestServer::each() {
        server.add_user_with_password("ada", PASSWORD);
        server.enrol_user(server.add_user_with_password("bob", PASSWORD));
        server.add_user("cleo");
        server.add_user_with_password("finn", PASSWORD);
        let bcrypt = "'$2b$04$L6Bc/AlTQHyd9liGgGEZyOFLPHNgyxeEPfgYfBCVxJ7JIlwxyVU3u'";
        server
            .installation
            .sql(&format!("UPDATE users SET hashed_password = {bcrypt} WHERE username = 'finn'"));
        server.add_user_with_password("dora", PASSWORD);
        server.installation.sql("UPDATE users SET is_active = FALSE WHERE username = 'dora'");
        let unknown = server.login("nobody", "wrong wrong wrong").send();
        unknown.assert_problem(401, "invalid_credentials");
        for name in
            ["ada", "ada@example.com", "bob", "cleo", "dora", "finn", "NOBODY@example.com", "a\u{301}da", "%"]
        {
            let refused = server.login(name, "wrong wrong wrong").send();
            refused.assert_problem(401, "invalid_credentials");
            assert_eq!(refused.without_request_id(), unknown.without_request_id(), "{name}");
            assert_eq!(refused.stable_headers(), unknown.stable_headers(), "{name}");
        }
    }
}

#[test]
fn only_the_correct_password_reveals_that_a_user_is_disabled() {
    for server in TestServer::each() {
        server.add_user_with_password("ada", PASSWORD);
        server.installation.sql("UPDATE users SET is_active = FALSE");
        server.login("ada", PASSWORD).send().assert_problem(403, "account_disabled");
        server.login("ada", "wrong wrong wrong").send().assert_problem(401, "invalid_credentials");
    }
}

#[test]
fn a_password_is_not_trimmed_or_normalized() {
    for server in TestServer::each() {
        server.add_user_with_password("ada", " pässwörd 123 ");
        server.login("ada", " pässwörd 123 ").send().ok();
        for other in ["pässwörd 123", " passwörd 123 ", " pässwörd 123", " PÄSSWÖRD 123 "] {
            server.login("ada", other).send().assert_problem(401, "invalid_credentials");
        }
    }
}

#[test]
fn invalid_user_names_and_passwords_are_reported_by_field() {
    for server in TestServer::each() {
        let send = |body: Value| server.client().post("/api/auth/login").json(&body).send();
        let long = "x".repeat(1025);
        for (body, field) in [
            (json!({ "username": "ada" }), "password"),
            (json!({ "password": PASSWORD }), "username"),
            (json!({ "username": "", "password": PASSWORD }), "username"),
            (json!({ "username": "x".repeat(255), "password": PASSWORD }), "username"),
            (json!({ "username": "a\u{0}da", "password": PASSWORD }), "username"),
            (json!({ "username": "ada", "password": "" }), "password"),
            (json!({ "username": "ada", "password": long }), "password"),
            (json!({ "username": ["ada"], "password": PASSWORD }), "username"),
            (json!({ "username": "ada", "password": 7 }), "password"),
            (json!({ "username": "ada", "password": PASSWORD, "mfa_ok": true }), "mfa_ok"),
            (json!({ "username": "ada", "email": "a@b.c", "password": PASSWORD }), "email"),
        ] {
            let refused = send(body);
            refused.assert_problem(422, "invalid_field");
            let named = refused.json();
            assert_eq!(named["errors"][0]["field"], field, "{refused:?}");
            assert!(!refused.text().contains(PASSWORD));
        }
    }
}

#[test]
fn the_login_endpoint_does_not_exist_when_disabled() {
    for server in TestServer::each_with(&[("LOGIN_ENABLED", "false")]) {
        server.add_user_with_password("ada", PASSWORD);
        server.login("ada", PASSWORD).send().assert_problem(404, "not_found");
        server.client().get("/api/auth/login").send().assert_problem(404, "not_found");
    }
}

#[test]
fn users_of_the_python_backend_log_in_with_their_bcrypt_hashes() {
    for server in TestServer::each() {
        server.add_user("ada");
        // The password of these tests, hashed by libxcrypt at cost 4.
        let hash = "$2b$04$abcdefghijklmnopqrstuuqREtd3VJD2QVZbuFskFSLk6eRIrQoOS";
        server.installation.sql(&format!("UPDATE users SET hashed_password = '{hash}'"));
        server.login("ada", PASSWORD).send().ok();
        server.login("ada", "wrong wrong wrong").send().assert_problem(401, "invalid_credentials");
    }
}
