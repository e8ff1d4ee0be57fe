//! Tests of `POST /api/mfa/sms/send` and `POST /api/mfa/verify/sms`.

use mfa_core::UserId;
use mfa_flows::TokenKind;
use nova_mfa_tests::{Answer, TestServer, claims_of, members};
use serde_json::{Value, json};

const NUMBER: &str = "+33612345612";

/// Creates a user whose only factor is this number. Returns the access token too. Another code can be sent at once.
fn enrol(server: &TestServer, name: &str, number: &str) -> (UserId, String) {
    let user = server.add_user(name);
    let token = server.token(user, TokenKind::OneFactor);
    set(server, &token, number).ok();
    let confirmed = confirm(server, &token, &server.sms_code(number));
    server.advance(60);
    (user, confirmed.field("access_token"))
}

fn set(server: &TestServer, token: &str, number: &str) -> Answer {
    server.client().post("/api/mfa/phone/set").bearer(token).json(&json!({ "phone": number })).send()
}

fn confirm(server: &TestServer, token: &str, code: &str) -> Answer {
    server.send_code("/api/mfa/phone/verify", token, code)
}

fn send(server: &TestServer, token: &str) -> Answer {
    server.post("/api/mfa/sms/send", token)
}

fn verify(server: &TestServer, token: &str, code: &str) -> Answer {
    server.send_code("/api/mfa/verify/sms", token, code)
}

/// Returns a pending token and the code sent for it.
fn request_code(server: &TestServer, user: UserId) -> (String, String) {
    let pending = server.pending(user);
    send(server, &pending).ok();
    (pending, server.sms_code(NUMBER))
}

fn other_than(code: &str) -> &'static str {
    if code == "000000" { "000001" } else { "000000" }
}

#[test]
fn an_sms_code_is_a_second_factor_and_the_token_names_it() {
    for server in TestServer::each() {
        let (ada, _) = enrol(&server, "ada", NUMBER);
        let pending = server.pending(ada);
        let sent = send(&server, &pending).ok();
        let expected = json!({ "sent": true, "phone": "+33•••••••12", "expires_in": 300, "resend_in": 60 });
        assert_eq!(sent, expected, "{}", server.name());
        let answer = verify(&server, &pending, &server.sms_code(NUMBER)).ok();
        let fields = ["access_token", "expires_in", "method", "mfa_ok", "recovery_codes_left", "token_type"];
        assert_eq!(members(&answer).into_iter().collect::<Vec<_>>(), fields);
        assert_eq!((&answer["method"], &answer["recovery_codes_left"]), (&json!("sms"), &json!(10)));
        let claims = claims_of(answer["access_token"].as_str().unwrap());
        assert_eq!((&claims["amr"], &claims["mfa_ok"]), (&json!(["pwd", "sms", "mfa"]), &json!(true)));
        let status = server.get("/api/mfa/status", answer["access_token"].as_str().unwrap()).ok();
        assert_eq!((&status["phone"], &status["last_method"]), (&json!("+33•••••••12"), &json!("sms")));
    }
}

#[test]
fn a_code_and_its_pending_token_are_accepted_once() {
    for server in TestServer::each() {
        let (ada, _) = enrol(&server, "ada", NUMBER);
        let (pending, code) = request_code(&server, ada);
        verify(&server, &pending, &code).ok();
        verify(&server, &pending, &code).assert_problem(401, "token_spent");
        verify(&server, &server.pending(ada), &code).assert_problem(401, "invalid_code");
    }
}

#[test]
fn a_code_expires_after_five_minutes() {
    for server in TestServer::each() {
        let (ada, access) = enrol(&server, "ada", NUMBER);
        // A two-factor token outlives a code.
        send(&server, &access).ok();
        let code = server.sms_code(NUMBER);
        server.advance(299);
        verify(&server, &access, &code).ok();
        send(&server, &access).ok();
        let code = server.sms_code(NUMBER);
        server.advance(301);
        verify(&server, &access, &code).assert_problem(401, "invalid_code");
        assert_eq!(server.failures(ada), 1, "{}", server.name());
    }
}

