//! Contract of `AuditLog`.

use std::sync::Arc;

use mfa_core::testing::MemoryAccounts;
use mfa_core::{
    Accounts, AuditLog, AuditQuery, EventKind, FactorKind, Origin, Outcome, Phase, SecurityEvent,
    StoredEvent, Timestamp, UserEventsQuery, UserId, Users,
};
use nova_mfa_tests::{NOON, TestStore, add_user};
use tokio::runtime::Runtime;

/// Adapter with its users.
struct Stage {
    name: &'static str,
    accounts: Arc<dyn Accounts>,
    trail: Arc<dyn AuditLog>,
    users: Arc<dyn Users>,
    runtime: Runtime,
}

fn on_every_adapter(suite: impl Fn(&Stage)) {
    let memory = Arc::new(MemoryAccounts::default());
    suite(&Stage {
        name: "memory",
        accounts: memory.clone(),
        trail: memory.clone(),
        users: memory,
        runtime: Runtime::new().unwrap(),
    });
    for store in TestStore::each() {
        suite(&Stage {
            name: store.name,
            accounts: store.database.clone(),
            trail: store.database.clone(),
            users: store.database.clone(),
            runtime: Runtime::new().unwrap(),
        });
    }
}

impl Stage {
    fn add(&self, name: &str) -> UserId {
        self.runtime.block_on(add_user(self.users.as_ref(), name))
    }

    /// Stores events of these kinds in one decision.
    fn record(&self, user: UserId, kinds: &[EventKind]) {
        let events: Vec<_> = kinds.iter().map(|kind| event(*kind)).collect();
        let recorded = self.accounts.update(user, Phase::Begin, move |account| {
            for event in events.clone() {
                account.record(event);
            }
        });
        self.runtime.block_on(recorded).unwrap().unwrap();
    }

    fn own(&self, user: UserId, before: Option<u64>, limit: u32) -> Vec<StoredEvent> {
        self.runtime.block_on(self.trail.list_for_user(user, UserEventsQuery { before, limit })).unwrap()
    }

    fn all(&self, query: AuditQuery) -> (Vec<StoredEvent>, Option<i64>) {
        let page = self.runtime.block_on(self.trail.list_all(query)).unwrap();
        (page.events, page.next)
    }
}

const EVERYTHING: AuditQuery = AuditQuery { user: None, kind: None, before: None, limit: 100 };

fn event(kind: EventKind) -> SecurityEvent {
    let origin = Origin::new("2001:db8::7".parse().ok(), Some("agent 🦀"), Some("r-1"));
    SecurityEvent::new(kind, Outcome::Failure, NOON, origin)
}

fn numbers(events: &[StoredEvent]) -> Vec<u64> {
    events.iter().map(|it| it.seq).collect()
}

#[test]
fn every_field_of_an_event_reads_back() {
    on_every_adapter(|stage| {
        let ada = stage.add("ada");
        let at = Timestamp::from_millis(1_800_000_000_123);
        let recorded = stage.accounts.update(ada, Phase::Begin, move |account| {
            let event = SecurityEvent { at, ..event(EventKind::TotpVerify) };
            account
                .record(event.with_method(FactorKind::Totp).with_actor("os:grace", Some("asked by letter")));
        });
        stage.runtime.block_on(recorded).unwrap().unwrap();
        let own = stage.own(ada, None, 10);
        let text = |text: &str| Some(text.to_owned());
        let expected = StoredEvent {
            id: own[0].id,
            user: ada,
            seq: 1,
            at,
            event: "totp_verify".into(),
            method: text("totp"),
            outcome: "failure".into(),
            ip: text("2001:db8::7"),
            user_agent: text("agent 🦀"),
            request_id: text("r-1"),
            actor: text("os:grace"),
            reason: text("asked by letter"),
        };
        assert_eq!(own, std::slice::from_ref(&expected), "{}", stage.name);
        assert_eq!(stage.all(EVERYTHING), (vec![expected], None), "{}", stage.name);
    });
}

