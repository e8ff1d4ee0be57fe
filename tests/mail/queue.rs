//! Tests of the queue in both databases: same commit as the event, lease, and other versions.

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use mfa_core::{Account, EventKind, Origin, Outcome, Phase, PreferredLanguage, SecurityEvent, UserId};
use mfa_infra::database::{Database, DatabaseOptions, Notifications};
use mfa_mail::Notice;
use nova_mfa_tests::{NOON, TestStore};

fn stores() -> [TestStore; 2] {
    let notifications = Notifications { fallback: PreferredLanguage::French };
    let options = DatabaseOptions::default().with_notifications(notifications);
    [TestStore::sqlite_with(&options), TestStore::postgres_with(&options)]
}

fn record(kind: EventKind, origin: Origin) -> impl FnMut(&mut Account) + Clone + Send + 'static {
    move |account| {
        account.failures = account.failures.wrapping_add(1);
        account.record(SecurityEvent::new(kind, Outcome::Success, NOON, origin.clone()));
    }
}

async fn change(database: Arc<dyn Database>, user: UserId, kind: EventKind) {
    use mfa_core::Accounts;
    let accounts: Arc<dyn Accounts> = database;
    let changed = accounts.update(user, Phase::Begin, record(kind, Origin::default())).await;
    assert_eq!(changed.unwrap(), Some(()));
}

#[test]
fn every_event_that_is_told_has_its_mail_in_the_same_commit_and_no_other_has_one() {
    for store in stores() {
        let users: Vec<_> = (0..8).map(|n| store.add_user(&format!("user{n}"))).collect();
        let kinds = [EventKind::BackupSet, EventKind::TotpVerify, EventKind::RecoveryUse, EventKind::Login];
        // One change of each user at a time: more would exceed what may wait for one account.
        for round in 0..10 {
            let changes = users.iter().map(|user| change(store.database.clone(), *user, kinds[round % 4]));
            store.runtime.block_on(join_all(changes));
        }
        let name = store.name;
        let told = "event IN ('backup_set', 'recovery_use')";
        let events = format!("SELECT count(*) FROM mfa_events WHERE {told}");
        let matching = format!(
            "SELECT count(*) FROM mfa_events AS e JOIN mfa_mail_outbox AS o ON o.user_id = e.user_id AND o.seq = e.seq \
             WHERE {told} AND o.event_id = {} AND o.notice = CASE e.event WHEN 'backup_set' THEN 'backup_changed' \
             ELSE 'recovery_used' END",
            if name == "SQLite" { "e.event_id" } else { "encode(e.event_id, 'hex')" }
        );
        let counts = (
            store.number(&events),
            store.number(&matching),
            store.number("SELECT count(*) FROM mfa_mail_outbox"),
        );
        assert_eq!(counts, (40, 40, 40), "{name}");
    }
}

#[test]
fn the_language_is_that_of_the_request_and_for_an_administrator_that_of_the_setting() {
    for store in stores() {
        let user = store.add_user("ada");
        let english = Origin::default().with_language(PreferredLanguage::English);
        let accounts = store.accounts();
        let run = |decide| store.runtime.block_on(accounts.update(user, Phase::Begin, decide)).unwrap();
        assert_eq!(run(record(EventKind::BackupSet, english.clone())), Some(()));
        let own = store.runtime.block_on(store.database.next_mail(NOON)).unwrap().unwrap();
        assert_eq!(
            (own.queued.language, own.queued.notice),
            (PreferredLanguage::English, Notice::BackupChanged)
        );
        assert_eq!(own.queued.address, "ada@example.com");
        store.runtime.block_on(store.database.remove_mail(own.queued.event_id)).unwrap();
        let act = SecurityEvent::new(EventKind::AdminReset, Outcome::Success, NOON, english)
            .with_actor("ops", None);
        let reset = move |account: &mut Account| account.record(act.clone());
        assert_eq!(store.runtime.block_on(accounts.update(user, Phase::Begin, reset)).unwrap(), Some(()));
        let act = store.runtime.block_on(store.database.next_mail(NOON)).unwrap().unwrap();
        assert_eq!((act.queued.language, act.queued.notice), (PreferredLanguage::French, Notice::AdminReset));
    }
}

#[test]
fn one_holder_at_a_time_has_the_lease_until_it_ends() {
    for store in stores() {
        let other = store.reopen();
        let minute = NOON.plus(Duration::from_mins(1));
        let lease = |database: &Arc<dyn Database>, holder: &str, now, until| {
            store.runtime.block_on(database.lease_mail(holder.to_owned(), now, until)).unwrap()
        };
        let name = store.name;
        assert!(lease(&store.database, "one", NOON, minute), "{name}");
        assert!(!lease(&other, "two", NOON, minute), "{name}");
        assert!(lease(&store.database, "one", NOON, minute), "extended: {name}");
        let expired = minute.plus(Duration::from_millis(1));
        assert!(lease(&other, "two", expired, expired.plus(Duration::from_mins(1))), "expired: {name}");
        assert!(!lease(&store.database, "one", expired, expired.plus(Duration::from_mins(1))), "{name}");
        store.runtime.block_on(store.database.release_mail("one".to_owned())).unwrap();
        assert!(
            !lease(&store.database, "one", expired, expired.plus(Duration::from_mins(1))),
            "not its own: {name}"
        );
        store.runtime.block_on(other.release_mail("two".to_owned())).unwrap();
        assert!(
            lease(&store.database, "one", expired, expired.plus(Duration::from_mins(1))),
            "released: {name}"
        );
        other.stop(Duration::from_secs(5));
    }
}

#[test]
fn of_many_that_ask_at_once_one_gets_the_lease() {
    for store in stores() {
        let asked = (0..20).map(|n| {
            store.database.lease_mail(format!("holder {n}"), NOON, NOON.plus(Duration::from_mins(1)))
        });
        let asked = store.runtime.block_on(join_all(asked));
        let granted = asked.into_iter().filter(|it| *it.as_ref().unwrap()).count();
        assert_eq!(granted, 1, "{}", store.name);
    }
}

#[test]
fn a_notice_of_a_later_version_waits_for_a_server_that_knows_it() {
    for store in stores() {
        let user = store.add_user("ada");
        store.runtime.block_on(change(store.database.clone(), user, EventKind::BackupSet));
        store.sql("UPDATE mfa_mail_outbox SET notice = 'of_a_later_version'");
        let next = store.runtime.block_on(store.database.next_mail(NOON)).unwrap();
        let state = store.runtime.block_on(store.database.queue_state()).unwrap();
        assert_eq!((next, state.queued, state.next_try), (None, 0, None), "{}", store.name);
        assert_eq!(store.number("SELECT count(*) FROM mfa_mail_outbox"), 1, "{}", store.name);
    }
}
