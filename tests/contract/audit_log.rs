//! Contract of `AuditLog`, on every adapter, and the scan limit of the databases.

use std::sync::Arc;

use mfa_contracts::audit_log::AuditLogFixture;
use mfa_core::testing::MemoryAccounts;
use mfa_core::{AuditQuery, EventKind, Origin, Outcome, Phase, SecurityEvent};
use nova_mfa_tests::{NOON, TestStore};
use tokio::runtime::Runtime;

mod memory {
    mfa_contracts::audit_log_tests!(|_| super::in_memory());
}

mod sqlite {
    mfa_contracts::audit_log_tests!(|_| super::over(super::TestStore::sqlite()));
}

mod postgres {
    mfa_contracts::audit_log_tests!(|_| super::over(super::TestStore::postgres()));
}

fn in_memory() -> AuditLogFixture {
    let store = Arc::new(MemoryAccounts::default());
    AuditLogFixture::new(store.clone(), store.clone(), store)
}

fn over(store: TestStore) -> AuditLogFixture {
    let database = &store.database;
    AuditLogFixture::new(database.clone(), database.clone(), database.clone()).with_guard(store)
}

/// A search for a rare kind reads a limited number of rows and returns where to continue.
#[test]
fn a_search_for_a_rare_kind_stops_at_the_scan_limit_and_can_be_continued() {
    for store in TestStore::each() {
        let ada = store.add_user("ada");
        let runtime = Runtime::new().unwrap();
        let accounts = store.accounts();
        let recorded = accounts.update(ada, Phase::Begin, |account| account.record(reset()));
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
            let resets = AuditQuery { kind: Some(EventKind::AdminReset), before, ..AuditQuery::newest(100) };
            runtime.block_on(store.database.list_all(resets)).unwrap()
        };
        let first = search(None);
        assert!(first.events.is_empty() && first.next.is_some(), "{}: {first:?}", store.name);
        let second = search(first.next);
        assert_eq!((second.events.len(), second.next), (1, None), "{}", store.name);
    }
}

fn reset() -> SecurityEvent {
    let origin = Origin::new("2001:db8::7".parse().ok(), Some("agent 🦀"), Some("r-1"));
    SecurityEvent::new(EventKind::AdminReset, Outcome::Failure, NOON, origin)
}
