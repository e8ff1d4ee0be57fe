//! Scripted account history: every event is one log line, and every decision also a row.

use std::collections::BTreeMap;

use mfa_core::UserId;
use mfa_flows::TokenKind;
use nova_mfa_tests::{Answer, Member, TestServer};
use serde_json::{Value, json};

const NUMBER: &str = "+33612345612";
const PASSWORD: &str = "correct horse battery";

/// Written to the log only: nothing was decided, or the event belongs to no user.
const LOG_ONLY: &str = "log";
const ROW: &str = "row";

/// Event, outcome, factor, and whether it is also a row.
type Expected = (&'static str, &'static str, Option<&'static str>, &'static str);

const TOTP: Option<&str> = Some("totp");
const SMS: Option<&str> = Some("sms");
const RECOVERY: Option<&str> = Some("recovery");

/// Script that performs actions and collects the events they should record.
struct Script<'a> {
    server: &'a TestServer,
    expected: Vec<Expected>,
}

impl Script<'_> {
    fn expect(&mut self, expected: &[Expected]) {
        self.expected.extend_from_slice(expected);
    }

    fn post(&self, path: &str, token: &str, body: &Value) -> Answer {
        let call = self.server.client().post(path).bearer(token).header("User-Agent", "Firefox/1");
        call.json(body).send()
    }

    fn code(&self, path: &str, token: &str, code: &str) -> Answer {
        self.post(path, token, &json!({ "code": code }))
    }

    fn login(&mut self) -> String {
        let answer = self.server.login("ada", PASSWORD).header("User-Agent", "Firefox/1").send();
        self.expect(&[("login", "success", None, ROW)]);
        let answer = answer.ok();
        let token = answer["access_token"].as_str().or(answer["mfa_token"].as_str());
        token.unwrap().to_owned()
    }

    fn enrol_app(&mut self, id: UserId) -> (Member, Vec<String>) {
        self.server
            .login("ada", "wrong")
            .header("User-Agent", "x")
            .send()
            .assert_problem(401, "invalid_credentials");
        self.expect(&[("login", "failure", None, LOG_ONLY)]);
        let token = self.login();
        let mut ada =
            Member::from_enrolment(id, &self.post("/api/mfa/totp/enroll/start", &token, &json!({})));
        let confirm = "/api/mfa/totp/enroll/verify";
        self.code(confirm, &token, &ada.wrong_code(self.server.now())).assert_problem(401, "invalid_code");
        let enrolled = self.code(confirm, &token, &ada.code(self.server.now()));
        self.expect(&[
            ("totp_enroll_start", "success", TOTP, ROW),
            ("totp_enroll", "failure", TOTP, ROW),
            ("totp_enroll", "success", TOTP, ROW),
        ]);
        ada.access = enrolled.field("access_token");
        self.server.advance(60);
        (ada, enrolled.texts("recovery_codes"))
    }

    fn verify_totp(&mut self, ada: &mut Member) {
        let token = self.login();
        let (now, path) = (self.server.now(), "/api/mfa/verify/totp");
        self.code(path, &token, &ada.wrong_code(now)).assert_problem(401, "invalid_code");
        ada.access = self.code(path, &token, &ada.code(now)).field("access_token");
        self.code(path, &token, &ada.code(now)).assert_problem(401, "token_spent");
        let token = self.login();
        self.code(path, &token, &ada.code(now)).assert_problem(401, "invalid_code");
        self.server.advance(60);
        self.code(path, &token, &ada.code(self.server.now())).ok();
        self.expected.pop();
        self.expect(&[
            ("totp_verify", "failure", TOTP, ROW),
            ("totp_verify", "success", TOTP, ROW),
            ("token_refused", "refused", TOTP, LOG_ONLY),
            ("login", "success", None, ROW),
            ("otp_replay", "failure", TOTP, ROW),
            ("totp_verify", "success", TOTP, ROW),
        ]);
    }

    fn enrol_and_use_phone(&mut self, ada: &Member) {
        let wrong = |code: &str| if code == "000000" { "000001" } else { "000000" };
        self.post("/api/mfa/phone/set", &ada.access, &json!({ "phone": NUMBER })).ok();
        let code = self.server.sms_code(NUMBER);
        self.code("/api/mfa/phone/verify", &ada.access, wrong(&code)).assert_problem(401, "invalid_code");
        self.code("/api/mfa/phone/verify", &ada.access, &code).ok();
        self.post("/api/mfa/backup/set", &ada.access, &json!({ "method": "sms" })).ok();
        self.expect(&[
            ("phone_set", "success", SMS, ROW),
            ("phone_verify", "failure", SMS, ROW),
            ("phone_verify", "success", SMS, ROW),
            ("backup_set", "success", SMS, ROW),
        ]);
        self.server.advance(60);
        let token = self.login();
        self.post("/api/mfa/sms/send", &token, &json!({})).ok();
        // A second send at once exceeds the limit.
        self.post("/api/mfa/sms/send", &token, &json!({})).assert_problem(429, "rate_limited");
        let code = self.server.sms_code(NUMBER);
        self.code("/api/mfa/verify/sms", &token, wrong(&code)).assert_problem(401, "invalid_code");
        self.code("/api/mfa/verify/sms", &token, &code).ok();
        self.expect(&[
            ("sms_send", "success", SMS, ROW),
            ("rate_limited", "refused", SMS, LOG_ONLY),
            ("sms_verify", "failure", SMS, ROW),
            ("sms_verify", "success", SMS, ROW),
        ]);
        self.post("/api/mfa/backup/set", &ada.access, &json!({ "method": "none" })).ok();
        let removed = self.server.client().request("DELETE", "/api/mfa/phone").bearer(&ada.access);
        removed.header("User-Agent", "x").send().ok();
        self.expect(&[("backup_set", "success", SMS, ROW), ("phone_remove", "success", SMS, ROW)]);
    }

    fn use_recovery_code(&mut self, ada: &mut Member, codes: &[String]) {
        let path = "/api/mfa/verify/recovery";
        let token = self.login();
        self.code(path, &token, "wrong").assert_problem(401, "invalid_code");
        ada.access = self.code(path, &token, &codes[0]).field("access_token");
        let token = self.login();
        self.code(path, &token, &codes[1]).assert_problem(429, "rate_limited");
        self.expected.pop();
        self.post("/api/mfa/recovery/regenerate", &ada.access, &json!({})).ok();
        self.expect(&[
            ("recovery_use", "failure", RECOVERY, ROW),
            ("recovery_use", "success", RECOVERY, ROW),
            ("login", "success", None, ROW),
            ("rate_limited", "refused", None, LOG_ONLY),
            ("recovery_regenerate", "success", RECOVERY, ROW),
        ]);
    }

    fn lock_and_unlock(&mut self, ada: &Member, root: &str) {
        let path = "/api/mfa/verify/totp";
        for _ in 0..10 {
            let token = self.login();
            self.code(path, &token, &ada.wrong_code(self.server.now())).assert_problem(401, "invalid_code");
            self.expect(&[("totp_verify", "failure", TOTP, ROW)]);
        }
        let token = self.login();
        self.expected.pop();
        self.code(path, &token, &ada.code(self.server.now())).assert_problem(403, "account_locked");
        self.post(&admin(ada.id, "/unlock"), root, &json!({ "reason": "called us" })).ok();
        self.expect(&[
            ("account_locked", "failure", TOTP, ROW),
            ("login", "success", None, ROW),
            ("locked_call", "refused", TOTP, LOG_ONLY),
            ("admin_unlock", "success", None, ROW),
        ]);
    }

    fn revoke_tokens(&mut self, ada: &Member) {
        self.server.advance(1);
        let token = self.server.token(ada.id, TokenKind::TwoFactors);
        self.post("/api/mfa/token/revoke", &token, &json!({})).ok();
        self.post("/api/mfa/token/revoke", &token, &json!({})).assert_problem(401, "token_revoked");
        self.post("/api/mfa/token/revoke", "garbage", &json!({})).assert_problem(401, "token_invalid");
        self.expect(&[
            ("token_revoked", "success", None, ROW),
            ("token_refused", "refused", None, LOG_ONLY),
            ("token_refused", "refused", None, LOG_ONLY),
        ]);
    }

    fn fail_to_decrypt(&mut self, ada: &Member) {
        let sql = |sql: &str| {
            self.server.installation.sql(&format!("UPDATE users SET {sql} WHERE id = {}", ada.id));
        };
        sql("full_name = totp_secret, totp_secret = 'broken'");
        let pending = self.server.pending(ada.id);
        let broken = self.code("/api/mfa/verify/totp", &pending, &ada.code(self.server.now()));
        assert_eq!(broken.status, 503, "{broken:?}");
        // Past the guard trigger, which lets no other program write a sealed value.
        sql("totp_secret = full_name, full_name = NULL, mfa_version = mfa_version + 1");
        // The next decision for the account records the foreign change.
        self.expect(&[
            ("foreign_change", "success", TOTP, ROW),
            ("crypt_decrypt_fail", "refused", TOTP, LOG_ONLY),
        ]);
    }

    fn administer(&mut self, ada: &Member, root: &str) {
        let get = |path: &str| {
            let call = self.server.client().get(path).bearer(root).header("User-Agent", "x");
            call.send().ok();
        };
        get("/api/mfa/admin/users");
        get(&admin(ada.id, ""));
        get("/api/mfa/admin/events?limit=1");
        get("/api/mfa/admin/stats");
        self.post(&admin(ada.id, "/enforce"), root, &json!({ "enforced": true, "reason": "x" })).ok();
        self.post(&admin(ada.id, "/enforce"), root, &json!({ "enforced": false, "reason": "x" })).ok();
        self.post(&admin(ada.id, "/recovery/regenerate"), root, &json!({ "reason": "x" })).ok();
        for role in ["helpdesk", "none"] {
            self.post(&admin(ada.id, "/role"), root, &json!({ "role": role, "reason": "x" })).ok();
        }
        let pass =
            self.post(&admin(ada.id, "/access-pass"), root, &json!({ "reason": "x" })).field("access_pass");
        // The limit of recovery codes counts passes too.
        self.server.advance(60);
        let pending = self.server.pending(ada.id);
        self.code("/api/mfa/verify/access-pass", &pending, &pass).ok();
        let token = self.server.token(ada.id, TokenKind::TwoFactors);
        self.post(&admin(ada.id, "/unlock"), &token, &json!({})).assert_problem(403, "not_allowed");
        self.expect(&[
            ("admin_list", "success", None, LOG_ONLY),
            ("admin_show", "success", None, LOG_ONLY),
            ("admin_events", "success", None, LOG_ONLY),
            ("admin_stats", "success", None, LOG_ONLY),
            ("admin_enforce", "success", None, ROW),
            ("admin_enforce", "success", None, ROW),
            ("admin_recovery_regenerate", "success", None, ROW),
            ("admin_role", "success", None, ROW),
            ("admin_role", "success", None, ROW),
            ("admin_access_pass", "success", None, ROW),
            ("access_pass_use", "success", None, ROW),
            ("admin_refused", "refused", None, LOG_ONLY),
        ]);
    }

    fn disable_totp(&mut self, ada: &Member, root: &str) {
        let token = self.server.token(ada.id, TokenKind::TwoFactors);
        self.server.advance(60);
        let path = "/api/mfa/totp/disable";
        self.code(path, &token, &ada.wrong_code(self.server.now())).assert_problem(401, "invalid_code");
        self.code(path, &token, &ada.code(self.server.now())).ok();
        self.post(&admin(ada.id, "/reset"), root, &json!({ "reason": "x" })).ok();
        self.expect(&[
            ("totp_disable", "failure", TOTP, ROW),
            ("totp_disable", "success", TOTP, ROW),
            ("admin_reset", "success", None, ROW),
        ]);
    }
}

