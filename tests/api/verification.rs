//! Tests of `POST /api/mfa/verify/totp`.

use mfa_flows::TokenKind;
use nova_mfa_tests::{TestServer, claims_of, members};
use serde_json::json;

/// Returns spellings of a code other than six ASCII digits.
fn odd_spellings(code: &str) -> Vec<serde_json::Value> {
    let (head, tail) = code.split_at(3);
    let eastern: String =
        code.bytes().map(|digit| char::from_u32(0x660 + u32::from(digit - b'0')).unwrap()).collect();
    let wide: String =
        code.bytes().map(|digit| char::from_u32(0xff10 + u32::from(digit - b'0')).unwrap()).collect();
    vec![
        json!(format!(" {code}")),
        json!(format!("{code} ")),
        json!(format!("{code}\n")),
        json!(format!("{head} {tail}")),
        json!(format!("{head}-{tail}")),
        json!(format!("{code}\u{0}")),
        json!(format!("000{code}")),
        json!(format!("+{code}")),
        json!(&code[..5]),
        json!(""),
        json!(eastern),
        json!(wide),
        json!(code.parse::<u32>().unwrap()),
        json!(null),
        json!(true),
        json!([code]),
        json!({ "code": code }),
    ]
}

#[test]
fn a_correct_code_returns_every_documented_field() {
    for server in TestServer::each() {
        let ada = server.enrol("ada");
        let answer = server.verify(&server.pending(ada.id), &ada.code(server.now())).ok();
        let fields = ["access_token", "expires_in", "method", "mfa_ok", "recovery_codes_left", "token_type"];
        assert_eq!(members(&answer).into_iter().collect::<Vec<_>>(), fields, "{}", server.name());
        assert_eq!((&answer["token_type"], &answer["method"]), (&json!("bearer"), &json!("totp")));
        assert_eq!((&answer["expires_in"], &answer["mfa_ok"]), (&json!(3600), &json!(true)));
        assert!(answer["recovery_codes_left"].is_u64());
        let claims = claims_of(answer["access_token"].as_str().unwrap());
        assert_eq!((&claims["amr"], &claims["acr"]), (&json!(["pwd", "otp", "mfa"]), &json!("aal2")));
        assert_eq!(claims["sub"], ada.id.to_string());
    }
}

#[test]
fn a_code_is_accepted_once_and_a_replay_gets_the_response_of_a_wrong_one() {
    for server in TestServer::each() {
        let ada = server.enrol("ada");
        let code = ada.code(server.now());
        server.verify(&server.pending(ada.id), &code).ok();
        let replayed = server.verify(&server.pending(ada.id), &code);
        let wrong = server.verify(&server.pending(ada.id), &ada.wrong_code(server.now()));
        replayed.assert_problem(401, "invalid_code");
        assert_eq!(replayed.status, wrong.status);
        assert_eq!(replayed.without_request_id(), wrong.without_request_id(), "{}", server.name());
        assert_eq!(replayed.stable_headers(), wrong.stable_headers(), "{}", server.name());
        let replays = "SELECT count(*) FROM mfa_events WHERE event = 'otp_replay'";
        assert_eq!(server.installation.number(replays), 1, "only the audit log distinguishes them");
        assert_eq!(server.failures(ada.id), 2, "and both are counted");
    }
}

#[test]
fn an_older_code_is_rejected_after_a_newer_one_was_used() {
    for server in TestServer::each() {
        let ada = server.enrol("ada");
        let now = server.now();
        server.verify(&server.pending(ada.id), &ada.code_at(now, 0)).ok();
        server.verify(&server.pending(ada.id), &ada.code_at(now, -1)).assert_problem(401, "invalid_code");
        server.verify(&server.pending(ada.id), &ada.code_at(now, 1)).ok();
        server.verify(&server.pending(ada.id), &ada.code_at(now, 0)).assert_problem(401, "invalid_code");
    }
}

