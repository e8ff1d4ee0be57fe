//! Tests that nobody uses up or suspends the SMS of others: budgets of a number, and the conversion rate.

use mfa_core::UserId;
use mfa_flows::TokenKind;
use nova_mfa_tests::{Answer, TestServer};
use serde_json::json;

const NUMBER: &str = "+33612345612";

/// Limits that only the tested rule reaches.
const WIDE: [(&str, &str); 4] = [
    ("MFA_SMS_PER_MINUTE", "100"),
    ("MFA_SMS_PER_HOUR", "100"),
    ("MFA_SMS_PER_IP_HOUR", "10000"),
    ("MFA_SMS_PER_PREFIX_HOUR", "10000"),
];

fn set(server: &TestServer, token: &str, number: &str) -> Answer {
    server.client().post("/api/mfa/phone/set").bearer(token).json(&json!({ "phone": number })).send()
}

/// Requests a confirmation of this number for a new user.
fn set_by_stranger(server: &TestServer, name: &str, number: &str) -> Answer {
    let token = server.token(server.add_user(name), TokenKind::OneFactor);
    set(server, &token, number)
}

fn send(server: &TestServer, user: UserId) -> Answer {
    server.post("/api/mfa/sms/send", &server.pending(user))
}

/// Creates a user whose only factor is this number. Another code can be sent at once.
fn enrol(server: &TestServer, name: &str, number: &str) -> UserId {
    let user = server.add_user(name);
    let token = server.token(user, TokenKind::OneFactor);
    set(server, &token, number).ok();
    server.send_code("/api/mfa/phone/verify", &token, &server.sms_code(number)).ok();
    server.advance(60);
    user
}

fn messages_to(server: &TestServer, number: &str) -> usize {
    server.outbox().iter().filter(|(to, _)| to == number).count()
}

#[test]
fn strangers_who_set_a_users_number_leave_its_logins_alone() {
    for server in TestServer::each_with(&[("MFA_SMS_PER_IP_HOUR", "1000")]) {
        let ada = enrol(&server, "ada", NUMBER);
        server.advance(3_600);
        let before = messages_to(&server, NUMBER);
        let outcomes: Vec<_> = (0..12)
            .map(|n| {
                let outcome = set_by_stranger(&server, &format!("stranger{n}"), NUMBER).outcome();
                server.advance(60);
                outcome
            })
            .collect();
        assert!(outcomes.iter().filter(|it| *it == "ok").count() <= 3, "{}: {outcomes:?}", server.name());
        assert!(outcomes[3..].iter().all(|it| it == "rate_limited"), "{outcomes:?}");
        assert_eq!(messages_to(&server, NUMBER), before + 3, "{}", server.name());
        for _ in 0..3 {
            send(&server, ada).ok();
            server.advance(60);
        }
        send(&server, ada).assert_problem(429, "rate_limited");
        // Her own verified number is hers to confirm again.
        server.advance(3_600);
        set(&server, &server.token(ada, TokenKind::TwoFactors), NUMBER).ok();
    }
}

#[test]
fn one_user_cannot_keep_the_owner_of_a_new_number_from_confirming_it() {
    for server in TestServer::each() {
        let mallory = server.add_user("mallory");
        let ask = || set(&server, &server.token(mallory, TokenKind::OneFactor), NUMBER).status == 200;
        let sent = (0..60).filter(|_| {
            server.advance(600);
            ask()
        });
        let sent = sent.count();
        assert!((6..=9).contains(&sent), "{}: {sent} in ten hours", server.name());
        set_by_stranger(&server, "owner", NUMBER).ok();
    }
}

#[test]
fn one_account_suspends_no_prefix_and_loses_its_own_confirmations() {
    for server in TestServer::each_with(&WIDE) {
        let ada = enrol(&server, "ada", NUMBER);
        let mallory = server.add_user("mallory");
        let ask = |line: usize| {
            set(&server, &server.token(mallory, TokenKind::OneFactor), &format!("+3361234{line:04}"))
        };
        for line in 0..20 {
            ask(line).ok();
        }
        ask(20).assert_problem(429, "rate_limited");
        assert!(server.log_contains("SMS rejected: low conversion rate"));
        assert!(server.log_contains(r#""purpose":"confirmation""#), "{}", server.name());
        let closed = r#"mfa_sms_closed_total{by="user",country="FR"} 1"#;
        assert!(server.client().get("/metrics").send().text().contains(closed), "{}", server.name());
        assert_eq!(server.client().get("/health/ready").send().ok()["status"], "ready");
        send(&server, ada).ok();
        set_by_stranger(&server, "bob", "+33612349999").ok();
        server.advance(86_400);
        ask(21).ok();
    }
}

#[test]
fn a_prefix_that_many_confirmations_suspended_serves_logins_and_converted_numbers() {
    for server in TestServer::each_with(&WIDE) {
        let ada = enrol(&server, "ada", NUMBER);
        for line in 0..25 {
            let _ = set_by_stranger(&server, &format!("stranger{line}"), &format!("+3361234{line:04}"));
        }
        set_by_stranger(&server, "bob", "+33612349999").assert_problem(429, "rate_limited");
        send(&server, ada).ok();
        set(&server, &server.token(ada, TokenKind::TwoFactors), NUMBER).ok();
    }
}

#[test]
fn a_prefix_that_many_logins_suspended_serves_converted_numbers_alone() {
    for server in TestServer::each_with(&WIDE) {
        let (ada, bob) = (enrol(&server, "ada", NUMBER), enrol(&server, "bob", "+33612345699"));
        for n in 0..20 {
            server.installation.sql(&format!(
                "INSERT INTO mfa_sms_sends (id, user_id, purpose, number, prefix, country, at, state) \
                 SELECT 'pumped-{n}', 1000 + {n}, 'second_factor', 'number-{n}', prefix, country, at, 'accepted' \
                 FROM mfa_sms_sends WHERE user_id = {ada}"
            ));
        }
        server.installation.sql(&format!("UPDATE mfa_sms_sends SET used_at = NULL WHERE user_id = {bob}"));
        send(&server, bob).assert_problem(429, "rate_limited");
        send(&server, ada).ok();
        set_by_stranger(&server, "new", "+33612349999").ok();
    }
}