#[test]
fn a_code_is_valid_only_for_the_login_that_requested_it() {
    for server in TestServer::each() {
        let (ada, _) = enrol(&server, "ada", NUMBER);
        let (bob, _) = enrol(&server, "bob", "+33612345699");
        let (_, code) = request_code(&server, ada);
        verify(&server, &server.pending(ada), &code).assert_problem(401, "invalid_code");
        verify(&server, &server.pending(bob), &code).assert_problem(401, "invalid_code");
        assert_eq!((server.failures(ada), server.failures(bob)), (1, 1));
        let (pending, code) = {
            server.advance(60);
            request_code(&server, ada)
        };
        verify(&server, &pending, &code).ok();
    }
}

#[test]
fn a_new_code_invalidates_the_old_one() {
    for server in TestServer::each() {
        let (ada, _) = enrol(&server, "ada", NUMBER);
        let (pending, first) = request_code(&server, ada);
        server.advance(60);
        send(&server, &pending).ok();
        let second = server.sms_code(NUMBER);
        assert_ne!(first, second, "one in a million");
        verify(&server, &pending, &first).assert_problem(401, "invalid_code");
        verify(&server, &pending, &second).ok();
    }
}

#[test]
fn five_wrong_codes_invalidate_the_sms_code_and_each_counts_for_the_lock() {
    for server in TestServer::each() {
        let (ada, _) = enrol(&server, "ada", NUMBER);
        let (pending, code) = request_code(&server, ada);
        for _ in 0..5 {
            verify(&server, &pending, other_than(&code)).assert_problem(401, "invalid_code");
        }
        verify(&server, &pending, &code).assert_problem(401, "invalid_code");
        assert_eq!(server.failures(ada), 6, "{}", server.name());
    }
}

#[test]
fn neither_a_new_code_nor_a_new_login_clears_the_failures() {
    for server in TestServer::each() {
        let (ada, _) = enrol(&server, "ada", NUMBER);
        let (pending, code) = request_code(&server, ada);
        for _ in 0..9 {
            verify(&server, &pending, other_than(&code)).assert_problem(401, "invalid_code");
        }
        server.advance(60);
        let (pending, code) = request_code(&server, ada);
        verify(&server, &pending, other_than(&code)).assert_problem(401, "invalid_code");
        verify(&server, &pending, &code).assert_problem(403, "account_locked");
        let before = server.outbox().len();
        server.advance(60);
        send(&server, &server.pending(ada)).assert_problem(403, "account_locked");
        assert_eq!(server.outbox().len(), before, "{}: nothing is sent while locked", server.name());
    }
}

#[test]
fn malformed_codes_are_not_counted_as_attempts() {
    for server in TestServer::each() {
        let (ada, _) = enrol(&server, "ada", NUMBER);
        let (pending, code) = request_code(&server, ada);
        let spellings = [
            format!(" {code}"),
            format!("{code}\n"),
            format!("{} {}", &code[..3], &code[3..]),
            code[..5].into(),
        ];
        let values =
            spellings.iter().map(|it| json!(it)).chain([json!(code.parse::<u32>().unwrap()), Value::Null]);
        for value in values {
            let call = server.client().post("/api/mfa/verify/sms").bearer(&pending);
            call.json(&json!({ "code": value })).send().assert_problem(422, "invalid_field");
        }
        assert_eq!(server.failures(ada), 0);
        verify(&server, &pending, &code).ok();
    }
}

#[test]
fn sms_is_available_only_as_the_chosen_backup_method() {
    for server in TestServer::each() {
        let ada = server.enrol("ada");
        let pending = server.pending(ada.id);
        send(&server, &pending).assert_problem(409, "method_not_available");
        verify(&server, &pending, "000000").assert_problem(409, "method_not_available");
        set(&server, &ada.access, NUMBER).ok();
        send(&server, &pending).assert_problem(409, "method_not_available");
        confirm(&server, &ada.access, &server.sms_code(NUMBER)).ok();
        server.advance(60);
        send(&server, &pending).assert_problem(409, "method_not_available");
        assert_eq!(server.failures(ada.id), 0, "{}: what is not there is not counted", server.name());
        assert_eq!(server.outbox().len(), 1);
        let chosen = json!({ "method": "sms" });
        server.client().post("/api/mfa/backup/set").bearer(&ada.access).json(&chosen).send().ok();
        send(&server, &server.pending(ada.id)).ok();
    }
}

