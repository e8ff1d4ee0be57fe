//! Tests of the cost of a group: one read, one write and one commit, whatever its size.
//!
//! Diesel's instrumentation reports each statement that is sent to the database. Other tests run in the same process,
//! so only the threads marked by a decision of this test are observed.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, Once, PoisonError};

use diesel::connection::{InstrumentationEvent, set_default_instrumentation};
use futures::future::join_all;
use mfa_core::{Account, EventKind, Origin, Outcome, Phase, SecurityEvent, UserId};
use mfa_infra::database::{CommitterLimits, DatabaseOptions};
use nova_mfa_tests::{NOON, TestStore};

/// Statements by the mark of their thread.
static SENT: Mutex<BTreeMap<u32, Vec<String>>> = Mutex::new(BTreeMap::new());

thread_local! {
    static MARK: Cell<u32> = const { Cell::new(0) };
}

fn listen() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        set_default_instrumentation(|| {
            Some(Box::new(|event: InstrumentationEvent<'_>| {
                if let InstrumentationEvent::StartQuery { query, .. } = event
                    && MARK.get() != 0
                {
                    let mut sent = SENT.lock().unwrap_or_else(PoisonError::into_inner);
                    let query = query.to_string();
                    let text = query.split(" -- binds").next().unwrap_or_default().to_owned();
                    sent.entry(MARK.get()).or_default().push(text);
                }
            }))
        })
        .expect("instrumentation can be set");
    });
}

fn sent(mark: u32) -> Vec<String> {
    SENT.lock().unwrap_or_else(PoisonError::into_inner).remove(&mark).unwrap_or_default()
}

fn verified(account: &mut Account) {
    account.totp.last_step = Some(account.totp.last_step.unwrap_or(0) + 1);
    account.record(SecurityEvent::new(EventKind::TotpVerify, Outcome::Success, NOON, Origin::default()));
}

/// Blocks the store's only committer in a decision until the sender is dropped.
fn hold(store: &TestStore, user: UserId, mark: u32) -> (Sender<()>, tokio::task::JoinHandle<()>) {
    let (release, released): (Sender<()>, Receiver<()>) = channel();
    let (entered, inside) = channel::<()>();
    let released = Mutex::new(released);
    let accounts = store.accounts();
    let held = store.runtime.spawn(async move {
        let holding = accounts.update(user, Phase::Begin, move |_| {
            let _ = entered.send(());
            let _ = released.lock().unwrap_or_else(PoisonError::into_inner).recv();
            MARK.set(mark);
        });
        holding.await.expect("the blocking decision gets its result");
    });
    inside.recv().expect("the committer reaches the blocking decision");
    (release, held)
}

/// Returns the statements of one group of these users.
fn statements_of_one_group(store: &TestStore, users: &[UserId], mark: u32) -> Vec<String> {
    let (release, held) = hold(store, users[0], mark);
    let accounts = store.accounts();
    let users = users.to_vec();
    store.runtime.block_on(async move {
        let all = join_all(users.iter().map(|user| accounts.update(*user, Phase::Begin, verified)));
        // After one poll every decision is queued; only then can the committer continue.
        let mut all = Box::pin(all);
        assert!(futures::poll!(&mut all).is_pending());
        drop(release);
        for answer in all.await {
            answer.expect("stored").expect("an existing user");
        }
        held.await.expect("the holder ends");
    });
    sent(mark)
}

fn options() -> DatabaseOptions {
    let limits = CommitterLimits::default().with_group(64);
    DatabaseOptions::default().with_committers(1).with_limits(limits)
}

/// Returns the kinds of statements. The blocking decision's own COMMIT comes first if the database needs one.
fn kinds(statements: &[String]) -> Vec<&str> {
    statements
        .iter()
        .map(|statement| match statement.split_whitespace().next() {
            Some("SELECT") => "read",
            Some("INSERT" | "WITH") => "write",
            Some("BEGIN") => "begin",
            Some("COMMIT") => "commit",
            _ => "other",
        })
        .collect()
}

#[test]
fn on_postgresql_a_group_is_one_read_and_one_autocommitted_write() {
    listen();
    let store = TestStore::postgres_with(&options());
    let users: Vec<_> = (0..64).map(|n| store.add_user(&format!("user{n}"))).collect();
    // The first decision of an inserted row also looks for earlier events of its id.
    store.sql("UPDATE users SET mfa_internal = '{}', mfa_version = mfa_version + 1");
    let alone = statements_of_one_group(&store, &users[..1], 11);
    assert_eq!(kinds(&alone), ["read", "write"], "{alone:#?}");
    let together = statements_of_one_group(&store, &users, 12);
    assert_eq!(kinds(&together), ["read", "write"], "{together:#?}");
    assert_eq!(store.number("SELECT count(*) FROM mfa_events"), 65);
    assert_eq!(store.number("SELECT count(*) FROM users WHERE totp_last_step = 1"), 63);
}

#[test]
fn on_sqlite_a_group_is_one_read_one_write_and_one_commit() {
    listen();
    let store = TestStore::sqlite_with(&options());
    let users: Vec<_> = (0..64).map(|n| store.add_user(&format!("user{n}"))).collect();
    // The first decision of an inserted row also looks for earlier events of its id.
    store.sql("UPDATE users SET mfa_internal = '{}', mfa_version = mfa_version + 1");
    let alone = statements_of_one_group(&store, &users[..1], 21);
    assert_eq!(kinds(&alone), ["commit", "begin", "read", "write", "commit"], "{alone:#?}");
    let together = statements_of_one_group(&store, &users, 22);
    assert_eq!(kinds(&together), ["commit", "begin", "read", "write", "commit"], "{together:#?}");
    assert_eq!(store.number("SELECT count(*) FROM mfa_events"), 65);
    assert_eq!(store.number("SELECT count(*) FROM users WHERE totp_last_step = 1"), 63);
}
