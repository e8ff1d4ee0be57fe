//! Tests of the bounds of the write queue and of the errors beyond them.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures::future::join_all;
use mfa_core::{Phase, StoreErrorKind, UserId};
use mfa_infra::database::{CommitterLimits, DatabaseOptions};
use nova_mfa_tests::TestStore;

/// Blocks the store's only committer in a decision until the sender is dropped.
fn hold(store: &TestStore, user: UserId) -> Sender<()> {
    let (release, released): (Sender<()>, Receiver<()>) = channel();
    let (entered, inside) = channel::<()>();
    let released = Mutex::new(released);
    let accounts = store.accounts();
    store.runtime.spawn(async move {
        let holding = accounts.update(user, Phase::Begin, move |_| {
            let _ = entered.send(());
            let _ = released.lock().unwrap_or_else(PoisonError::into_inner).recv();
        });
        drop(holding.await);
    });
    inside.recv().expect("the committer reaches the blocking decision");
    release
}

fn options(limits: CommitterLimits) -> DatabaseOptions {
    DatabaseOptions::default().with_committers(1).with_limits(limits)
}

#[test]
fn eight_decisions_can_wait_for_one_account_and_the_ninth_is_rejected_at_once() {
    let store = TestStore::sqlite();
    let (ada, bob) = (store.add_user("ada"), store.add_user("bob"));
    let release = hold(&store, bob);
    let accounts = store.accounts();
    store.runtime.block_on(async {
        let mut nine =
            Box::pin(join_all((0..9).map(|_| accounts.update(ada, Phase::Begin, |it| it.failures += 1))));
        assert!(futures::poll!(&mut nine).is_pending());
        drop(release);
        let kinds: Vec<_> = nine.await.into_iter().map(|it| it.map_err(|error| error.kind())).collect();
        assert_eq!(kinds[..8], [Ok(Some(())); 8]);
        assert_eq!(kinds[8], Err(StoreErrorKind::Overloaded));
    });
    assert_eq!(store.number("SELECT mfa_failed_attempts FROM users WHERE username = 'ada'"), 8);
}

#[test]
fn a_full_queue_rejects_before_any_work() {
    let store = TestStore::sqlite_with(&options(CommitterLimits::default().with_waiting(4)));
    let users: Vec<_> = (0..5).map(|n| store.add_user(&format!("user{n}"))).collect();
    assert!(!store.database.is_full());
    let release = hold(&store, users[0]);
    let accounts = store.accounts();
    store.runtime.block_on(async {
        let mut all = Box::pin(join_all(
            users.iter().map(|user| accounts.update(*user, Phase::Begin, |it| it.failures += 1)),
        ));
        assert!(futures::poll!(&mut all).is_pending());
        assert!(store.database.is_full());
        drop(release);
        let refused = all.await.iter().filter(|it| it.is_err()).count();
        assert_eq!(refused, 1);
    });
    assert!(!store.database.is_full());
}

#[test]
fn a_decision_that_waited_too_long_is_dropped_without_running() {
    let patience = Duration::from_millis(1);
    let store = TestStore::sqlite_with(&options(CommitterLimits::default().with_patience(patience)));
    let (ada, bob) = (store.add_user("ada"), store.add_user("bob"));
    let accounts = store.accounts();
    store.runtime.block_on(async {
        // The blocking decision may start late; retry until it has.
        let release = loop {
            let (release, released): (Sender<()>, Receiver<()>) = channel();
            let (entered, inside) = channel::<()>();
            let released = Mutex::new(released);
            let accounts = store.accounts();
            store.runtime.spawn(async move {
                let holding = accounts.update(bob, Phase::Begin, move |_| {
                    let _ = entered.send(());
                    let _ = released.lock().unwrap_or_else(PoisonError::into_inner).recv();
                });
                drop(holding.await);
            });
            if inside.recv().is_ok() {
                break release;
            }
        };
        let mut late = Box::pin(accounts.update(ada, Phase::Begin, |it| it.failures += 1));
        assert!(futures::poll!(&mut late).is_pending());
        tokio::time::sleep(Duration::from_millis(20)).await;
        drop(release);
        assert_eq!(late.await.unwrap_err().kind(), StoreErrorKind::Overloaded);
    });
    assert_eq!(store.number("SELECT mfa_failed_attempts FROM users WHERE username = 'ada'"), 0);
}

#[test]
fn a_stop_answers_waiting_decisions_and_rejects_new_ones() {
    for store in TestStore::each() {
        let users: Vec<_> = (0..20).map(|n| store.add_user(&format!("user{n}"))).collect();
        let accounts = store.accounts();
        store.runtime.block_on(async {
            let mut all = Box::pin(join_all(
                users.iter().map(|user| accounts.update(*user, Phase::Begin, |it| it.failures += 1)),
            ));
            assert!(futures::poll!(&mut all).is_pending());
            store.database.stop(Duration::from_secs(5));
            for answer in all.await {
                assert!(matches!(answer, Ok(Some(()))), "{}: {answer:?}", store.name);
            }
            let late = accounts.update(users[0], Phase::Begin, |it| it.failures += 1).await;
            assert_eq!(late.unwrap_err().kind(), StoreErrorKind::Overloaded, "{}", store.name);
        });
        assert_eq!(store.number("SELECT sum(mfa_failed_attempts) FROM users"), 20, "{}", store.name);
    }
}
