//! Tests of the removal of old events, after which the remaining ones still verify.

use std::time::Duration;

use mfa_core::{EventKind, Outcome, SecurityEvent, Timestamp, UserId};
use mfa_infra::audit::ChainFlaw;
use nova_mfa_tests::{NOON, TestServer, TestStore};

use super::{auditor, bytes, change, event, flaws, user_with, verified, with_log};

fn days(count: u32) -> Duration {
    Duration::from_hours(24) * count
}

/// Stores an event that happened at this time.
fn record_at(store: &TestStore, user: UserId, at: Timestamp) {
    change(store, user, move |account| {
        let event = event(EventKind::Login, Outcome::Success);
        account.record(SecurityEvent { at, ..event });
    });
}

fn trim(store: &TestStore, before: Timestamp) -> u64 {
    let trimmed = auditor(store).trim(before).unwrap();
    assert_eq!(trimmed.findings, [], "{}", store.name);
    trimmed.events
}

fn numbers(store: &TestStore, user: UserId) -> (i64, i64) {
    let of = |what| {
        store.number(&format!("SELECT coalesce({what}(seq), 0) FROM mfa_events WHERE user_id = {user}"))
    };
    (of("min"), of("max"))
}

#[test]
fn old_events_are_removed_from_the_start_of_each_chain_and_the_rest_verifies() {
    for store in TestStore::each() {
        let (ada, bob) = (user_with(&store, "ada", 5), user_with(&store, "bob", 2));
        record_at(&store, ada, NOON.plus(days(300)));
        record_at(&store, ada, NOON.plus(days(400)));
        assert_eq!(trim(&store, NOON), 0, "{}: nothing is older than itself", store.name);
        assert_eq!(trim(&store, NOON.plus(days(35))), 7, "{}", store.name);
        assert_eq!((numbers(&store, ada), numbers(&store, bob)), ((6, 7), (0, 0)), "{}", store.name);
        // Also against a log with all events.
        assert!(with_log(&store).is_intact(), "{}: {:?}", store.name, with_log(&store));

        // A chain without events continues at its sequence number.
        record_at(&store, bob, NOON.plus(days(400)));
        assert_eq!(numbers(&store, bob), (3, 3), "{}", store.name);
        assert!(with_log(&store).is_intact(), "{}", store.name);
        assert_eq!(trim(&store, NOON.plus(days(35))), 0, "{}: once", store.name);
        assert_eq!(trim(&store, NOON.plus(days(399))), 1, "{}", store.name);
        assert!(with_log(&store).is_intact(), "{}", store.name);
    }
}

#[test]
fn a_recent_event_keeps_older_events_that_follow_it() {
    for store in TestStore::each() {
        let ada = user_with(&store, "ada", 2);
        record_at(&store, ada, NOON.plus(days(50)));
        record_at(&store, ada, NOON);
        assert_eq!(trim(&store, NOON.plus(days(1))), 2, "{}", store.name);
        assert_eq!(numbers(&store, ada), (3, 4), "{}", store.name);
        assert!(verified(&store).is_intact(), "{}", store.name);
        assert_eq!(trim(&store, NOON.plus(days(51))), 2, "{}", store.name);
        assert!(verified(&store).is_intact(), "{}", store.name);
    }
}

#[test]
fn more_than_one_batch_is_removed_at_once() {
    for store in TestStore::each() {
        let ada = store.add_user("ada");
        for _ in 0..12 {
            change(&store, ada, |account| {
                for _ in 0..100 {
                    account.record(event(EventKind::Login, Outcome::Success));
                }
            });
        }
        record_at(&store, ada, NOON.plus(days(9)));
        assert_eq!(trim(&store, NOON.plus(days(1))), 1_200, "{}", store.name);
        assert_eq!(numbers(&store, ada), (1_201, 1_201), "{}", store.name);
        assert!(verified(&store).is_intact(), "{}", store.name);
    }
}

