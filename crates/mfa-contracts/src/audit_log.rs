//! Contract of [`AuditLog`].

use std::sync::Arc;
use std::time::Duration;

use mfa_core::{
    Accounts, AuditLog, AuditQuery, EventKind, EventToken, FactorKind, Origin, Outcome, Phase, SecurityEvent,
    StoredEvent, Timestamp, TokenId, UserEventsQuery, UserId, Users,
};

use crate::Subject;
use crate::guard::Guard;
use crate::new_user::{NOON, add_user};

/// Empty audit log, and the stores of the accounts and users whose events it reads.
#[derive(Debug)]
pub struct AuditLogFixture {
    log: Arc<dyn AuditLog>,
    accounts: Arc<dyn Accounts>,
    users: Arc<dyn Users>,
    guard: Guard,
}

impl AuditLogFixture {
    /// Creates a fixture. Events are stored by decisions of `accounts`.
    pub fn new(log: Arc<dyn AuditLog>, accounts: Arc<dyn Accounts>, users: Arc<dyn Users>) -> Self {
        Self { log, accounts, users, guard: Guard::default() }
    }
}

suite! { $ AuditLog, audit_log, AuditLogFixture, audit_log_tests:
    every_field_of_an_event_reads_back,
    a_users_events_are_paginated_newest_first_without_those_of_others,
    events_of_all_users_are_paginated_by_id_and_filtered_by_user_and_kind,
    events_are_filtered_by_outcome_address_and_period_in_pages_without_a_gap,
    issued_tokens_of_a_user_are_listed_newest_first_without_old_and_revoked_ones,
}

const EVERYTHING: AuditQuery = AuditQuery::newest(100);

/// Both lists return every field of an event as it was recorded, with the number 1 for a user's first event.
pub fn every_field_of_an_event_reads_back(it: &Subject<AuditLogFixture>) {
    let ada = it.add("ada");
    let at = Timestamp::from_millis(1_800_000_000_123);
    let recorded = it.fixture().accounts.update(ada, Phase::Begin, move |account| {
        let event = SecurityEvent { at, ..event(EventKind::TotpVerify) };
        account.record(event.with_method(FactorKind::Totp).with_actor("os:grace", Some("asked by letter")));
    });
    it.run(recorded).unwrap().unwrap();
    let own = it.own(ada, None, 10);
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
    assert_eq!(own, std::slice::from_ref(&expected));
    assert_eq!(it.all(EVERYTHING), (vec![expected], None));
}

/// The events of one user are numbered from 1 and listed newest first, before a given number.
pub fn a_users_events_are_paginated_newest_first_without_those_of_others(it: &Subject<AuditLogFixture>) {
    let (ada, bob) = (it.add("ada"), it.add("bob"));
    for _ in 0..3 {
        it.record(ada, &[EventKind::Login, EventKind::TotpVerify]);
        it.record(bob, &[EventKind::Login]);
    }
    assert_eq!(numbers(&it.own(ada, None, 100)), [6, 5, 4, 3, 2, 1]);
    assert_eq!(numbers(&it.own(ada, None, 4)), [6, 5, 4, 3]);
    assert_eq!(numbers(&it.own(ada, Some(3), 4)), [2, 1]);
    assert_eq!(numbers(&it.own(ada, Some(1), 4)), [0_u64; 0]);
    assert_eq!(numbers(&it.own(ada, Some(u64::MAX), 1)), [6]);
    assert!(it.own(ada, None, 100).iter().all(|it| it.user == ada));
    assert!(it.own(UserId::new(4711), None, 100).is_empty());
}

