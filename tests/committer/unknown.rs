//! Tests of a connection lost after the write was sent: the outcome is looked up before anything is repeated.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mfa_core::{
    Account, Accounts, EventKind, Origin, Outcome, Phase, SecretText, SecurityEvent, StoreErrorKind,
    Timestamp,
};
use mfa_infra::crypto::{AuditKeys, OsEntropy};
use mfa_infra::database::{
    CommitterLimits, Database, DatabaseDependencies, DatabaseLocation, DatabaseOptions, FailoverListener,
};
use mfa_infra::metrics::StoreMetrics;
use nova_mfa_tests::{NOON, TestStore, test_keys};

const WHOLE: u8 = 0;
/// The next data sent to the server arrives, but its response is lost.
const CUT_AFTER: u8 = 1;
/// The next data sent to the server is lost.
const CUT_BEFORE: u8 = 2;
/// No data passes and no connection is accepted.
const GONE: u8 = 3;

/// TCP proxy to the database that can cut the connection at a given moment.
#[derive(Clone)]
struct Line {
    port: u16,
    state: Arc<AtomicU8>,
}

impl Line {
    fn to(port: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let line = Self { port: listener.local_addr().unwrap().port(), state: Arc::default() };
        let state = Arc::clone(&line.state);
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let client = client.unwrap();
                if state.load(Ordering::SeqCst) == GONE {
                    continue;
                }
                let server = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
                let swallows = Arc::new(AtomicU8::new(0));
                for (from, to, is_client) in [
                    (client.try_clone().unwrap(), server.try_clone().unwrap(), true),
                    (server, client, false),
                ] {
                    let (state, swallows) = (Arc::clone(&state), Arc::clone(&swallows));
                    std::thread::spawn(move || forward(from, to, is_client, &state, &swallows));
                }
            }
        });
        line
    }

    /// Cuts at the next data, once.
    fn cut(&self, how: u8) {
        self.state.store(how, Ordering::SeqCst);
    }
}

fn forward(mut from: TcpStream, mut to: TcpStream, is_client: bool, state: &AtomicU8, swallows: &AtomicU8) {
    let mut buffer = vec![0; 65536];
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        let now = state.load(Ordering::SeqCst);
        let takes = |from| state.compare_exchange(from, WHOLE, Ordering::SeqCst, Ordering::SeqCst).is_ok();
        if now == GONE || (is_client && now == CUT_BEFORE && takes(CUT_BEFORE)) {
            break;
        }
        if is_client && now == CUT_AFTER && takes(CUT_AFTER) {
            swallows.store(1, Ordering::SeqCst);
        }
        if !is_client && swallows.load(Ordering::SeqCst) == 1 {
            break;
        }
        if to.write_all(&buffer[..length]).is_err() {
            break;
        }
    }
    drop(to.shutdown(Shutdown::Both));
    drop(from.shutdown(Shutdown::Both));
}

/// Opens the database of a store through a proxy.
fn open_through(store: &TestStore, options: &DatabaseOptions, query: &str) -> (Arc<dyn Database>, Line) {
    let DatabaseLocation::Postgres(url) = &store.location else { panic!("this test is for PostgreSQL") };
    let mut url = url::Url::parse(url.expose()).unwrap();
    let line = Line::to(url.port().unwrap_or(5432));
    url.set_host(Some("127.0.0.1")).unwrap();
    url.set_port(Some(line.port)).unwrap();
    url.set_query((!query.is_empty()).then_some(query));
    let around = DatabaseDependencies {
        audit: Arc::new(AuditKeys::new(&test_keys())),
        entropy: Arc::new(OsEntropy),
        log: store.log.clone(),
        runtime: store.runtime.handle().clone(),
        metrics: StoreMetrics::default(),
    };
    let database = DatabaseLocation::Postgres(SecretText::new(url.into())).open(options, around).unwrap();
    (database, line)
}

fn one_committer() -> DatabaseOptions {
    DatabaseOptions::default().with_committers(1)
}

fn event() -> SecurityEvent {
    SecurityEvent::new(EventKind::TotpVerify, Outcome::Failure, NOON, Origin::default())
}

/// Returns a decision that counts a failure and cuts the connection in its first run, and the number of its runs.
fn count_and_cut(
    line: &Line,
    how: u8,
    records: bool,
) -> (impl FnMut(&mut Account) -> u32 + Send + 'static, Arc<AtomicU32>) {
    let runs = Arc::new(AtomicU32::new(0));
    let (line, counted) = (line.clone(), Arc::clone(&runs));
    let decide = move |account: &mut Account| {
        let run = counted.fetch_add(1, Ordering::SeqCst) + 1;
        if run == 1 {
            line.cut(how);
        }
        account.failures += 1;
        if records {
            account.record(event());
        }
        run
    };
    (decide, runs)
}

