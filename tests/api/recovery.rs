//! Tests of `POST /api/mfa/verify/recovery`, `POST /api/mfa/recovery/regenerate` and `GET /api/mfa/recovery/list`.

use mfa_flows::TokenKind;
use nova_mfa_tests::{TestServer, claims_of, members};
use serde_json::{Value, json};

const LIST: &str = "/api/mfa/recovery/list";
const REGENERATE: &str = "/api/mfa/recovery/regenerate";

fn is_as_shown(code: &str) -> bool {
    let groups: Vec<_> = code.split('-').collect();
    let letters = "0123456789abcdefghjkmnpqrstvwxyz";
    groups.len() == 4 && groups.iter().all(|it| it.len() == 4 && it.chars().all(|c| letters.contains(c)))
}

#[test]
fn ten_codes_are_returned_once_and_each_is_accepted_once() {
    for server in TestServer::each() {
        let (ada, codes) = server.enrol_with_codes("ada");
        let different: std::collections::BTreeSet<_> = codes.iter().collect();
        assert_eq!(different.len(), 10, "{}", server.name());
        assert!(codes.iter().all(|code| is_as_shown(code)), "{codes:?}");

        let answer = server.verify_recovery_code(&server.pending(ada.id), &codes[0]).ok();
        let fields = ["access_token", "expires_in", "method", "mfa_ok", "recovery_codes_left", "token_type"];
        assert_eq!(members(&answer).into_iter().collect::<Vec<_>>(), fields);
        assert_eq!((&answer["method"], &answer["recovery_codes_left"]), (&json!("recovery"), &json!(9)));
        let claims = claims_of(answer["access_token"].as_str().unwrap());
        assert_eq!((&claims["amr"], &claims["rec"]), (&json!(["pwd", "mfa"]), &json!(true)));
        server.verify_recovery_code(&server.pending(ada.id), &codes[0]).assert_problem(401, "invalid_code");
        assert_eq!(server.failures(ada.id), 1);
    }
}

#[test]
fn a_localized_warning_is_returned_when_three_or_fewer_codes_remain() {
    for server in TestServer::each() {
        let (ada, codes) = server.enrol_with_codes("ada");
        for (used, code) in codes.iter().enumerate() {
            let call = server.client().post("/api/mfa/verify/recovery").bearer(&server.pending(ada.id));
            let answer = call.header("Accept-Language", "en").code(code).send().ok();
            let left = 9 - used;
            assert_eq!(answer["recovery_codes_left"], left);
            assert_eq!(answer.get("warning").is_some_and(Value::is_string), left <= 3, "{answer}");
        }
        let list = server.get(LIST, &ada.access).ok();
        assert_eq!(list["left"], 0, "{}", server.name());
    }
}

#[test]
fn a_code_is_accepted_in_the_usual_spellings() {
    for server in TestServer::each() {
        let (ada, codes) = server.enrol_with_codes("ada");
        let spellings: [fn(&str) -> String; 5] = [
            |code| code.to_uppercase(),
            |code| code.replace('-', ""),
            |code| format!(" {} ", code.replace('-', " ")),
            |code| code.replace('0', "o").replace('1', "I"),
            |code| code.replace('0', "O").replace('1', "l"),
        ];
        for (code, spell) in codes.iter().zip(spellings) {
            server.verify_recovery_code(&server.pending(ada.id), &spell(code)).ok();
        }
    }
}

#[test]
fn any_other_text_is_a_wrong_code_and_a_missing_code_is_not_an_attempt() {
    for server in TestServer::each() {
        let ada = server.enrol_with_codes("ada").0;
        let texts = ["0", "000000", "zzzz-zzzz-zzzz-zzzz", "uuuu-uuuu-uuuu-uuuu", "é", &"x".repeat(64)];
        for text in texts {
            server.verify_recovery_code(&server.pending(ada.id), text).assert_problem(401, "invalid_code");
        }
        assert_eq!(server.failures(ada.id), 6, "{}", server.name());
        for value in [json!(""), json!("x".repeat(65)), json!(7), json!(null), json!("a\u{0}")] {
            let call = server.client().post("/api/mfa/verify/recovery").bearer(&server.pending(ada.id));
            call.json(&json!({ "code": value })).send().assert_problem(422, "invalid_field");
        }
        assert_eq!(server.failures(ada.id), 6, "{}", server.name());
    }
}

#[test]
fn failures_are_counted_together_with_those_of_totp_codes() {
    for server in TestServer::each() {
        let (ada, codes) = server.enrol_with_codes("ada");
        server.fail(&ada, 6);
        for _ in 0..4 {
            server.verify_recovery_code(&server.pending(ada.id), "wrong").assert_problem(401, "invalid_code");
        }
        server.verify_recovery_code(&server.pending(ada.id), &codes[0]).assert_problem(403, "account_locked");
        server.verify(&server.pending(ada.id), &ada.code(server.now())).assert_problem(403, "account_locked");
        server.advance(900);
        server.verify_recovery_code(&server.pending(ada.id), &codes[0]).ok();
        assert_eq!(server.failures(ada.id), 0, "{}: it was not consumed, and it clears", server.name());
    }
}

