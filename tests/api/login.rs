//! `POST /api/auth/login`

use nova_mfa_tests::{TestServer, claims_of, members};
use serde_json::{Value, json};

const PASSWORD: &str = "correct horse battery";

#[test]
fn a_user_without_a_factor_gets_an_access_token_of_one() {
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
fn a_user_with_a_factor_gets_a_pending_token_and_so_does_one_who_must_enrol() {
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
fn an_unknown_user_and_a_wrong_password_answer_alike() {
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
        unknown.says(401, "invalid_credentials");
        for name in
            ["ada", "ada@example.com", "bob", "cleo", "dora", "finn", "NOBODY@example.com", "a\u{301}da", "%"]
        {
            let refused = server.login(name, "wrong wrong wrong").send();
            refused.says(401, "invalid_credentials");
            assert_eq!(refused.without_request_id(), unknown.without_request_id(), "{name}");
            assert_eq!(refused.lasting_headers(), unknown.lasting_headers(), "{name}");
        }
    }
}

#[test]
fn a_disabled_user_is_told_so_by_the_right_password_alone() {
    for server in TestServer::each() {
        server.add_user_with_password("ada", PASSWORD);
        server.installation.sql("UPDATE users SET is_active = FALSE");
        server.login("ada", PASSWORD).send().says(403, "account_disabled");
        server.login("ada", "wrong wrong wrong").send().says(401, "invalid_credentials");
    }
}

#[test]
fn a_password_is_taken_as_it_is_typed() {
    for server in TestServer::each() {
        server.add_user_with_password("ada", " pässwörd 123 ");
        server.login("ada", " pässwörd 123 ").send().ok();
        for other in ["pässwörd 123", " passwörd 123 ", " pässwörd 123", " PÄSSWÖRD 123 "] {
            server.login("ada", other).send().says(401, "invalid_credentials");
        }
    }
}

#[test]
fn fields_that_are_no_name_or_no_password_are_named() {
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
            refused.says(422, "invalid_field");
            let named = refused.json();
            assert_eq!(named["errors"][0]["field"], field, "{refused:?}");
            assert!(!refused.text().contains(PASSWORD));
        }
    }
}

#[test]
fn login_that_is_switched_off_is_not_there() {
    for server in TestServer::each_with(&[("LOGIN_ENABLED", "false")]) {
        server.add_user_with_password("ada", PASSWORD);
        server.login("ada", PASSWORD).send().says(404, "not_found");
        server.client().get("/api/auth/login").send().says(404, "not_found");
    }
}

#[test]
fn the_users_of_the_python_backend_log_in_with_their_bcrypt_hashes() {
    for server in TestServer::each() {
        server.add_user("ada");
        // The password of these tests at cost 4, by libxcrypt.
        let hash = "$2b$04$abcdefghijklmnopqrstuuqREtd3VJD2QVZbuFskFSLk6eRIrQoOS";
        server.installation.sql(&format!("UPDATE users SET hashed_password = '{hash}'"));
        server.login("ada", PASSWORD).send().ok();
        server.login("ada", "wrong wrong wrong").send().says(401, "invalid_credentials");
    }
}