/// Prepares the statements, so that the next data sent is the write itself.
fn warm_up(store: &TestStore, accounts: &Arc<dyn Database>, user: mfa_core::UserId) {
    let accounts: Arc<dyn Accounts> = accounts.clone();
    for records in [true, false] {
        let counted = accounts.update(user, Phase::Begin, move |account| {
            account.failures += 1;
            if records {
                account.record(event());
            }
        });
        store.runtime.block_on(counted).unwrap().unwrap();
    }
}

#[test]
fn a_write_stored_before_the_connection_was_lost_is_found_and_not_repeated() {
    let store = TestStore::postgres();
    let ada = store.add_user("ada");
    let (database, line) = open_through(&store, &one_committer(), "");
    let accounts: Arc<dyn Accounts> = database.clone();
    for (records, failures, events) in [(true, 3, 2), (false, 6, 3)] {
        warm_up(&store, &database, ada);
        let (decide, runs) = count_and_cut(&line, CUT_AFTER, records);
        let answer = store.runtime.block_on(accounts.update(ada, Phase::Begin, decide));
        assert_eq!(answer.unwrap(), Some(1), "the verdict of the only run; with an event: {records}");
        assert_eq!(runs.load(Ordering::SeqCst), 1);
        assert_eq!(store.number("SELECT mfa_failed_attempts FROM users"), failures);
        assert_eq!(store.number("SELECT count(*) FROM mfa_events"), events);
    }
    assert_eq!(store.log.recorded().len(), 3, "each stored event is reported once");
    database.stop(Duration::from_secs(5));
}

#[test]
fn a_write_that_never_arrived_is_decided_again_and_stored_once() {
    let store = TestStore::postgres();
    let ada = store.add_user("ada");
    let (database, line) = open_through(&store, &one_committer(), "");
    let accounts: Arc<dyn Accounts> = database.clone();
    for (records, failures) in [(true, 3), (false, 6)] {
        warm_up(&store, &database, ada);
        let (decide, runs) = count_and_cut(&line, CUT_BEFORE, records);
        let answer = store.runtime.block_on(accounts.update(ada, Phase::Begin, decide));
        assert_eq!(answer.unwrap(), Some(2), "the verdict of the second run; with an event: {records}");
        assert_eq!(runs.load(Ordering::SeqCst), 2);
        assert_eq!(store.number("SELECT mfa_failed_attempts FROM users"), failures);
    }
    assert_eq!(store.number("SELECT count(*) FROM mfa_events"), 3);
    database.stop(Duration::from_secs(5));
}

#[test]
fn an_outcome_that_cannot_be_determined_in_time_is_reported_as_unknown() {
    let store = TestStore::postgres();
    let ada = store.add_user("ada");
    let limits = CommitterLimits::default()
        .with_patience(Duration::from_millis(200))
        .with_answer_within(Duration::from_secs(2));
    let (database, line) = open_through(&store, &one_committer().with_limits(limits), "");
    warm_up(&store, &database, ada);
    let accounts: Arc<dyn Accounts> = database.clone();
    let (decide, _) = count_and_cut(&line, GONE, true);
    let error = store.runtime.block_on(accounts.update(ada, Phase::Begin, decide)).unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Unknown, "{error}");
    line.cut(WHOLE);
    let after = store.runtime.block_on(async {
        // The lookup may still be running.
        for _ in 0..100 {
            match accounts.update(ada, Phase::Begin, |account| account.failures).await {
                Ok(found) => return found,
                Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        }
        None
    });
    assert!(matches!(after, Some(2 | 3)), "requests succeed again: {after:?}");
    database.stop(Duration::from_secs(5));
}

#[test]
fn an_unresponsive_committer_is_replaced_after_its_deadline() {
    for name in ["SQLite", "PostgreSQL"] {
        let limits = CommitterLimits::default()
            .with_patience(Duration::from_millis(300))
            .with_answer_within(Duration::from_millis(400));
        let options = one_committer().with_limits(limits);
        let store = if name == "SQLite" {
            TestStore::sqlite_with(&options)
        } else {
            TestStore::postgres_with(&options)
        };
        let (ada, bob) = (store.add_user("ada"), store.add_user("bob"));
        let accounts = store.accounts();
        let (wake, asleep) = std::sync::mpsc::channel::<()>();
        let asleep = Mutex::new(asleep);
        let silent = accounts.update(ada, Phase::Begin, move |account| {
            // Changes nothing: on SQLite it holds the lock of the whole file.
            let _ = asleep.lock().unwrap().recv_timeout(Duration::from_secs(20));
            account.failures
        });
        let error = store.runtime.block_on(silent).unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Unknown, "{name}");
        if name == "SQLite" {
            // It holds the lock of the whole file: its successor works as soon as the lock is released.
            wake.send(()).unwrap();
        }
        let served = store.runtime.block_on(async {
            for _ in 0..20 {
                if let Ok(found) = accounts.update(bob, Phase::Begin, |account| account.failures += 1).await {
                    return found;
                }
            }
            None
        });
        assert!(served.is_some(), "{name}: the others are served by its successor");
        drop(wake);
        assert_eq!(store.number("SELECT mfa_failed_attempts FROM users WHERE username = 'bob'"), 1, "{name}");
    }
}