/// The events of all users are listed by falling ID. The pages of a query join without a gap, whatever it filters.
pub fn events_of_all_users_are_paginated_by_id_and_filtered_by_user_and_kind(it: &Subject<AuditLogFixture>) {
    let (ada, bob) = (it.add("ada"), it.add("bob"));
    it.record(ada, &[EventKind::Login, EventKind::TotpVerify, EventKind::AccountLocked]);
    it.record(bob, &[EventKind::Login, EventKind::TotpVerify]);
    let (all, next) = it.all(EVERYTHING);
    assert_eq!((all.len(), next), (5, None));
    assert!(all.windows(2).all(|it| it[0].id > it[1].id), "newest first");

    let (first, next) = it.all(AuditQuery { limit: 2, ..EVERYTHING });
    assert_eq!((&first[..], next), (&all[..2], Some(all[1].id)));
    let (rest, next) = it.all(AuditQuery { limit: 3, before: next, ..EVERYTHING });
    assert_eq!((&rest[..], next), (&all[2..], None));

    let of_ada = AuditQuery { user: Some(ada), ..EVERYTHING };
    let (found, _) = it.all(of_ada);
    assert_eq!(numbers(&found), [3, 2, 1]);
    assert!(found.windows(2).all(|it| it[0].id > it[1].id), "ids rise with numbers");
    let (page, next) = it.all(AuditQuery { limit: 2, ..of_ada });
    assert_eq!(numbers(&page), [3, 2]);
    assert_eq!(numbers(&it.all(AuditQuery { before: next, ..of_ada }).0), [1]);

    let logins = AuditQuery { kind: Some(EventKind::Login), ..EVERYTHING };
    let (found, next) = it.all(logins);
    assert_eq!((found.len(), next), (2, None));
    assert!(found.iter().all(|it| it.event == "login"));
    let of_both = AuditQuery { user: Some(bob), ..logins };
    assert_eq!(it.all(of_both).0.len(), 1);
    let none = AuditQuery { kind: Some(EventKind::AdminErase), ..EVERYTHING };
    assert_eq!(it.all(none), (Vec::new(), None));
}

/// Outcome, client address and period are filters too. The period begins with `from` and ends before `to`.
pub fn events_are_filtered_by_outcome_address_and_period_in_pages_without_a_gap(
    it: &Subject<AuditLogFixture>,
) {
    let ada = it.add("ada");
    let hours = |hours: u64| NOON.plus(Duration::from_hours(hours));
    let address = |last: u64| format!("192.0.2.{last}").parse().unwrap();
    let recorded = it.fixture().accounts.update(ada, Phase::Begin, move |account| {
        for hour in 0..6 {
            let origin = Origin::new(Some(address(hour % 2)), None, None);
            let outcome = if hour < 2 { Outcome::Failure } else { Outcome::Success };
            account.record(SecurityEvent::new(EventKind::TotpVerify, outcome, hours(hour), origin));
        }
    });
    it.run(recorded).unwrap().unwrap();
    let found = |query| numbers(&it.all(query).0);
    assert_eq!(found(AuditQuery { outcome: Some(Outcome::Failure), ..EVERYTHING }), [2, 1]);
    assert_eq!(found(AuditQuery { outcome: Some(Outcome::Refused), ..EVERYTHING }), [0_u64; 0]);
    let odd = AuditQuery { ip: Some(address(1)), ..EVERYTHING };
    assert_eq!(found(odd), [6, 4, 2]);
    let (page, next) = it.all(AuditQuery { limit: 2, ..odd });
    assert_eq!(numbers(&page), [6, 4]);
    assert_eq!(found(AuditQuery { before: next, ..odd }), [2]);
    let period = AuditQuery { from: Some(hours(1)), to: Some(hours(4)), ..EVERYTHING };
    assert_eq!(found(period), [4, 3, 2]);
    assert_eq!(found(AuditQuery { user: Some(ada), ..period }), [4, 3, 2]);
    assert_eq!(found(AuditQuery { to: None, ..period }), [6, 5, 4, 3, 2]);
    assert_eq!(found(AuditQuery { from: None, ip: Some(address(1)), ..period }), [4, 2]);
    assert_eq!(found(AuditQuery { from: Some(hours(48)), to: None, ..EVERYTHING }), [0_u64; 0]);
    assert_eq!(found(AuditQuery { from: None, to: Some(NOON), ..EVERYTHING }), [0_u64; 0]);
}

