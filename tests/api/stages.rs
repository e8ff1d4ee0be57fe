//! Tests of token stages by account: enrolled, without a factor, and enforced without a factor.

use mfa_core::UserId;
use mfa_flows::TokenKind;
use nova_mfa_tests::{Answer, Forger, TestServer};

/// Table with the routes as columns and the kinds of token as rows. `in` is any result after the token was accepted.
const COLUMNS: [(&str, &str); 10] = [
    ("POST", "/api/mfa/totp/enroll/start"),
    ("POST", "/api/mfa/totp/enroll/verify"),
    ("POST", "/api/mfa/verify/totp"),
    ("POST", "/api/mfa/totp/disable"),
    ("GET", "/api/mfa/status"),
    ("GET", "/api/mfa/methods"),
    ("POST", "/api/mfa/token/revoke"),
    ("POST", "/api/mfa/verify/recovery"),
    ("POST", "/api/mfa/recovery/regenerate"),
    ("GET", "/api/mfa/recovery/list"),
];

const MISSING: [&str; 10] = ["token_missing"; 10];
const INVALID: [&str; 10] = ["token_invalid"; 10];
const EXPIRED: [&str; 10] = ["token_expired"; 10];
const STAGE: &str = "wrong_token_stage";

const ENROLLED: [(TokenKind, [&str; 10]); 3] = [
    (TokenKind::Pending, [STAGE, STAGE, "in", STAGE, STAGE, "in", "in", "in", STAGE, STAGE]),
    (TokenKind::OneFactor, [STAGE, STAGE, STAGE, STAGE, "in", "in", "in", STAGE, STAGE, STAGE]),
    (TokenKind::TwoFactors, ["in", "in", "in", "in", "in", "in", "in", "in", "in", "in"]),
];
const WITHOUT_FACTOR: [(TokenKind, [&str; 10]); 3] = [
    (TokenKind::Pending, [STAGE, STAGE, "in", STAGE, STAGE, "in", "in", "in", STAGE, STAGE]),
    (TokenKind::OneFactor, ["in", "in", STAGE, STAGE, "in", "in", "in", STAGE, STAGE, STAGE]),
    (TokenKind::TwoFactors, ["in", "in", "in", "in", "in", "in", "in", "in", "in", "in"]),
];
const ENFORCED_WITHOUT_FACTOR: [(TokenKind, [&str; 10]); 3] = [
    (TokenKind::Pending, ["in", "in", "in", STAGE, STAGE, "in", "in", "in", STAGE, STAGE]),
    (TokenKind::OneFactor, ["in", "in", STAGE, STAGE, "in", "in", "in", STAGE, STAGE, STAGE]),
    (TokenKind::TwoFactors, ["in", "in", "in", "in", "in", "in", "in", "in", "in", "in"]),
];

fn call(server: &TestServer, place: usize, token: Option<&str>) -> Answer {
    let (method, path) = COLUMNS[place];
    let call = server.client().request(method, path);
    let call = token.into_iter().fold(call, nova_mfa_tests::Request::bearer);
    let takes_a_code =
        ["/verify", "/totp", "/disable", "/verify/recovery"].iter().any(|it| path.ends_with(it));
    if takes_a_code { call.code("000000").send() } else { call.send() }
}

fn outcome_of(answer: &Answer) -> String {
    let outcome = answer.outcome();
    let let_in = ["ok", "invalid_code", "not_enrolled", "no_enrolment_in_progress"];
    if let_in.contains(&outcome.as_str()) { "in".to_owned() } else { outcome }
}

/// Calls every route with a new token each and compares the outcomes.
#[track_caller]
fn assert_outcomes(
    server: &TestServer,
    what: &str,
    expected: [&str; 10],
    token: impl Fn() -> Option<String>,
) {
    let outcomes =
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map(|place| outcome_of(&call(server, place, token().as_deref())));
    assert_eq!(outcomes, expected, "{}: {what}", server.name());
}

#[test]
fn every_route_accepts_the_documented_token_stages_and_no_others() {
    for server in TestServer::each() {
        let enrolled = server.enrol("ada").id;
        let without = server.add_user("bob");
        let enforced = server.add_user("cleo");
        server.installation.sql(&format!("UPDATE users SET mfa_enforced = TRUE WHERE id = {enforced}"));
        let users: [(&str, UserId, _); 3] = [
            ("enrolled", enrolled, ENROLLED),
            ("without a factor", without, WITHOUT_FACTOR),
            ("enforced, without a factor", enforced, ENFORCED_WITHOUT_FACTOR),
        ];
        for (who, user, table) in users {
            for (kind, expected) in table {
                assert_outcomes(&server, &format!("{who}, {kind:?}"), expected, || {
                    Some(server.token(user, kind))
                });
            }
        }
    }
}

#[test]
fn no_route_accepts_a_foreign_or_malformed_token() {
    for server in TestServer::each() {
        let ada = server.enrol("ada").id;
        assert_outcomes(&server, "no token", MISSING, || None);
        let kinds = [TokenKind::Pending, TokenKind::OneFactor, TokenKind::TwoFactors];
        for kind in kinds {
            let token = server.token(ada, kind);
            let like = || Forger::like(&token);
            for (what, forged) in [
                ("nonsense", "nonsense".to_owned()),
                ("the key of another", like().sign_with(b"9f86d081884c7d659a2feaa0c55ad015")),
                ("an empty key", like().sign_with(b"")),
                ("no signature", format!("{}.", like().unsigned())),
                ("alg none", format!("{}.", like().header("alg", "none").unsigned())),
                ("another algorithm", like().header("alg", "HS512").sign()),
                ("an unknown key id", like().header("kid", "AAAAAAAAAAA").sign()),
                ("no key id", like().without_header("kid").sign()),
                ("no type", like().without_header("typ").sign()),
                ("a plain type", like().header("typ", "JWT").sign()),
                ("a critical extension", like().header("crit", vec!["exp"]).sign()),
            ] {
                assert_outcomes(&server, &format!("{kind:?} with {what}"), INVALID, || Some(forged.clone()));
            }
        }
        let stale = kinds.map(|kind| server.token(ada, kind));
        server.advance(3606);
        for token in stale {
            assert_outcomes(&server, "a token that has ended", EXPIRED, || Some(token.clone()));
        }
    }
}

#[test]
fn no_route_accepts_a_token_of_a_disabled_user() {
    for server in TestServer::each() {
        let ada = server.enrol("ada").id;
        let kinds = [TokenKind::Pending, TokenKind::OneFactor, TokenKind::TwoFactors];
        let tokens = kinds.map(|kind| server.token(ada, kind));
        server.installation.sql("UPDATE users SET is_active = FALSE");
        for (place, _) in COLUMNS.iter().enumerate() {
            for token in &tokens {
                let outcome = outcome_of(&call(&server, place, Some(token)));
                assert!(
                    ["account_disabled", STAGE].contains(&outcome.as_str()),
                    "{} {outcome}",
                    server.name()
                );
            }
            let outcome = outcome_of(&call(&server, place, Some(&tokens[2])));
            assert_eq!(outcome, "account_disabled", "{}", COLUMNS[place].1);
        }
    }
}