#[test]
fn a_users_events_are_paginated_newest_first_without_those_of_others() {
    on_every_adapter(|stage| {
        let (ada, bob) = (stage.add("ada"), stage.add("bob"));
        for _ in 0..3 {
            stage.record(ada, &[EventKind::Login, EventKind::TotpVerify]);
            stage.record(bob, &[EventKind::Login]);
        }
        assert_eq!(numbers(&stage.own(ada, None, 100)), [6, 5, 4, 3, 2, 1], "{}", stage.name);
        assert_eq!(numbers(&stage.own(ada, None, 4)), [6, 5, 4, 3]);
        assert_eq!(numbers(&stage.own(ada, Some(3), 4)), [2, 1]);
        assert_eq!(numbers(&stage.own(ada, Some(1), 4)), [0_u64; 0]);
        assert_eq!(numbers(&stage.own(ada, Some(u64::MAX), 1)), [6]);
        assert!(stage.own(ada, None, 100).iter().all(|it| it.user == ada), "{}", stage.name);
        assert!(stage.own(UserId::new(4711), None, 100).is_empty(), "{}", stage.name);
    });
}

#[test]
fn events_of_all_users_are_paginated_by_id_and_filtered_by_user_and_kind() {
    on_every_adapter(|stage| {
        let (ada, bob) = (stage.add("ada"), stage.add("bob"));
        stage.record(ada, &[EventKind::Login, EventKind::TotpVerify, EventKind::AccountLocked]);
        stage.record(bob, &[EventKind::Login, EventKind::TotpVerify]);
        let (all, next) = stage.all(EVERYTHING);
        assert_eq!((all.len(), next), (5, None), "{}", stage.name);
        assert!(all.windows(2).all(|it| it[0].id > it[1].id), "{}: newest first", stage.name);

        let (first, next) = stage.all(AuditQuery { limit: 2, ..EVERYTHING });
        assert_eq!((&first[..], next), (&all[..2], Some(all[1].id)), "{}", stage.name);
        let (rest, next) = stage.all(AuditQuery { limit: 3, before: next, ..EVERYTHING });
        assert_eq!((&rest[..], next), (&all[2..], None), "{}", stage.name);

        let of_ada = AuditQuery { user: Some(ada), ..EVERYTHING };
        let (found, _) = stage.all(of_ada);
        assert_eq!(numbers(&found), [3, 2, 1], "{}", stage.name);
        assert!(found.windows(2).all(|it| it[0].id > it[1].id), "{}: ids rise with numbers", stage.name);
        let (page, next) = stage.all(AuditQuery { limit: 2, ..of_ada });
        assert_eq!(numbers(&page), [3, 2]);
        assert_eq!(numbers(&stage.all(AuditQuery { before: next, ..of_ada }).0), [1], "{}", stage.name);

        let logins = AuditQuery { kind: Some(EventKind::Login), ..EVERYTHING };
        let (found, next) = stage.all(logins);
        assert_eq!((found.len(), next), (2, None), "{}", stage.name);
        assert!(found.iter().all(|it| it.event == "login"), "{}", stage.name);
        let of_both = AuditQuery { user: Some(bob), ..logins };
        assert_eq!(stage.all(of_both).0.len(), 1, "{}", stage.name);
        let none = AuditQuery { kind: Some(EventKind::AdminErase), ..EVERYTHING };
        assert_eq!(stage.all(none), (Vec::new(), None), "{}", stage.name);
    });
}

/// A search for a rare kind reads a limited number of rows and returns where to continue.
#[test]
fn a_search_for_a_rare_kind_stops_at_the_scan_limit_and_can_be_continued() {
    for store in TestStore::each() {
        let ada = store.add_user("ada");
        let runtime = Runtime::new().unwrap();
        let accounts = store.accounts();
        let recorded =
            accounts.update(ada, Phase::Begin, |account| account.record(event(EventKind::AdminReset)));
        runtime.block_on(recorded).unwrap().unwrap();
        let many = AuditQuery::SCAN_LIMIT + 10;
        let insert = "INSERT INTO mfa_events (event_id, user_id, seq, at, event, outcome, personal_digest, mac_key, \
                      mac)";
        match store.name {
            "SQLite" => store.sql(&format!(
                "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {many}) \
                 {insert} SELECT '', 1000000, n, 0, 'login', 'success', '', '', '' FROM n"
            )),
            _ => store.sql(&format!(
                "{insert} SELECT '', 1000000, n, now(), 'login', 'success', '', '', '' \
                 FROM generate_series(1, {many}) AS n"
            )),
        }
        let search = |before| {
            let resets = AuditQuery { kind: Some(EventKind::AdminReset), before, ..EVERYTHING };
            runtime.block_on(store.database.list_all(resets)).unwrap()
        };
        let first = search(None);
        assert!(first.events.is_empty() && first.next.is_some(), "{}: {first:?}", store.name);
        let second = search(first.next);
        assert_eq!((second.events.len(), second.next), (1, None), "{}", store.name);
    }
}