#[derive(Debug, Default)]
struct Alarm(Mutex<Vec<Timestamp>>);

impl FailoverListener for Alarm {
    fn now(&self) -> Timestamp {
        NOON
    }

    fn steps_lost(&self, at: Timestamp) {
        self.0.lock().unwrap().push(at);
    }
}

/// Precedes the system function on the search path of this test's sessions: promoting a real standby would take too long.
fn fake_timeline(store: &TestStore) {
    store.sql(
        "CREATE TABLE history (timeline TEXT); INSERT INTO history VALUES ('00000001'); \
         CREATE FUNCTION public.pg_walfile_name(pg_lsn) RETURNS TEXT LANGUAGE sql AS \
         'SELECT timeline || ''0000000000000001'' FROM public.history'",
    );
}

#[test]
fn a_failover_counts_even_if_it_cannot_be_stored() {
    let store = TestStore::postgres();
    let ada = store.add_user("ada");
    fake_timeline(&store);
    let alarm = Arc::new(Alarm::default());
    let options = one_committer().with_failover_listener(alarm.clone());
    let (database, line) = open_through(&store, &options, "options=-c%20search_path%3Dpublic,pg_catalog");
    let accounts: Arc<dyn Accounts> = database.clone();
    store.runtime.block_on(accounts.update(ada, Phase::Begin, |account| account.failures)).unwrap().unwrap();
    store.sql(
        "UPDATE history SET timeline = '00000002'; \
         CREATE FUNCTION refuse() RETURNS TRIGGER LANGUAGE plpgsql AS \
         'BEGIN RAISE EXCEPTION ''no writes here''; END'; \
         CREATE TRIGGER refuse BEFORE UPDATE OR INSERT ON mfa_meta FOR EACH ROW EXECUTE FUNCTION refuse()",
    );
    let (decide, _) = count_and_cut(&line, CUT_BEFORE, true);
    store.runtime.block_on(accounts.update(ada, Phase::Begin, decide)).unwrap().unwrap();
    assert_eq!(store.number("SELECT count(*) FROM mfa_meta WHERE name = 'timeline' AND value = '1 0'"), 1);
    let heard = alarm.0.lock().unwrap().clone();
    assert!(!heard.is_empty() && heard.iter().all(|at| *at == NOON), "{heard:?}");
    assert_eq!(store.number("SELECT mfa_failed_attempts FROM users WHERE username = 'ada'"), 1);
    database.stop(Duration::from_secs(5));
}

#[test]
fn a_new_timeline_is_detected_on_the_next_connection() {
    let store = TestStore::postgres();
    let ada = store.add_user("ada");
    fake_timeline(&store);
    let alarm = Arc::new(Alarm::default());
    let options = one_committer().with_failover_listener(alarm.clone());
    let (database, line) = open_through(&store, &options, "options=-c%20search_path%3Dpublic,pg_catalog");
    let accounts: Arc<dyn Accounts> = database.clone();
    let count = || {
        let counted = accounts.update(ada, Phase::Begin, |account| {
            account.failures += 1;
            account.record(event());
        });
        store.runtime.block_on(counted).unwrap().unwrap();
    };
    count();
    assert!(alarm.0.lock().unwrap().is_empty(), "the first timeline is not a change");
    assert_eq!(store.number("SELECT count(*) FROM mfa_meta WHERE name = 'timeline' AND value = '1 0'"), 1);

    store.sql("UPDATE history SET timeline = '00000002'");
    let (decide, _) = count_and_cut(&line, CUT_BEFORE, true);
    store.runtime.block_on(accounts.update(ada, Phase::Begin, decide)).unwrap().unwrap();
    assert_eq!(
        alarm.0.lock().unwrap().first(),
        Some(&NOON),
        "reported before the new server decides anything"
    );
    // Another process that starts within the minute detects it too.
    let beside = Arc::new(Alarm::default());
    let options = one_committer().with_failover_listener(beside.clone());
    let (second, _line) = open_through(&store, &options, "options=-c%20search_path%3Dpublic,pg_catalog");
    let accounts: Arc<dyn Accounts> = second.clone();
    store.runtime.block_on(accounts.update(ada, Phase::Begin, |account| account.failures)).unwrap().unwrap();
    assert_eq!(*beside.0.lock().unwrap(), [NOON]);
    database.stop(Duration::from_secs(5));
    second.stop(Duration::from_secs(5));
}