#[test]
fn the_window_is_one_step_in_each_direction() {
    for server in TestServer::each() {
        for (steps, is_good) in [(-2, false), (-1, true), (0, true), (1, true), (2, false)] {
            let user = server.enrol(&format!("user{steps}"));
            let answer = server.verify(&server.pending(user.id), &user.code_at(server.now(), steps));
            assert_eq!(answer.status == 200, is_good, "{} {steps}: {answer:?}", server.name());
        }
    }
}

#[test]
fn the_code_that_confirmed_the_enrolment_cannot_be_used_to_log_in() {
    for server in TestServer::each() {
        let id = server.add_user("ada");
        let token = server.token(id, TokenKind::OneFactor);
        let started = server.post("/api/mfa/totp/enroll/start", &token);
        let ada = nova_mfa_tests::Member::from_enrolment(id, &started);
        let code = ada.code(server.now());
        server.send_code("/api/mfa/totp/enroll/verify", &token, &code).ok();
        server.verify(&server.pending(id), &code).assert_problem(401, "invalid_code");
    }
}

#[test]
fn a_malformed_code_is_422_and_counts_for_the_address_but_not_the_account() {
    for server in TestServer::each_with(&[("MFA_RATE_LIMIT_MAX", "18")]) {
        let ada = server.enrol("ada");
        let (token, code) = (server.pending(ada.id), ada.code(server.now()));
        let spellings = odd_spellings(&code);
        assert_eq!(spellings.len(), 17);
        for spelling in &spellings {
            let body = json!({ "code": spelling });
            let answer = server.client().post("/api/mfa/verify/totp").bearer(&token).json(&body).send();
            answer.assert_problem(422, "invalid_field");
            assert_eq!(answer.json()["errors"][0]["field"], "code", "{answer:?}");
        }
        assert_eq!(server.failures(ada.id), 0, "{}", server.name());
        server.verify(&token, &code).ok();
        server.verify(&server.pending(ada.id), &code).assert_problem(429, "rate_limited");
    }
}

#[test]
fn another_spelling_of_a_used_code_is_rejected() {
    for server in TestServer::each() {
        let ada = server.enrol("ada");
        let code = ada.code(server.now());
        server.verify(&server.pending(ada.id), &code).ok();
        for spelling in odd_spellings(&code) {
            let call = server.client().post("/api/mfa/verify/totp").bearer(&server.pending(ada.id));
            call.json(&json!({ "code": spelling })).send().assert_problem(422, "invalid_field");
        }
    }
}

#[test]
fn fields_for_time_user_or_phone_are_rejected() {
    for server in TestServer::each() {
        let ada = server.enrol("ada");
        let (token, code) = (server.pending(ada.id), ada.code(server.now()));
        for field in ["timestamp", "user_id", "phone", "Code", "code "] {
            let mut body = json!({ "code": code });
            body[field] = json!(1);
            let call = server.client().post("/api/mfa/verify/totp").bearer(&token);
            let answer = call.json(&body).send();
            answer.assert_problem(422, "invalid_field");
            assert_eq!(answer.json()["errors"][0]["field"], field);
        }
        server.verify(&token, &code).ok();
    }
}

#[test]
fn another_users_code_is_rejected() {
    for server in TestServer::each() {
        let (ada, bob) = (server.enrol("ada"), server.enrol("bob"));
        server.verify(&server.pending(ada.id), &bob.code(server.now())).assert_problem(401, "invalid_code");
        assert_eq!((server.failures(ada.id), server.failures(bob.id)), (1, 0), "{}", server.name());
        server.verify(&server.pending(bob.id), &bob.code(server.now())).ok();
    }
}

#[test]
fn a_success_clears_the_failures_and_the_status_shows_it() {
    for server in TestServer::each() {
        let ada = server.enrol("ada");
        server.fail(&ada, 3);
        let access = server.verify(&server.pending(ada.id), &ada.code(server.now())).field("access_token");
        let status = server.get("/api/mfa/status", &access).ok();
        assert_eq!(status["failed_attempts"], 0, "{}", server.name());
        assert_eq!(status["last_method"], "totp");
        assert_eq!(status["last_success_at"], "2027-01-15T08:05:00Z");
    }
}