#[test]
fn another_users_code_is_rejected_and_stays_valid_for_its_owner() {
    for server in TestServer::each() {
        let (ada, codes) = server.enrol_with_codes("ada");
        let (bob, _) = server.enrol_with_codes("bob");
        server.verify_recovery_code(&server.pending(bob.id), &codes[0]).assert_problem(401, "invalid_code");
        server.verify_recovery_code(&server.pending(ada.id), &codes[0]).ok();
    }
}

#[test]
fn a_user_gets_five_attempts_a_minute_from_all_addresses_together() {
    for server in TestServer::each_with(&[("MFA_RECOVERY_RATE_MAX", "5")]) {
        let (ada, codes) = server.enrol_with_codes("ada");
        for _ in 0..5 {
            server.verify_recovery_code(&server.pending(ada.id), "wrong").assert_problem(401, "invalid_code");
        }
        let limited = server.verify_recovery_code(&server.pending(ada.id), &codes[0]);
        assert_eq!(limited.assert_problem(429, "rate_limited").retry_after(), 12);
        assert_eq!(limited.header("ratelimit"), None, "it would name a user");
        server.verify(&server.pending(ada.id), &ada.code(server.now())).ok();
        server.advance(12);
        server.verify_recovery_code(&server.pending(ada.id), &codes[0]).ok();
    }
}

#[test]
fn a_new_set_invalidates_every_older_code_and_ends_no_session() {
    for server in TestServer::each() {
        let (ada, old) = server.enrol_with_codes("ada");
        let answer = server.post(REGENERATE, &ada.access);
        assert_eq!(members(&answer.ok()).into_iter().collect::<Vec<_>>(), ["recovery_codes"]);
        let new = answer.texts("recovery_codes");
        assert!(new.len() == 10 && new.iter().all(|code| !old.contains(code)));
        server.verify_recovery_code(&server.pending(ada.id), &old[3]).assert_problem(401, "invalid_code");
        server.verify_recovery_code(&server.pending(ada.id), &new[3]).ok();
        server.get("/api/mfa/status", &ada.access).ok();
    }
}

#[test]
fn the_list_shows_which_codes_are_used_but_no_code() {
    for server in TestServer::each() {
        let (ada, codes) = server.enrol_with_codes("ada");
        server.verify_recovery_code(&server.pending(ada.id), &codes[4]).ok();
        let answer = server.get(LIST, &ada.access);
        let list = answer.ok();
        assert_eq!(members(&list).into_iter().collect::<Vec<_>>(), ["codes", "generated_at", "left"]);
        assert_eq!((&list["left"], &list["generated_at"]), (&json!(9), &json!("2027-01-15T08:00:00Z")));
        let listed = list["codes"].as_array().unwrap();
        assert_eq!(listed.len(), 10, "{}", server.name());
        for code in listed {
            assert_eq!(members(code).into_iter().collect::<Vec<_>>(), ["id", "used", "used_at"]);
        }
        let used: Vec<_> = listed.iter().filter(|it| it["used"] == json!(true)).collect();
        assert_eq!(used.len(), 1);
        assert_eq!(used[0]["used_at"], "2027-01-15T08:05:00Z");
        let text = answer.text();
        assert!(codes.iter().all(|code| !text.contains(code.as_str())));
    }
}

#[test]
fn a_recovery_code_removes_the_app_and_all_codes_are_deleted_with_the_last_factor() {
    for server in TestServer::each() {
        let (ada, codes) = server.enrol_with_codes("ada");
        let disable = |code: &str| server.send_code("/api/mfa/totp/disable", &ada.access, code);
        disable("zzzz-zzzz-zzzz-zzzz").assert_problem(401, "invalid_code");
        disable("no code at all").assert_problem(422, "invalid_field");
        assert_eq!(disable(&codes[0]).ok(), json!({ "totp_enabled": false }));
        let status = server.get("/api/mfa/status", &ada.access).ok();
        assert_eq!((&status["totp_enabled"], &status["recovery_codes_left"]), (&json!(false), &json!(0)));
        server.verify_recovery_code(&server.pending(ada.id), &codes[1]).assert_problem(409, "not_enrolled");
        server.post(REGENERATE, &ada.access).assert_problem(409, "not_enrolled");
    }
}

#[test]
fn replacing_the_app_renews_the_recovery_codes() {
    for server in TestServer::each() {
        let (ada, old) = server.enrol_with_codes("ada");
        let access = server.token(ada.id, TokenKind::TwoFactors);
        let new = nova_mfa_tests::Member::from_enrolment(
            ada.id,
            &server.post("/api/mfa/totp/enroll/start", &access),
        );
        let confirmed = server.send_code("/api/mfa/totp/enroll/verify", &access, &new.code(server.now()));
        let renewed = confirmed.texts("recovery_codes");
        assert_eq!(renewed.len(), 10);
        server.verify_recovery_code(&server.pending(ada.id), &old[0]).assert_problem(401, "invalid_code");
        server.verify_recovery_code(&server.pending(ada.id), &renewed[0]).ok();
    }
}
