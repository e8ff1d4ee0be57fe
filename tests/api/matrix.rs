//! Table of every operation of the OpenAPI document and every kind of token, with the expected result.
//!
//! A new operation without a row fails, and so does a row without an operation.

use std::collections::BTreeSet;

use mfa_core::UserId;
use mfa_flows::TokenKind;
use nova_mfa_tests::{Answer, Forger, Operation, TestServer};

const KEY: &str = "an0therL0ngIntrospectionKey+/=";

/// Credentials, one column each.
const COLUMNS: [&str; 10] = [
    "no token",
    "garbage",
    "expired",
    "pending",
    "one factor",
    "two factors",
    "revoked",
    "two factors of another user",
    "superuser",
    "enrolment",
];

type Row = [&'static str; 10];

/// Any result after the token was accepted.
const IN: &str = "in";
const NO: &str = "token_missing";
const BAD: &str = "token_invalid";
const OLD: &str = "token_expired";
const END: &str = "token_revoked";
const STAGE: &str = "wrong_token_stage";
const RANK: &str = "not_allowed";

/// Public: the token is ignored.
const OPEN: Row = [IN; 10];
/// Any token, pending or not.
const ANY: Row = [NO, BAD, OLD, IN, IN, IN, END, IN, IN, IN];
const ACCESS: Row = [NO, BAD, OLD, STAGE, IN, IN, END, IN, IN, STAGE];
/// Like `ACCESS`, and enrolment tokens.
const STATUS: Row = [NO, BAD, OLD, STAGE, IN, IN, END, IN, IN, IN];
const SECOND_FACTOR: Row = [NO, BAD, OLD, IN, STAGE, IN, END, IN, IN, STAGE];
/// Pending tokens only.
const PENDING: Row = [NO, BAD, OLD, IN, STAGE, STAGE, STAGE, STAGE, STAGE, STAGE];
const TWO_FACTORS: Row = [NO, BAD, OLD, STAGE, STAGE, IN, END, IN, IN, STAGE];
/// The account has a factor, so enrolling requires two factors or an enrolment token.
const ENROLMENT: Row = [NO, BAD, OLD, STAGE, STAGE, IN, END, IN, IN, IN];
const ADMINISTRATION: Row = [NO, BAD, OLD, STAGE, STAGE, RANK, END, RANK, IN, STAGE];
/// Requires a key; tokens are rejected.
const BY_KEY: Row = [NO, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD, BAD];
/// Signed by the SMS provider; 404 if the provider is not configured.
const BY_PROVIDER: Row = OPEN;

const TABLE: &[(&str, Row)] = &[
    ("POST /api/mfa/totp/enroll/start", ENROLMENT),
    ("POST /api/mfa/totp/enroll/verify", ENROLMENT),
    ("POST /api/mfa/verify/totp", SECOND_FACTOR),
    ("POST /api/mfa/verify/sms", SECOND_FACTOR),
    ("POST /api/mfa/verify/recovery", SECOND_FACTOR),
    ("POST /api/mfa/verify/access-pass", PENDING),
    ("POST /api/mfa/verify/passkey/start", SECOND_FACTOR),
    ("POST /api/mfa/verify/passkey", SECOND_FACTOR),
    ("POST /api/mfa/passkeys/register/start", ENROLMENT),
    ("POST /api/mfa/passkeys/register/finish", ENROLMENT),
    ("GET /api/mfa/authenticators", ACCESS),
    ("PATCH /api/mfa/authenticators/{id}", TWO_FACTORS),
    ("DELETE /api/mfa/authenticators/{id}", TWO_FACTORS),
    ("POST /api/mfa/sms/send", SECOND_FACTOR),
    ("POST /api/mfa/phone/set", ENROLMENT),
    ("POST /api/mfa/phone/verify", ENROLMENT),
    ("POST /api/mfa/recovery/regenerate", TWO_FACTORS),
    ("GET /api/mfa/recovery/list", TWO_FACTORS),
    ("POST /api/mfa/backup/set", TWO_FACTORS),
    ("GET /api/mfa/status", STATUS),
    ("POST /api/mfa/totp/disable", TWO_FACTORS),
    ("DELETE /api/mfa/phone", TWO_FACTORS),
    ("GET /api/mfa/methods", ANY),
    ("GET /api/mfa/events", ACCESS),
    ("POST /api/mfa/token/revoke", ANY),
    ("GET /api/mfa/sessions", TWO_FACTORS),
    ("POST /api/mfa/sessions/{id}/revoke", TWO_FACTORS),
    ("POST /api/mfa/sessions/revoke-others", TWO_FACTORS),
    ("POST /api/auth/login", OPEN),
    ("GET /api/mfa/admin/users", ADMINISTRATION),
    ("POST /api/mfa/admin/users/bulk", ADMINISTRATION),
    ("GET /api/mfa/admin/users/{id}", ADMINISTRATION),
    ("POST /api/mfa/admin/users/{id}/unlock", ADMINISTRATION),
    ("POST /api/mfa/admin/users/{id}/reset", ADMINISTRATION),
    ("POST /api/mfa/admin/users/{id}/enforce", ADMINISTRATION),
    ("POST /api/mfa/admin/users/{id}/recovery/regenerate", ADMINISTRATION),
    ("POST /api/mfa/admin/users/{id}/authenticators/{authenticator_id}/remove", ADMINISTRATION),
    ("POST /api/mfa/admin/users/{id}/access-pass", ADMINISTRATION),
    ("POST /api/mfa/admin/users/{id}/role", ADMINISTRATION),
    ("POST /api/mfa/admin/users/{id}/sessions/revoke", ADMINISTRATION),
    ("GET /api/mfa/admin/events", ADMINISTRATION),
    ("GET /api/mfa/admin/stats", ADMINISTRATION),
    ("POST /api/mfa/token/introspect", BY_KEY),
    ("GET /.well-known/jwks.json", OPEN),
    ("GET /.well-known/webauthn", OPEN),
    ("POST /hooks/twilio", BY_PROVIDER),
    ("GET /hooks/ovh/{secret}", BY_PROVIDER),
    ("GET /health", OPEN),
    ("GET /health/live", OPEN),
    ("GET /health/ready", OPEN),
    ("GET /openapi.json", OPEN),
    ("GET /docs", OPEN),
    ("GET /metrics", OPEN),
    ("GET /interface/{brand}", OPEN),
];

fn row(operation: &Operation) -> Row {
    let name = operation.name();
    let row = TABLE.iter().find(|(it, _)| *it == name).map(|(_, row)| *row);
    row.unwrap_or_else(|| panic!("{name} has no row: say which token opens it"))
}

/// Three users with an authenticator app; the last one is an administrator.
struct Cast {
    ada: UserId,
    bob: UserId,
    root: UserId,
}

impl Cast {
    fn new(server: &TestServer, scene: usize) -> Self {
        let root = server.add_user(&format!("root-{scene}"));
        server.installation.sql(&format!("UPDATE users SET is_superuser = TRUE WHERE id = {root}"));
        let user = |name: &str| server.enrol(&format!("{name}-{scene}")).id;
        Self { ada: user("ada"), bob: user("bob"), root: server.enrol_user(root).id }
    }

    /// Returns the token of a column.
    fn token(&self, server: &TestServer, column: usize) -> Option<String> {
        let two_factors = |user| server.token(user, TokenKind::TwoFactors);
        Some(match COLUMNS[column] {
            "no token" => return None,
            "garbage" => "garbage".to_owned(),
            "expired" => expired(server, &two_factors(self.ada)),
            "pending" => server.pending(self.ada),
            "one factor" => server.token(self.ada, TokenKind::OneFactor),
            "two factors" => two_factors(self.ada),
            "revoked" => {
                let token = two_factors(self.ada);
                server.post("/api/mfa/token/revoke", &token).ok();
                token
            }
            "two factors of another user" => two_factors(self.bob),
            "superuser" => two_factors(self.root),
            "enrolment" => Forger::like(&server.pending(self.ada)).claim("enrolment_only", true).sign(),
            column => panic!("{column} presents nothing"),
        })
    }
}

/// Returns a correctly signed token issued 61 minutes ago.
fn expired(server: &TestServer, token: &str) -> String {
    let now = server.now().seconds();
    let times = [("iat", 3660), ("nbf", 3660), ("auth_time", 3660), ("exp", 60)];
    let token = Forger::like(token).without("iat_ms");
    times.iter().fold(token, |token, (name, ago)| token.claim(name, now - ago)).sign()
}

fn outcome_of(answer: &Answer) -> String {
    let outcome = answer.outcome();
    let about_tokens = [NO, BAD, OLD, END, STAGE, RANK, "token_spent", "account_disabled"];
    if about_tokens.contains(&outcome.as_str()) { outcome } else { IN.to_owned() }
}

fn servers() -> [TestServer; 2] {
    TestServer::each_with(&[("INTROSPECTION_KEY", KEY)])
}

#[test]
fn every_operation_has_a_row_and_every_row_has_an_operation() {
    let [server, _] = servers();
    let operations: BTreeSet<String> = Operation::all(server.client()).iter().map(Operation::name).collect();
    let rows: BTreeSet<String> = TABLE.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(rows.len(), TABLE.len(), "a row occurs twice");
    assert_eq!(rows, operations);
}

#[test]
fn every_operation_accepts_the_tokens_of_its_row_and_no_others() {
    for server in servers() {
        for (scene, operation) in Operation::all(server.client()).iter().enumerate() {
            let (cast, expected) = (Cast::new(&server, scene), row(operation));
            let mut seen = Vec::new();
            for column in 0..COLUMNS.len() {
                let call = operation.example(server.client(), cast.ada.value());
                let call =
                    cast.token(&server, column).into_iter().fold(call, |call, token| call.bearer(&token));
                let answer = call.send();
                operation.assert_documented(&answer);
                seen.push(outcome_of(&answer));
            }
            assert_eq!(seen, expected, "{} on {}: {COLUMNS:?}", operation.name(), server.name());
        }
    }
}

#[test]
fn the_introspection_key_is_accepted_for_introspection_only() {
    for server in servers() {
        let ada = server.enrol("ada").id;
        for operation in Operation::all(server.client()).iter().filter(|it| it.requires_credentials()) {
            let answer = operation.example(server.client(), ada.value()).bearer(KEY).send();
            let expected = if row(operation) == BY_KEY { IN } else { BAD };
            assert_eq!(outcome_of(&answer), expected, "{}", operation.name());
        }
    }
}

#[test]
fn no_request_by_another_user_changes_an_account() {
    for server in servers() {
        let cast = Cast::new(&server, 0);
        let version = format!("SELECT mfa_version FROM users WHERE id = {}", cast.ada);
        let before = server.installation.number(&version);
        for operation in Operation::all(server.client()) {
            let token = server.token(cast.bob, TokenKind::TwoFactors);
            operation.example(server.client(), cast.ada.value()).bearer(&token).send();
            assert_eq!(server.installation.number(&version), before, "{}", operation.name());
        }
    }
}