fn admin(user: UserId, what: &str) -> String {
    format!("/api/mfa/admin/users/{user}{what}")
}

/// Security events of a log, without those of tokens and users created by the test.
fn logged_events(log: &str) -> Vec<Value> {
    let lines = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines
        .filter(|it| {
            it["event"].is_string()
                && !["admin_token", "admin_user_create"].iter().any(|own| it["event"] == *own)
        })
        .collect()
}

/// Event, outcome, factor, and whether it is also a row, as read from a log line.
type Summary = (String, String, Option<String>, &'static str);

fn summary(line: &Value) -> Summary {
    let text = |name: &str| line[name].as_str().map(str::to_owned);
    let stored = if line["mac"].is_string() { ROW } else { LOG_ONLY };
    (text("event").unwrap(), text("outcome").unwrap(), text("method"), stored)
}

/// Asserts that an event has its user, address, user agent, time and request id (G-03).
fn assert_complete(line: &Value, user: UserId) {
    for key in [
        "ts",
        "level",
        "msg",
        "event",
        "outcome",
        "user_id",
        "method",
        "ip",
        "user_agent",
        "request_id",
        "actor",
    ] {
        assert!(line.get(key).is_some(), "{key} in {line}");
    }
    if line["event"] == "foreign_change" {
        // SQL has no request. The user and the factor are known.
        assert_eq!((&line["user_id"], &line["method"]), (&json!(user.value()), &json!("totp")), "{line}");
        assert!(line["ip"].is_null() && line["request_id"].is_null() && line["actor"].is_null(), "{line}");
        return;
    }
    assert_eq!(line["ip"], "127.0.0.1", "{line}");
    assert_eq!(line["request_id"].as_str().map(str::len), Some(32), "{line}");
    let event = line["event"].as_str().unwrap();
    let anonymous = ["login", "token_refused", "admin_list", "admin_events", "admin_stats"];
    if anonymous.contains(&event) && line["user_id"].is_null() {
        return;
    }
    assert_eq!(line["user_id"], json!(user.value()), "{line}");
    let by_admin = event.starts_with("admin_") && event != "admin_refused";
    assert_eq!(line["actor"].is_string(), by_admin, "{line}");
    assert!(line["user_agent"].is_string(), "{line}");
}

#[test]
fn every_event_of_a_scripted_account_is_one_log_line_and_every_decision_a_row() {
    for server in TestServer::each_with(&[("MFA_RECOVERY_RATE_MAX", "2")]) {
        let root = server.add_user("root");
        server.installation.sql(&format!("UPDATE users SET is_superuser = TRUE WHERE id = {root}"));
        let root = server.enrol_user(root);
        let id = server.add_user_with_password("ada", PASSWORD);
        let mut script = Script { server: &server, expected: Vec::new() };
        let (mut ada, codes) = script.enrol_app(id);
        script.verify_totp(&mut ada);
        script.enrol_and_use_phone(&ada);
        script.use_recovery_code(&mut ada, &codes);
        let token = || server.token(root.id, TokenKind::TwoFactors);
        script.lock_and_unlock(&ada, &token());
        script.revoke_tokens(&ada);
        script.fail_to_decrypt(&ada);
        script.administer(&ada, &token());
        script.disable_totp(&ada, &token());

        let expected: Vec<_> = script.expected.clone();
        let rows = "SELECT count(*) FROM mfa_events WHERE event NOT IN ('admin_token', 'admin_user_create')";
        let rows = server.installation.number(rows);
        let remains = server.stop();
        let lines = logged_events(&remains.log());
        let summaries: Vec<_> = lines.iter().map(summary).collect();
        let expected: Vec<_> = expected
            .iter()
            .map(|(event, outcome, method, stored)| {
                ((*event).to_owned(), (*outcome).to_owned(), method.map(str::to_owned), *stored)
            })
            .collect();
        // Stored events are logged after the response, so stored and unstored events are each compared in order.
        for kept in [ROW, LOG_ONLY] {
            let of = |all: &[Summary]| all.iter().filter(|it| it.3 == kept).cloned().collect::<Vec<_>>();
            let (logged, expected) = (of(&summaries), of(&expected));
            for (index, (logged, expected)) in logged.iter().zip(&expected).enumerate() {
                assert_eq!(logged, expected, "{}: {kept} number {index}", remains.name);
            }
            assert_eq!(logged.len(), expected.len(), "{}: {kept}", remains.name);
        }
        for line in &lines {
            assert_complete(line, id);
        }
        let stored = summaries.iter().filter(|(.., stored)| *stored == ROW).count();
        assert_eq!(i64::try_from(stored).unwrap(), rows, "{}: a row for each", remains.name);
        let mut numbers: BTreeMap<i64, Vec<u64>> = BTreeMap::new();
        for line in lines.iter().filter(|it| it["seq"].is_u64()) {
            numbers.entry(line["user_id"].as_i64().unwrap()).or_default().push(line["seq"].as_u64().unwrap());
        }
        assert!(numbers.values().all(|it| it.windows(2).all(|two| two[0] < two[1])), "{}", remains.name);
    }
}