#[test]
fn a_floor_covers_the_removed_events_and_nothing_else() {
    for store in TestStore::each() {
        let [ada, bob, cleo, dan] = ["ada", "bob", "cleo", "dan"].map(|name| {
            let user = user_with(&store, name, 3);
            record_at(&store, user, NOON.plus(days(50)));
            record_at(&store, user, NOON.plus(days(50)));
            user
        });
        store.sql("CREATE TABLE kept AS SELECT * FROM mfa_events");
        assert_eq!(trim(&store, NOON.plus(days(1))), 12, "{}", store.name);
        let columns = "event_id, user_id, seq, at, event, method, outcome, ip, user_agent, request_id, actor, reason, \
                       salt, personal_digest, mac_key, mac";
        store.sql(&format!(
            "DELETE FROM mfa_events WHERE user_id = {ada} AND seq = 4; \
             UPDATE mfa_event_floors SET seq = 4 WHERE user_id = {ada}; \
             DELETE FROM mfa_event_floors WHERE user_id = {bob}; \
             INSERT INTO mfa_events ({columns}) SELECT {columns} FROM kept WHERE user_id = {cleo} AND seq = 2; \
             DELETE FROM mfa_events WHERE user_id = {dan} AND seq = 4;"
        ));
        let expected = [
            (ada.value(), 4, ChainFlaw::FloorAltered),
            (bob.value(), 1, ChainFlaw::Removed),
            (cleo.value(), 2, ChainFlaw::BelowFloor),
            (dan.value(), 4, ChainFlaw::Removed),
        ];
        assert_eq!(flaws(&verified(&store)), expected, "{}", store.name);
    }
}

#[test]
fn a_flaw_in_an_event_is_reported_before_its_removal() {
    for store in TestStore::each() {
        let ada = user_with(&store, "ada", 3);
        let zeroes = bytes(&store, &"00".repeat(16));
        store.sql(&format!("UPDATE mfa_events SET event_id = {zeroes} WHERE seq = 2"));
        let trimmed = auditor(&store).trim(NOON.plus(days(1))).unwrap();
        assert_eq!((trimmed.events, trimmed.chains), (3, 1), "{}", store.name);
        let found: Vec<_> = trimmed.findings.iter().map(|it| (it.user, it.seq, it.flaw.clone())).collect();
        assert_eq!(found, [(ada, 2, ChainFlaw::Altered)], "{}", store.name);
    }
}

/// Uses the setting and the server's own clock (G-06).
#[test]
fn a_server_removes_events_older_than_the_configured_retention() {
    for server in TestServer::each_with(&[("MFA_AUDIT_DAYS", "30")]) {
        let ada = server.enrol("ada");
        server.verify(&server.pending(ada.id), &ada.code(server.now())).ok();
        let count = || server.installation.number("SELECT count(*) FROM mfa_events");
        let before = count();
        server.advance(29 * 86_400);
        assert_eq!((server.trim_audit(), count()), (0, before), "{}", server.name());
        server.advance(2 * 86_400);
        server.verify(&server.pending(ada.id), &ada.code(server.now())).ok();
        let removed = server.trim_audit();
        assert_eq!(i64::try_from(removed).unwrap(), before, "{}", server.name());
        assert!(server.log_contains("old events removed"), "{}", server.name());
        let verified = server.admin(&["audit", "verify"]);
        assert_eq!((verified.code, &verified.json["intact"]), (Some(0), &true.into()), "{verified:?}");
    }
}

/// Verifies while a server adds events and retention removes events that are not read yet.
#[test]
fn concurrent_growth_and_retention_are_never_reported_as_alterations() {
    for store in TestStore::each() {
        let (ada, bob) = (store.add_user("ada"), store.add_user("bob"));
        let at = |n: u64| NOON.plus(Duration::from_secs(n));
        std::thread::scope(|scope| {
            let writer = scope.spawn(|| {
                for n in 0..120 {
                    record_at(&store, if n % 3 == 0 { bob } else { ada }, at(n));
                    if n % 20 == 19 {
                        auditor(&store).trim(at(n.saturating_sub(10))).unwrap();
                    }
                }
            });
            let mut audits = 0;
            while !writer.is_finished() || audits < 3 {
                let report = verified(&store);
                assert!(report.is_intact(), "{}: {report:?}", store.name);
                audits += 1;
            }
            writer.join().unwrap();
        });
        assert!(with_log(&store).is_intact(), "{}", store.name);
    }
}

/// With a clock that is years ahead, all events would be old.
#[test]
fn nothing_is_removed_while_the_clock_is_not_trusted() {
    let server = TestServer::postgres_with(&[("MFA_MAX_CLOCK_SKEW", "5"), ("MFA_AUDIT_DAYS", "30")]);
    server.enrol("ada");
    server.advance(400 * 86_400);
    assert_eq!(server.trim_audit(), 0);
    assert!(server.installation.number("SELECT count(*) FROM mfa_events") > 0);
    let metrics = server.client().get("/metrics").send().text();
    assert!(metrics.contains("mfa_clock_trusted 0\n"), "{metrics}");
}
