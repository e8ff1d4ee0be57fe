//! Tests of `POST /api/mfa/totp/enroll/start` and `…/verify` for the first factor of an account.

use data_encoding::BASE64;
use mfa_flows::TokenKind;
use nova_mfa_tests::{Member, TestServer, claims_of, members};
use serde_json::{Value, json};

const START: &str = "/api/mfa/totp/enroll/start";
const CONFIRM: &str = "/api/mfa/totp/enroll/verify";

fn enforce(server: &TestServer, user: mfa_core::UserId) {
    let user = user.to_string();
    assert_eq!(server.admin(&["user", "enforce", "on", "--user-id", &user]).code, Some(0));
}

#[test]
fn starting_an_enrolment_returns_the_secret_in_every_documented_form() {
    for server in TestServer::each() {
        let token = server.token(server.add_user("ada"), TokenKind::OneFactor);
        let started = server.post(START, &token).ok();
        let fields =
            ["algorithm", "digits", "expires_at", "otpauth_uri", "period", "qr_code", "qr_svg", "secret"];
        assert_eq!(members(&started).into_iter().collect::<Vec<_>>(), fields, "{}", server.name());
        assert_eq!(
            (&started["algorithm"], &started["digits"], &started["period"]),
            (&json!("SHA1"), &json!(6), &json!(30))
        );
        assert_eq!(started["expires_at"], "2027-01-15T08:10:00Z", "ten minutes from noon of the tests");

        let secret = started["secret"].as_str().unwrap();
        assert_eq!(data_encoding::BASE32_NOPAD.decode(secret.as_bytes()).unwrap().len(), 20);
        let uri = url::Url::parse(started["otpauth_uri"].as_str().unwrap()).unwrap();
        assert_eq!((uri.scheme(), uri.host_str()), ("otpauth", Some("totp")));
        assert!(uri.path().contains("ada@example.com") || uri.path().contains("ada%40example.com"), "{uri}");
        let parameter =
            |name: &str| uri.query_pairs().find(|(it, _)| it == name).map(|(_, value)| value.into_owned());
        assert_eq!(parameter("secret").as_deref(), Some(secret));
        assert_eq!(parameter("issuer").as_deref(), Some("NOVA"));

        let png = started["qr_code"].as_str().unwrap().strip_prefix("data:image/png;base64,").unwrap();
        assert!(BASE64.decode(png.as_bytes()).unwrap().starts_with(b"\x89PNG\r\n\x1a\n"));
        let svg = started["qr_svg"].as_str().unwrap();
        assert!(svg.contains("<svg") && svg.trim_end().ends_with("</svg>"), "{svg}");
        assert!(!svg.contains("<script") && !svg.contains("http://127"), "{svg}");
    }
}

#[test]
fn a_label_is_accepted_unless_it_cannot_be_part_of_a_uri() {
    for server in TestServer::each() {
        let token = server.token(server.add_user("ada"), TokenKind::OneFactor);
        let with = |body: Value| server.client().post(START).bearer(&token).json(&body).send();
        let uri = with(json!({ "label": "Ada & co" })).field("otpauth_uri");
        assert!(uri.contains("Ada%20%26%20co"), "{uri}");
        for label in [json!("a:b"), json!(""), json!("a\nb"), json!("a\u{0}"), json!(7), json!(null)] {
            let refused = with(json!({ "label": label }));
            refused.assert_problem(422, "invalid_field");
            assert_eq!(refused.json()["errors"][0]["field"], "label");
        }
        with(json!({ "label": "x".repeat(5000) })).assert_problem(422, "invalid_field");
        with(json!({ "secret": "AAAA" })).assert_problem(422, "invalid_field");
        with(json!({})).ok();
    }
}

#[test]
fn every_enrolment_gets_a_new_secret() {
    for server in TestServer::each() {
        let token = server.token(server.add_user("ada"), TokenKind::OneFactor);
        let secrets: std::collections::HashSet<_> =
            (0..8).map(|_| server.post(START, &token).field("secret")).collect();
        assert_eq!(secrets.len(), 8, "{}", server.name());
    }
}

