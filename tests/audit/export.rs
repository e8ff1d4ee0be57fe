//! Tests of the content and the order of an audit export.

use std::time::Duration;

use mfa_core::{EventKind, Outcome, SecurityEvent, Timestamp, UserId};
use mfa_infra::audit::{ExportCursor, ExportedEvent};
use nova_mfa_tests::{NOON, TestStore};

use super::{auditor, change, event, user_with};

const EARLIER: Timestamp = Timestamp::from_seconds(1_700_000_000);

/// Returns all pages of an export at this time.
fn all(store: &TestStore, since: Timestamp, now: Timestamp) -> Vec<ExportedEvent> {
    let (mut events, mut place) = (Vec::new(), Some(ExportCursor::from(since)));
    while let Some(after) = place {
        let page = auditor(store).export(after, now).unwrap();
        place = page.next;
        events.extend(page.events);
    }
    events
}

fn record_at(store: &TestStore, user: UserId, at: Timestamp) {
    change(store, user, move |account| {
        account.record(SecurityEvent { at, ..event(EventKind::Login, Outcome::Success) });
    });
}

#[test]
fn an_event_is_exported_when_it_is_ten_seconds_old() {
    for store in TestStore::each() {
        user_with(&store, "ada", 2);
        let at = |millis| all(&store, EARLIER, NOON.plus(Duration::from_millis(millis))).len();
        assert_eq!([at(0), at(10_000), at(10_001)], [0, 0, 2], "{}", store.name);
    }
}

#[test]
fn events_are_ordered_by_time_then_id_over_any_number_of_pages() {
    for store in TestStore::each() {
        let (ada, bob) = (store.add_user("ada"), store.add_user("bob"));
        record_at(&store, ada, NOON.plus(Duration::from_secs(1)));
        for _ in 0..11 {
            change(&store, bob, |account| {
                for _ in 0..100 {
                    account.record(event(EventKind::Login, Outcome::Success));
                }
            });
        }
        record_at(&store, bob, EARLIER);
        let later = NOON.plus(Duration::from_mins(1));
        let out = all(&store, EARLIER, later);
        assert_eq!(out.len(), 1_102, "{}", store.name);
        let place = |it: &ExportedEvent| (it.event.at, it.event.id);
        assert!(out.windows(2).all(|it| place(&it[0]) < place(&it[1])), "{}", store.name);
        assert_eq!((out[0].event.at, out[0].event.user), (EARLIER, bob), "{}", store.name);
        assert_eq!(out.last().map(|it| it.event.user), Some(ada), "{}", store.name);
        assert_eq!(all(&store, NOON, later).len(), 1_101, "{}: from that time on", store.name);
        assert_eq!(all(&store, NOON.plus(Duration::from_millis(1)), later).len(), 1, "{}", store.name);
    }
}