/// The events that issued a token to a user since a time are listed with it, newest first, however many others follow.
pub fn issued_tokens_of_a_user_are_listed_newest_first_without_old_and_revoked_ones(
    it: &Subject<AuditLogFixture>,
) {
    let (ada, bob) = (it.add("ada"), it.add("bob"));
    let token = |n: u8, session| EventToken { id: TokenId::from_bytes([n; 16]), session };
    let issue = |user, kind, seconds: u64, token: EventToken| {
        let event = SecurityEvent { at: NOON.plus(Duration::from_secs(seconds)), ..event(kind) };
        it.store(user, vec![event.with_token(token)]);
    };
    issue(ada, EventKind::TotpVerify, 0, token(1, Some(1)));
    issue(ada, EventKind::PasskeyVerify, 10, token(2, Some(2)));
    issue(bob, EventKind::TotpVerify, 20, token(3, Some(1)));
    issue(ada, EventKind::TokenRevoked, 30, token(2, Some(2)));
    issue(ada, EventKind::AdminToken, 40, token(4, None));
    // Stored after a later event.
    issue(ada, EventKind::SmsVerify, 15, token(5, Some(2)));
    it.record(ada, &[EventKind::Login; 40]);
    let issued = |user, seconds| {
        let listed = it.fixture().log.list_issued_tokens(user, NOON.plus(Duration::from_secs(seconds)));
        let listed = it.run(listed).unwrap();
        assert!(listed.iter().all(|it| it.event.user == user));
        listed.into_iter().map(|it| (it.event.event, it.token)).collect::<Vec<_>>()
    };
    let expected = [
        ("sms_verify".to_owned(), token(5, Some(2))),
        ("admin_token".to_owned(), token(4, None)),
        ("passkey_verify".to_owned(), token(2, Some(2))),
    ];
    assert_eq!(issued(ada, 10), expected);
    assert_eq!(issued(ada, 0).len(), 4);
    assert_eq!(issued(ada, 41), []);
    assert_eq!(issued(bob, 0), [("totp_verify".to_owned(), token(3, Some(1)))]);
    // Everything before is older than any disorder of the times.
    issue(ada, EventKind::TotpVerify, 7_200, token(6, Some(2)));
    assert_eq!(issued(ada, 3_600), [("totp_verify".to_owned(), token(6, Some(2)))]);
    assert_eq!(issued(UserId::new(4711), 0), []);
}

impl Subject<AuditLogFixture> {
    fn add(&self, name: &str) -> UserId {
        self.run(add_user(self.fixture().users.as_ref(), name))
    }

    /// Stores events of these kinds in one decision.
    fn record(&self, user: UserId, kinds: &[EventKind]) {
        self.store(user, kinds.iter().map(|kind| event(*kind)).collect());
    }

    /// Stores these events in one decision.
    fn store(&self, user: UserId, events: Vec<SecurityEvent>) {
        let recorded = self.fixture().accounts.update(user, Phase::Begin, move |account| {
            for event in events.clone() {
                account.record(event);
            }
        });
        self.run(recorded).unwrap().unwrap();
    }

    fn own(&self, user: UserId, before: Option<u64>, limit: u32) -> Vec<StoredEvent> {
        self.run(self.fixture().log.list_for_user(user, UserEventsQuery { before, limit })).unwrap()
    }

    fn all(&self, query: AuditQuery) -> (Vec<StoredEvent>, Option<i64>) {
        let page = self.run(self.fixture().log.list_all(query)).unwrap();
        (page.events, page.next)
    }
}

fn event(kind: EventKind) -> SecurityEvent {
    let origin = Origin::new("2001:db8::7".parse().ok(), Some("agent 🦀"), Some("r-1"));
    SecurityEvent::new(kind, Outcome::Failure, NOON, origin)
}

fn numbers(events: &[StoredEvent]) -> Vec<u64> {
    events.iter().map(|it| it.seq).collect()
}
