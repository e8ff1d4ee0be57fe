//! Tests of the audit log: stored events and the verification of their chains.

mod chain;
mod command;
mod export;
mod partitions;
mod retention;
mod script;
mod tokens;

use std::io::BufRead;
use std::sync::Arc;
use std::time::Duration;

use data_encoding::HEXLOWER;
use mfa_core::{Account, EventKind, Origin, Outcome, Phase, SecurityEvent, UserId};
use mfa_infra::audit::{AuditReport, Auditor, ChainFlaw};
use mfa_infra::crypto::AuditKeys;
use nova_mfa_tests::{NOON, TestStore, test_keys};
use serde_json::json;

/// Creates an auditor of this store with the keys of its events.
pub(crate) fn auditor(store: &TestStore) -> Auditor {
    Auditor::new(store.database.clone(), Arc::new(AuditKeys::new(&test_keys())))
}

/// Returns the first flaw of each chain, with user and sequence number.
fn flaws(report: &AuditReport) -> Vec<(i64, i64, ChainFlaw)> {
    report.findings.iter().map(|it| (it.user.value(), it.seq, it.flaw.clone())).collect()
}

fn event(kind: EventKind, outcome: Outcome) -> SecurityEvent {
    let origin = Origin::new("192.0.2.7".parse().ok(), Some("Firefox"), Some("r-1"));
    SecurityEvent::new(kind, outcome, NOON, origin)
}

/// Runs a decision on the account of this user.
fn change(store: &TestStore, user: UserId, mut change: impl FnMut(&mut Account) + Send + 'static) {
    let (accounts, logged) = (store.accounts(), || store.log.recorded().len());
    let before = logged();
    store
        .runtime
        .block_on(accounts.update(user, Phase::Begin, move |account| change(account)))
        .unwrap()
        .unwrap();
    // The caller gets its result before the event is logged.
    let is_logged = (0..500).any(|_| {
        let is_logged = logged() > before;
        if !is_logged {
            std::thread::sleep(Duration::from_millis(2));
        }
        is_logged
    });
    assert!(is_logged, "{}: the log was told nothing", store.name);
}

/// Adds a user with this many events, each stored by a separate decision.
fn user_with(store: &TestStore, name: &str, events: usize) -> UserId {
    let user = store.add_user(name);
    for _ in 0..events {
        change(store, user, |account| {
            let event = event(EventKind::TotpVerify, Outcome::Failure);
            account.record(
                event.with_method(mfa_core::FactorKind::Totp).with_actor("os:grace", Some("for a test")),
            );
        });
    }
    user
}

/// Returns the log lines of the stored events.
fn log_of(store: &TestStore) -> Box<dyn BufRead> {
    let lines: Vec<String> = store
        .log
        .recorded()
        .into_iter()
        .filter_map(|it| it.user.zip(it.chain))
        .map(|(user, (seq, mac))| {
            json!({ "user_id": user, "seq": seq, "mac": HEXLOWER.encode(&mac) }).to_string()
        })
        .collect();
    let noise = "not a line of ours\n{\"msg\":\"request\",\"status\":200}\n";
    Box::new(std::io::Cursor::new(format!("{noise}{}\n{{\"torn", lines.join("\n"))))
}

fn with_log(store: &TestStore) -> AuditReport {
    auditor(store).verify_with_log(None, [log_of(store)]).unwrap()
}

fn verified(store: &TestStore) -> AuditReport {
    auditor(store).verify(None).unwrap()
}

/// Formats bytes as a literal of this database.
fn bytes(store: &TestStore, hex: &str) -> String {
    if store.name == "SQLite" { format!("'{hex}'") } else { format!("decode('{hex}', 'hex')") }
}

/// Formats a time as a literal of this database.
fn time(store: &TestStore, seconds: i64) -> String {
    if store.name == "SQLite" { format!("{seconds}000") } else { format!("to_timestamp({seconds})") }
}
