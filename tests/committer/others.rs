//! Tests of concurrent writes to the same rows by operators, NOVA and a second server.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use diesel::connection::SimpleConnection as _;
use futures::future::join_all;
use mfa_core::{EventKind, Origin, Outcome, Phase, SecurityEvent, StoreErrorKind};
use nova_mfa_tests::{NOON, TestStore};

#[test]
fn a_row_that_changed_between_read_and_write_is_decided_again_on_its_new_value() {
    let store = TestStore::postgres();
    let ada = store.add_user("ada");
    let connection = Mutex::new(store.postgres_connection());
    let runs = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&runs);
    let enforced = store.runtime.block_on(store.accounts().update(ada, Phase::Begin, move |account| {
        if count.fetch_add(1, Ordering::SeqCst) == 0 {
            // A write by NOVA between the read and the write.
            let mut connection = connection.lock().unwrap();
            connection.batch_execute("UPDATE users SET mfa_enforced = TRUE, full_name = 'Countess'").unwrap();
        }
        account.failures += 1;
        account.record(SecurityEvent::new(EventKind::TotpVerify, Outcome::Failure, NOON, Origin::default()));
        account.mfa_enforced
    }));
    assert_eq!(enforced.unwrap(), Some(true), "the second run saw the change of the other writer");
    assert_eq!(runs.load(Ordering::SeqCst), 2);
    assert_eq!(store.number("SELECT mfa_failed_attempts FROM users"), 1);
    assert_eq!(store.number("SELECT count(*) FROM mfa_events"), 1, "the run that lost recorded no event");
}

#[test]
fn a_locked_row_is_waited_for_and_delays_no_other_account() {
    let store = TestStore::postgres();
    let users: Vec<_> = (0..32).map(|n| store.add_user(&format!("user{n}"))).collect();
    let accounts = store.accounts();
    let mut holder = store.postgres_connection();
    let held = users[7];
    holder.batch_execute(&format!("BEGIN; UPDATE users SET full_name = 'held' WHERE id = {held}")).unwrap();
    store.runtime.block_on(async {
        let delayed = tokio::spawn({
            let accounts = Arc::clone(&accounts);
            async move { accounts.update(held, Phase::Begin, |it| it.failures += 1).await }
        });
        let others = users.iter().filter(|user| **user != held);
        let all = join_all(others.map(|user| accounts.update(*user, Phase::Begin, |it| it.failures += 1)));
        for answer in tokio::time::timeout(Duration::from_millis(900), all).await.expect("nobody waits") {
            answer.unwrap().unwrap();
        }
        assert!(!delayed.is_finished(), "its row is held");
        holder.batch_execute("COMMIT").unwrap();
        delayed.await.unwrap().unwrap().unwrap();
    });
    assert_eq!(store.number("SELECT sum(mfa_failed_attempts) FROM users"), 32);
}

#[test]
fn a_row_locked_for_too_long_is_rejected_and_nothing_is_stored() {
    let store = TestStore::postgres();
    let ada = store.add_user("ada");
    let mut holder = store.postgres_connection();
    holder.batch_execute("BEGIN; SELECT * FROM users FOR UPDATE").unwrap();
    let refused = store.runtime.block_on(store.accounts().update(ada, Phase::Begin, |it| it.failures += 1));
    assert_eq!(refused.unwrap_err().kind(), StoreErrorKind::Unavailable);
    holder.batch_execute("ROLLBACK").unwrap();
    assert_eq!(store.number("SELECT mfa_failed_attempts FROM users"), 0);
    let after = store.runtime.block_on(store.accounts().update(ada, Phase::Begin, |it| it.failures += 1));
    assert!(after.unwrap().is_some(), "requests of the account succeed again");
}

#[test]
fn two_servers_on_one_database_lose_no_decision() {
    for store in TestStore::each() {
        let ada = store.add_user("ada");
        let second = store.reopen();
        let servers = [store.accounts(), second.clone()];
        let count = |server: usize| {
            let accounts = Arc::clone(&servers[server % 2]);
            async move {
                loop {
                    let counted = accounts.update(ada, Phase::Begin, |account| {
                        account.failures += 1;
                        account.record(SecurityEvent::new(
                            EventKind::TotpVerify,
                            Outcome::Failure,
                            NOON,
                            Origin::default(),
                        ));
                    });
                    match counted.await {
                        Ok(found) => break found.unwrap(),
                        Err(error) if error.kind() == StoreErrorKind::Overloaded => {
                            tokio::task::yield_now().await;
                        }
                        Err(error) => panic!("{}: {error:?}", store.name),
                    }
                }
            }
        };
        store.runtime.block_on(join_all((0..100).map(count)));
        let name = store.name;
        assert_eq!(store.number("SELECT mfa_failed_attempts FROM users"), 100, "{name}");
        assert_eq!(store.number("SELECT count(*) FROM mfa_events"), 100, "{name}");
        assert_eq!(store.number("SELECT max(seq) FROM mfa_events"), 100, "{name}: one chain");
        second.stop(Duration::from_secs(5));
    }
}

#[test]
fn stored_events_are_logged_with_their_chain_position() {
    for store in TestStore::each() {
        let ada = store.add_user("ada");
        let record = |outcome| {
            move |account: &mut mfa_core::Account| {
                account.record(SecurityEvent::new(EventKind::TotpVerify, outcome, NOON, Origin::default()));
            }
        };
        let accounts = store.accounts();
        store.runtime.block_on(accounts.update(ada, Phase::Begin, record(Outcome::Failure))).unwrap();
        store.runtime.block_on(accounts.update(ada, Phase::Begin, record(Outcome::Success))).unwrap();
        store.database.stop(Duration::from_secs(5));
        let logged: Vec<_> = store
            .log
            .recorded()
            .into_iter()
            .map(|it| (it.event.outcome, it.chain.map(|(seq, _)| seq)))
            .collect();
        assert_eq!(logged, [(Outcome::Failure, Some(1)), (Outcome::Success, Some(2))], "{}", store.name);
    }
}
