//! Tests of the limits on what one user or administrator changes: rate limits, and the queue of recovery code sets.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use mfa_core::UserId;
use mfa_flows::TokenKind;
use nova_mfa_tests::{Answer, Member, TestServer, redis_url};
use serde_json::json;

use crate::redis::own_prefix;

const REGENERATE: &str = "/api/mfa/recovery/regenerate";
const START: &str = "/api/mfa/totp/enroll/start";
const BACKUP: &str = "/api/mfa/backup/set";

/// Starts servers with these settings: each database with limits in memory, and SQLite with limits in Redis.
fn each_with(settings: &[(&str, &str)]) -> Vec<TestServer> {
    let (url, prefix) = (redis_url(), own_prefix());
    let shared = [("REDIS_URL", url.as_str()), ("REDIS_PREFIX", prefix.as_str())];
    let [in_redis, _] = TestServer::each_with(&[settings, &shared].concat());
    TestServer::each_with(settings).into_iter().chain([in_redis]).collect()
}

fn fresh(server: &TestServer, user: UserId) -> String {
    server.token(user, TokenKind::TwoFactors)
}

/// Asserts that the limit has its headers and ends exactly after the seconds in `Retry-After`.
#[track_caller]
fn assert_limited(server: &TestServer, wait: u64, policy: &str, again: impl Fn() -> Answer) {
    let limited = again();
    assert_eq!(limited.assert_problem(429, "rate_limited").retry_after(), wait, "{}", server.name());
    let (name, _) = policy.split_once(';').unwrap();
    assert_eq!(limited.header("ratelimit-policy"), Some(policy), "{}", server.name());
    assert_eq!(limited.header("ratelimit"), Some(format!("{name};r=0;t={wait}").as_str()));
    server.advance(wait - 1);
    assert_eq!(again().assert_problem(429, "rate_limited").retry_after(), 1, "{}", server.name());
    server.advance(1);
    assert_eq!(again().status, 200, "{}", server.name());
}

/// Returns the number of stored events of this kind.
fn stored(server: &TestServer, user: UserId, event: &str) -> i64 {
    server
        .installation
        .number(&format!("SELECT count(*) FROM mfa_events WHERE user_id = {user} AND event = '{event}'"))
}