#[test]
fn the_first_code_confirms_the_enrolment_and_returns_a_two_factor_token() {
    for server in TestServer::each() {
        let id = server.add_user("ada");
        let token = server.token(id, TokenKind::OneFactor);
        let ada = Member::from_enrolment(id, &server.post(START, &token));
        let confirmed = server.send_code(CONFIRM, &token, &ada.code(server.now())).ok();

        let expected = ["access_token", "enabled", "expires_in", "mfa_ok", "recovery_codes", "token_type"];
        assert_eq!(members(&confirmed).into_iter().collect::<Vec<_>>(), expected, "{}", server.name());
        assert_eq!((&confirmed["enabled"], &confirmed["mfa_ok"]), (&json!(true), &json!(true)));
        assert_eq!((&confirmed["token_type"], &confirmed["expires_in"]), (&json!("bearer"), &json!(3600)));

        let access = confirmed["access_token"].as_str().unwrap();
        let claims = claims_of(access);
        assert_eq!((&claims["mfa_ok"], &claims["amr"]), (&json!(true), &json!(["pwd", "otp", "mfa"])));
        let status = server.get("/api/mfa/status", access).ok();
        assert_eq!(
            (&status["totp_enabled"], &status["totp_enrolled_at"]),
            (&json!(true), &json!("2027-01-15T08:00:00Z"))
        );
        server.get("/api/mfa/status", &token).assert_problem(401, "token_revoked");
    }
}

#[test]
fn a_user_who_must_have_a_factor_enrols_with_a_pending_token() {
    for server in TestServer::each() {
        let id = server.add_user("ada");
        enforce(&server, id);
        let token = server.pending(id);
        let ada = Member::from_enrolment(id, &server.post(START, &token));
        server.send_code(CONFIRM, &token, &ada.code(server.now())).ok();
        server.send_code("/api/mfa/verify/totp", &token, "000000").assert_problem(401, "token_spent");
        server.post(START, &server.pending(id)).assert_problem(403, "wrong_token_stage");
    }
}

#[test]
fn an_unconfirmed_secret_cannot_be_used_to_log_in() {
    for server in TestServer::each() {
        let id = server.add_user("ada");
        let token = server.token(id, TokenKind::OneFactor);
        let ada = Member::from_enrolment(id, &server.post(START, &token));
        server.verify(&server.pending(id), &ada.code(server.now())).assert_problem(409, "not_enrolled");
        let status = server.get("/api/mfa/status", &token).ok();
        assert_eq!((&status["totp_enabled"], &status["totp_enrolled_at"]), (&json!(false), &Value::Null));
    }
}

#[test]
fn restarting_an_enrolment_discards_the_first_secret() {
    for server in TestServer::each() {
        let id = server.add_user("ada");
        let token = server.token(id, TokenKind::OneFactor);
        let first = Member::from_enrolment(id, &server.post(START, &token));
        let second = Member::from_enrolment(id, &server.post(START, &token));
        server.send_code(CONFIRM, &token, &first.code(server.now())).assert_problem(401, "invalid_code");
        server.send_code(CONFIRM, &token, &second.code(server.now())).ok();
    }
}

#[test]
fn an_enrolment_expires_after_ten_minutes() {
    for server in TestServer::each() {
        for (name, seconds, is_open) in [("ada", 599, true), ("bob", 600, false)] {
            let id = server.add_user(name);
            let token = server.token(id, TokenKind::OneFactor);
            let user = Member::from_enrolment(id, &server.post(START, &token));
            server.advance(seconds);
            let answer = server.send_code(CONFIRM, &token, &user.code(server.now()));
            let expected = if is_open { "ok" } else { "no_enrolment_in_progress" };
            assert_eq!(answer.outcome(), expected, "{} after {seconds} s: {answer:?}", server.name());
        }
    }
}

#[test]
fn five_wrong_codes_end_an_enrolment_without_counting_for_the_lock() {
    for server in TestServer::each() {
        let id = server.add_user("ada");
        let token = server.token(id, TokenKind::OneFactor);
        let ada = Member::from_enrolment(id, &server.post(START, &token));
        for _ in 0..5 {
            server
                .send_code(CONFIRM, &token, &ada.wrong_code(server.now()))
                .assert_problem(401, "invalid_code");
        }
        let sixth = server.send_code(CONFIRM, &token, &ada.code(server.now()));
        sixth.assert_problem(409, "no_enrolment_in_progress");
        assert_eq!(server.failures(id), 0, "{}", server.name());

        let again = Member::from_enrolment(id, &server.post(START, &token));
        for _ in 0..4 {
            server
                .send_code(CONFIRM, &token, &again.wrong_code(server.now()))
                .assert_problem(401, "invalid_code");
        }
        server.send_code(CONFIRM, &token, &again.code(server.now())).ok();
    }
}

#[test]
fn a_code_without_an_enrolment_gets_an_error_of_its_own() {
    for server in TestServer::each() {
        let token = server.token(server.add_user("ada"), TokenKind::OneFactor);
        server.send_code(CONFIRM, &token, "123456").assert_problem(409, "no_enrolment_in_progress");
    }
}