#[test]
fn codes_are_sent_to_the_stored_number_only() {
    for server in TestServer::each() {
        let (ada, _) = enrol(&server, "ada", NUMBER);
        let pending = server.pending(ada);
        for path in ["/api/mfa/sms/send", "/api/mfa/verify/sms"] {
            let body = json!({ "phone": "+33698765432", "code": "000000" });
            let call = server.client().post(path).bearer(&pending).json(&body);
            call.send().assert_problem(422, "invalid_field");
        }
        set(&server, &pending, "+33698765432").assert_problem(403, "wrong_token_stage");
        assert!(server.outbox().iter().all(|(to, _)| to == NUMBER), "{}", server.name());
        assert_eq!(server.outbox().len(), 1);
    }
}

#[test]
fn a_user_gets_one_sms_a_minute_and_three_an_hour_with_an_exact_retry_after() {
    for server in TestServer::each() {
        let (ada, _) = enrol(&server, "ada", NUMBER);
        server.advance(3_600);
        for nth in 0..3 {
            send(&server, &server.pending(ada)).ok();
            if nth < 2 {
                let refused = send(&server, &server.pending(ada));
                assert_eq!(refused.assert_problem(429, "rate_limited").retry_after(), 60);
                server.advance(59);
                assert_eq!(
                    send(&server, &server.pending(ada)).assert_problem(429, "rate_limited").retry_after(),
                    1
                );
                server.advance(1);
            }
        }
        let wait = send(&server, &server.pending(ada)).assert_problem(429, "rate_limited").retry_after();
        assert_eq!(wait, 3_600 - 120, "{}", server.name());
        let sent = server.outbox().len();
        let fresh = server.token(ada, TokenKind::TwoFactors);
        set(&server, &fresh, "+33698765432").assert_problem(429, "rate_limited");
        assert_eq!(server.outbox().len(), sent, "{}: whatever it is for", server.name());
        server.advance(wait);
        send(&server, &server.pending(ada)).ok();
    }
}

#[test]
fn a_rejected_send_leaves_the_current_code_valid() {
    for server in TestServer::each() {
        let (ada, _) = enrol(&server, "ada", NUMBER);
        let (pending, code) = request_code(&server, ada);
        send(&server, &pending).assert_problem(429, "rate_limited");
        verify(&server, &pending, &code).ok();
    }
}

#[test]
fn users_of_one_number_prefix_share_a_limit_and_a_rejection_sends_no_message() {
    for server in TestServer::each_with(&[("MFA_SMS_PER_PREFIX_HOUR", "5")]) {
        let mut outcomes = Vec::new();
        for line in 0..30 {
            let user = server.add_user(&format!("user{line}"));
            let token = server.token(user, TokenKind::OneFactor);
            outcomes.push(set(&server, &token, &format!("+33612345{line:03}")).outcome());
        }
        assert_eq!(outcomes.iter().filter(|it| *it == "ok").count(), 5, "{}", server.name());
        assert!(outcomes[5..].iter().all(|it| it == "rate_limited"));
        assert_eq!(server.outbox().len(), 5);
        let elsewhere = server.token(server.add_user("elsewhere"), TokenKind::OneFactor);
        set(&server, &elsewhere, "+33798765432").ok();
    }
}

#[test]
fn country_and_deployment_have_limits_of_their_own() {
    for (ceiling, other) in [("MFA_SMS_PER_COUNTRY_DAY", "ok"), ("MFA_SMS_PER_DAY", "rate_limited")] {
        for server in TestServer::each_with(&[(ceiling, "2")]) {
            let outcomes = ["+33612345601", "+33698765402", "+33622345603", "+32470123456"].map(|number| {
                let token = server.token(server.add_user(number), TokenKind::OneFactor);
                set(&server, &token, number).outcome()
            });
            assert_eq!(outcomes, ["ok", "ok", "rate_limited", other], "{}: {ceiling}", server.name());
        }
    }
}

#[test]
fn an_address_has_a_limit_whatever_its_forwarding_headers_claim() {
    for server in TestServer::each_with(&[("MFA_SMS_PER_IP_HOUR", "3")]) {
        let outcomes = (0..6).map(|nth| {
            let token = server.token(server.add_user(&format!("user{nth}")), TokenKind::OneFactor);
            let forged = format!("198.51.100.{nth}");
            let body = json!({ "phone": format!("+3361234{nth}612") });
            let call = server.client().post("/api/mfa/phone/set").bearer(&token).json(&body);
            let call = call.header("X-Forwarded-For", &forged).header("Forwarded", &format!("for={forged}"));
            call.header("X-Real-IP", &forged).send().outcome()
        });
        let outcomes: Vec<_> = outcomes.collect();
        assert_eq!(outcomes.iter().filter(|it| *it == "ok").count(), 3, "{}: {outcomes:?}", server.name());
        assert_eq!(server.outbox().len(), 3);
    }
}