#[test]
fn a_user_gets_five_new_sets_of_codes_an_hour() {
    for server in each_with(&[("MFA_REGENERATE_PER_HOUR", "5")]) {
        let (ada, bob) = (server.enrol("ada"), server.enrol("bob"));
        for _ in 0..5 {
            server.post(REGENERATE, &fresh(&server, ada.id)).ok();
        }
        assert_limited(&server, 720, r#""regenerate-user";q=5;w=3600"#, || {
            server.post(REGENERATE, &fresh(&server, ada.id))
        });
        assert_eq!(stored(&server, ada.id, "recovery_regenerate"), 6, "{}", server.name());
        assert!(server.log_contains(r#""event":"rate_limited""#));
        server.post(REGENERATE, &fresh(&server, bob.id)).ok();
    }
}

#[test]
fn a_user_starts_ten_enrolments_a_minute() {
    for server in each_with(&[]) {
        let (ada, bob) = (server.add_user("ada"), server.add_user("bob"));
        let start = |user| server.post(START, &server.token(user, TokenKind::OneFactor));
        for _ in 0..10 {
            start(ada).ok();
        }
        assert_limited(&server, 6, r#""enrol-user";q=10;w=60"#, || start(ada));
        assert_eq!(stored(&server, ada, "totp_enroll_start"), 11, "{}", server.name());
        start(bob).ok();
    }
}

#[test]
fn a_user_changes_the_backup_method_ten_times_a_minute() {
    for server in each_with(&[]) {
        let (ada, bob) = (server.enrol("ada"), server.enrol("bob"));
        let set = |user| {
            let call = server.client().post(BACKUP).bearer(&fresh(&server, user));
            call.json(&json!({ "method": "none" })).send()
        };
        for _ in 0..10 {
            set(ada.id).ok();
        }
        assert_limited(&server, 6, r#""backup-user";q=10;w=60"#, || set(ada.id));
        assert_eq!(stored(&server, ada.id, "backup_set"), 11, "{}", server.name());
        set(bob.id).ok();
    }
}

#[test]
fn an_administrator_makes_sixty_changes_a_minute_and_reads_without_limit() {
    for server in each_with(&[]) {
        let [root, other] = ["root", "other"].map(|name| {
            let id = server.add_user(name);
            server.installation.sql(&format!("UPDATE users SET is_superuser = TRUE WHERE id = {id}"));
            server.enrol_user(id)
        });
        let ada = server.add_user("ada");
        let path = format!("/api/mfa/admin/users/{ada}/unlock");
        let unlock = |admin: &Member| server.post(&path, &fresh(&server, admin.id));
        for _ in 0..60 {
            unlock(&root).ok();
        }
        unlock(&root).assert_problem(429, "rate_limited");
        server.get("/api/mfa/admin/users", &fresh(&server, root.id)).ok();
        unlock(&other).ok();
        assert_limited(&server, 1, r#""change-admin";q=60;w=60"#, || unlock(&root));
    }
}

#[test]
fn calls_that_the_account_denies_take_nothing_from_its_limits() {
    for server in TestServer::each_with(&[("MFA_REGENERATE_PER_HOUR", "1")]) {
        let ada = server.enrol("ada");
        let stolen = fresh(&server, ada.id);
        server.advance(601);
        let set = |token: &str| {
            server.client().post(BACKUP).bearer(token).json(&json!({ "method": "none" })).send()
        };
        for _ in 0..20 {
            server.post(REGENERATE, &stolen).assert_problem(401, "step_up_required");
            server.post(START, &stolen).assert_problem(401, "step_up_required");
            set(&stolen).assert_problem(401, "step_up_required");
        }
        server.post(REGENERATE, &fresh(&server, ada.id)).ok();
        server.post(START, &fresh(&server, ada.id)).ok();
        set(&fresh(&server, ada.id)).ok();
    }
}

#[test]
fn a_new_app_counts_as_a_renewal_and_its_enrolment_survives_the_limit() {
    for server in TestServer::each_with(&[("MFA_REGENERATE_PER_HOUR", "1")]) {
        let ada = server.enrol("ada");
        server.post(REGENERATE, &fresh(&server, ada.id)).ok();
        let token = fresh(&server, ada.id);
        let replaced = Member::from_enrolment(ada.id, &server.post(START, &token));
        let confirm = |token: &str| {
            server.send_code("/api/mfa/totp/enroll/verify", token, &replaced.code(server.now()))
        };
        confirm(&token).assert_problem(429, "rate_limited");
        // The old app works on, and the new one can be confirmed later.
        server.verify(&server.pending(ada.id), &ada.code(server.now())).ok();
        server.advance(600);
        server.post(REGENERATE, &fresh(&server, ada.id)).assert_problem(429, "rate_limited");
        server.advance(3_000);
        let token = fresh(&server, ada.id);
        let replaced = Member::from_enrolment(ada.id, &server.post(START, &token));
        server.send_code("/api/mfa/totp/enroll/verify", &token, &replaced.code(server.now())).ok();
    }
}

#[test]
fn codes_for_a_number_without_a_pending_code_are_not_stored() {
    for server in TestServer::each() {
        let ada = server.add_user("ada");
        let token = server.token(ada, TokenKind::OneFactor);
        let number = json!({ "phone": "+33612345612" });
        server.client().post("/api/mfa/phone/set").bearer(&token).json(&number).send().ok();
        let right = server.sms_code("+33612345612");
        let wrong = if right == "000000" { "000001" } else { "000000" };
        for _ in 0..30 {
            server.send_code("/api/mfa/phone/verify", &token, wrong).assert_problem(401, "invalid_code");
        }
        server.send_code("/api/mfa/phone/verify", &token, &right).assert_problem(401, "invalid_code");
        assert_eq!(stored(&server, ada, "phone_verify"), 5, "{}", server.name());
        assert!(server.log_contains(r#""event":"phone_verify","outcome":"refused""#), "{}", server.name());
    }
}

#[test]
fn a_first_enrolment_is_not_counted_as_a_renewal() {
    for server in TestServer::each_with(&[("MFA_REGENERATE_PER_HOUR", "1")]) {
        let (ada, _) = server.enrol_with_codes("ada");
        server.post(REGENERATE, &fresh(&server, ada.id)).ok();
        server.post(REGENERATE, &fresh(&server, ada.id)).assert_problem(429, "rate_limited");
    }
}

#[test]
fn users_who_renew_their_codes_in_a_loop_keep_nobody_from_enrolling() {
    for server in TestServer::each() {
        let loopers: Vec<_> = (0..8).map(|n| server.enrol(&format!("looper{n}"))).collect();
        let newcomers: Vec<_> = (0..4)
            .map(|n| {
                let id = server.add_user(&format!("newcomer{n}"));
                let token = server.token(id, TokenKind::OneFactor);
                (Member::from_enrolment(id, &server.post(START, &token)), token)
            })
            .collect();
        let (enrolled, renewed, rejected) = (AtomicBool::new(false), AtomicU32::new(0), AtomicU32::new(0));
        std::thread::scope(|scope| {
            for looper in &loopers {
                scope.spawn(|| {
                    while !enrolled.load(Ordering::SeqCst) {
                        let answer = server.post(REGENERATE, &fresh(&server, looper.id));
                        if answer.status == 200 {
                            renewed.fetch_add(1, Ordering::SeqCst);
                        } else {
                            let answer = answer.assert_problem(503, "overloaded");
                            assert_eq!(answer.retry_after(), 1);
                            rejected.fetch_add(1, Ordering::SeqCst);
                        }
                    }
                });
            }
            // Until renewals fill their part of the queue.
            while renewed.load(Ordering::SeqCst) == 0 || rejected.load(Ordering::SeqCst) == 0 {
                std::thread::yield_now();
            }
            let enrolments: Vec<_> = newcomers
                .iter()
                .map(|(member, token)| {
                    let (server, code) = (&server, member.code(server.now()));
                    scope.spawn(move || {
                        server.send_code("/api/mfa/totp/enroll/verify", token, &code).outcome()
                    })
                })
                .collect();
            let outcomes: Vec<_> = enrolments.into_iter().map(|it| it.join().unwrap()).collect();
            enrolled.store(true, Ordering::SeqCst);
            assert_eq!(outcomes, ["ok"; 4], "{}", server.name());
        });
    }
}