#[test]
fn a_prefix_with_low_conversion_is_blocked_and_reported_in_log_and_readiness() {
    let many = [("MFA_SMS_PER_IP_HOUR", "1000"), ("MFA_SMS_MIN_CONVERSION", "0.2")];
    for server in TestServer::each_with(&many) {
        let set_at = |line: usize, prefix: &str| {
            let token = server.token(server.add_user(&format!("u{prefix}{line}")), TokenKind::OneFactor);
            let answer = set(&server, &token, &format!("+33{prefix}{line:04}"));
            (token, answer)
        };
        // The codes of another prefix are used, so that the country is not blocked.
        for line in 0..10 {
            let (token, answer) = set_at(line, "79876");
            answer.ok();
            confirm(&server, &token, &server.sms_code(&format!("+3379876{line:04}"))).ok();
        }
        for line in 0..20 {
            set_at(line, "61234").1.ok();
        }
        assert_eq!(server.client().get("/health/ready").send().ok()["status"], "degraded");
        let refused = set_at(20, "61234").1;
        assert_eq!(refused.assert_problem(429, "rate_limited").retry_after(), 86_400, "{}", server.name());
        assert_eq!(server.outbox().len(), 30);
        let parts = server.client().get("/health/ready").send().ok();
        assert_eq!(parts["degraded"][0]["part"], "sms", "{parts}");
        assert!(server.log_contains("SMS rejected: low conversion rate"));
        set_at(10, "79876").1.ok();
        server.advance(86_400);
        set_at(21, "61234").1.ok();
        // Callers share a result for a second.
        std::thread::sleep(std::time::Duration::from_secs(1));
        assert_eq!(server.client().get("/health/ready").send().ok()["status"], "ready");
    }
}

#[test]
fn the_message_is_localized_and_binds_the_code_to_the_domain() {
    for server in TestServer::each_with(&[("MFA_SMS_DOMAIN", "mfa.example.com")]) {
        for (language, words) in
            [("fr", "est votre code"), ("en-GB", "is your code"), ("de", "est votre code")]
        {
            let token = server.token(server.add_user(language), TokenKind::OneFactor);
            let body = json!({ "phone": format!("+336123456{}", 10 + language.len()) });
            let call = server.client().post("/api/mfa/phone/set").bearer(&token).json(&body);
            call.header("Accept-Language", language).send().ok();
            let (to, text) = server.outbox().pop().unwrap();
            assert!(text.contains(words), "{text}");
            assert_eq!(text.lines().last().unwrap(), format!("@mfa.example.com #{}", server.sms_code(&to)));
            server.advance(3_600);
        }
    }
}

#[test]
fn without_allowed_countries_no_sms_are_sent() {
    for server in TestServer::each_with(&[("MFA_SMS_COUNTRIES", "")]) {
        let token = server.token(server.add_user("ada"), TokenKind::OneFactor);
        set(&server, &token, NUMBER).assert_problem(403, "phone_refused");
        assert_eq!(server.outbox(), []);
        assert_eq!(server.client().get("/health/ready").send().ok()["status"], "ready");
    }
}

#[test]
fn the_log_contains_no_numbers_or_codes_and_the_database_no_plaintext_number() {
    for server in TestServer::each() {
        let (ada, access) = enrol(&server, "ada", NUMBER);
        let (pending, code) = request_code(&server, ada);
        verify(&server, &pending, &code).ok();
        server.get("/api/mfa/events", &access);
        set(&server, &pending, "0698765432");
        let name = server.name();
        let installation = server.stop();
        let log = installation.log();
        for secret in [NUMBER, "33612345612", "0612345612", "06 12 34 56 12", &code] {
            assert!(!log.contains(secret), "{name}: {secret} in the log");
        }
        std::fs::remove_file(installation.folder().join("data/sms-outbox.jsonl")).unwrap();
        let stored = installation.stored_bytes();
        for secret in [NUMBER, "33612345612", "612345612"] {
            let found = stored.windows(secret.len()).any(|it| it == secret.as_bytes());
            assert!(!found, "{name}: {secret} is stored");
        }
    }
}
