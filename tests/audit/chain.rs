//! Tests of the detection of altered, removed, moved, added and stripped rows, on both databases.

use std::sync::Arc;

use mfa_core::{EventKind, KeyId, Outcome, SecretBytes};
use mfa_infra::audit::{Auditor, ChainFlaw};
use mfa_infra::crypto::{AuditKeys, KeyRing};
use nova_mfa_tests::{NOON, TestStore};

use super::{auditor, bytes, change, event, flaws, log_of, time, user_with, verified, with_log};

#[test]
fn an_unmodified_audit_log_is_intact() {
    for store in TestStore::each() {
        user_with(&store, "nobody", 0);
        for (name, events) in [("ada", 3), ("bob", 1)] {
            user_with(&store, name, events);
        }
        let report = with_log(&store);
        assert!(report.is_intact(), "{}: {report:?}", store.name);
        assert_eq!((report.users, report.events, report.log_lines), (2, 4, Some(4)), "{}", store.name);
    }
}

/// Reads more events than one batch holds, of one user and of many.
#[test]
fn an_audit_log_of_many_batches_is_read_to_its_end() {
    for store in TestStore::each() {
        let ada = store.add_user("ada");
        for _ in 0..11 {
            change(&store, ada, |account| {
                for _ in 0..100 {
                    account.record(event(EventKind::Login, Outcome::Success));
                }
            });
        }
        let bob = user_with(&store, "bob", 2);
        let report = with_log(&store);
        assert!(report.is_intact(), "{}: {report:?}", store.name);
        assert_eq!((report.users, report.events), (2, 1_102), "{}", store.name);
        let of_bob = auditor(&store).verify(Some(bob)).unwrap();
        assert_eq!((of_bob.users, of_bob.events), (1, 2), "{}", store.name);
        store.sql(&format!("UPDATE mfa_events SET outcome = 'success' WHERE user_id = {bob} AND seq = 2"));
        assert_eq!(flaws(&verified(&store)), [(bob.value(), 2, ChainFlaw::Altered)], "{}", store.name);
        assert!(auditor(&store).verify(Some(ada)).unwrap().is_intact(), "{}", store.name);
    }
}

#[test]
fn any_altered_field_is_detected_and_its_row_named() {
    for store in TestStore::each() {
        let zeroes = bytes(&store, &"00".repeat(32));
        let short = bytes(&store, &"00".repeat(16));
        let later = time(&store, 1_800_000_001);
        let alterations = [
            "event = 'login'".to_owned(),
            "method = 'sms'".to_owned(),
            "method = NULL".to_owned(),
            "outcome = 'success'".to_owned(),
            format!("at = {later}"),
            "ip = '192.0.2.8'".to_owned(),
            "ip = NULL".to_owned(),
            "user_agent = 'Chrome'".to_owned(),
            "request_id = 'r-2'".to_owned(),
            "actor = 'os:mallory'".to_owned(),
            "actor = NULL".to_owned(),
            "reason = ''".to_owned(),
            "salt = NULL".to_owned(),
            format!("salt = {short}"),
            format!("event_id = {short}"),
            format!("personal_digest = {zeroes}"),
            format!("mac = {zeroes}"),
            format!("mac = {short}"),
            "mac_key = 'a b'".to_owned(),
        ];
        for (place, alteration) in alterations.iter().enumerate() {
            let user = user_with(&store, &format!("user{place}"), 3);
            store.sql(&format!("UPDATE mfa_events SET {alteration} WHERE user_id = {user} AND seq = 2"));
            let report = auditor(&store).verify(Some(user)).unwrap();
            let expected = [(user.value(), 2, ChainFlaw::Altered)];
            assert_eq!(flaws(&report), expected, "{}: {alteration}", store.name);
        }
        // Each of them is reported, and no other.
        user_with(&store, "good", 3);
        assert_eq!(verified(&store).findings.len(), alterations.len(), "{}", store.name);
    }
}

#[test]
fn any_removed_event_is_detected_and_the_first_missing_one_named() {
    for store in TestStore::each() {
        for (name, which, first) in
            [("ada", "seq = 1", 1), ("bob", "seq = 2", 2), ("cleo", "seq >= 2", 2), ("dan", "seq > 0", 1)]
        {
            let user = user_with(&store, name, 3);
            store.sql(&format!("DELETE FROM mfa_events WHERE user_id = {user} AND {which}"));
            let report = auditor(&store).verify(Some(user)).unwrap();
            assert_eq!(
                flaws(&report),
                [(user.value(), first, ChainFlaw::Removed)],
                "{}: {which}",
                store.name
            );
        }
        assert_eq!(verified(&store).findings.len(), 4, "{}", store.name);
    }
}

#[test]
fn rows_that_were_moved_reassigned_or_added_are_detected() {
    for store in TestStore::each() {
        let (ada, bob) = (user_with(&store, "ada", 3), user_with(&store, "bob", 3));
        store.sql(&format!(
            "UPDATE mfa_events SET seq = -1 WHERE user_id = {ada} AND seq = 1; \
             UPDATE mfa_events SET seq = 1 WHERE user_id = {ada} AND seq = 2; \
             UPDATE mfa_events SET seq = 2 WHERE user_id = {ada} AND seq = -1;"
        ));
        store.sql(&format!(
            "UPDATE mfa_events SET user_id = {ada}, seq = 4 WHERE user_id = {bob} AND seq = 3"
        ));
        let cleo = user_with(&store, "cleo", 2);
        store.sql(&format!(
            "INSERT INTO mfa_events (event_id, user_id, seq, at, event, outcome, salt, personal_digest, mac_key, mac) \
             SELECT event_id, user_id, 3, at, event, outcome, salt, personal_digest, mac_key, mac FROM mfa_events \
             WHERE user_id = {cleo} AND seq = 2"
        ));
        let expected = [
            (ada.value(), 1, ChainFlaw::Altered),
            (bob.value(), 3, ChainFlaw::Removed),
            (cleo.value(), 3, ChainFlaw::Altered),
        ];
        assert_eq!(flaws(&verified(&store)), expected, "{}", store.name);
    }
}

/// An attacker with write access but without the key removes the last events and resets the user's row.
#[test]
fn removal_of_the_last_events_with_the_chain_head_is_detected_by_the_log() {
    for store in TestStore::each() {
        let (ada, bob) = (user_with(&store, "ada", 3), user_with(&store, "bob", 3));
        let back = if store.name == "SQLite" {
            "json_set(mfa_internal, '$.chain.n', 2, '$.chain.mac', (SELECT mac FROM mfa_events WHERE user_id = id \
             AND seq = 2))"
        } else {
            "mfa_internal || jsonb_build_object('chain', jsonb_build_object('n', 2, 'mac', (SELECT encode(mac, 'hex') \
             FROM mfa_events WHERE user_id = users.id AND seq = 2)))"
        };
        let back = back.replace("user_id = id ", "user_id = users.id ");
        store.sql(&format!(
            "UPDATE users SET mfa_internal = {back}, mfa_version = mfa_version + 1 WHERE id = {ada}; \
             DELETE FROM mfa_events WHERE user_id = {ada} AND seq = 3; \
             DELETE FROM mfa_events WHERE user_id = {bob}; DELETE FROM users WHERE id = {bob};"
        ));
        assert!(verified(&store).is_intact(), "{}: the chain alone cannot tell", store.name);
        let expected = [(ada.value(), 3, ChainFlaw::Removed), (bob.value(), 1, ChainFlaw::Removed)];
        assert_eq!(flaws(&with_log(&store)), expected, "{}", store.name);
        let of_ada = auditor(&store).verify_with_log(Some(ada), [log_of(&store)]).unwrap();
        assert_eq!((of_ada.findings.len(), of_ada.log_lines), (1, Some(3)), "{}", store.name);
    }
}

#[test]
fn an_event_that_differs_from_the_log_is_detected() {
    for store in TestStore::each() {
        let ada = user_with(&store, "ada", 1);
        let log = format!("{{\"user_id\":{ada},\"seq\":1,\"mac\":\"{}\"}}\n", "00".repeat(32));
        let log = Box::new(std::io::Cursor::new(log));
        let report = auditor(&store).verify_with_log(None, [log as Box<dyn std::io::BufRead>]).unwrap();
        assert_eq!(flaws(&report), [(ada.value(), 1, ChainFlaw::UnlikeLog)], "{}", store.name);
    }
}

#[test]
fn a_user_row_with_another_chain_head_is_detected() {
    for store in TestStore::each() {
        let ada = user_with(&store, "ada", 2);
        let forgotten = if store.name == "SQLite" {
            "json_remove(mfa_internal, '$.chain')"
        } else {
            "mfa_internal - 'chain'"
        };
        store.sql(&format!("UPDATE users SET mfa_internal = {forgotten}, mfa_version = mfa_version + 1"));
        assert_eq!(flaws(&verified(&store)), [(ada.value(), 1, ChainFlaw::BeyondHead)], "{}", store.name);
    }
}

#[test]
fn an_erased_user_verifies_and_silently_removed_personal_data_does_not() {
    for store in TestStore::each() {
        let (ada, bob) = (user_with(&store, "ada", 3), user_with(&store, "bob", 3));
        let silently =
            "UPDATE mfa_events SET ip = NULL, user_agent = NULL, actor = NULL, reason = NULL, salt = NULL";
        store.sql(&format!("{silently} WHERE user_id = {ada}"));
        let unrecorded = [(ada.value(), 1, ChainFlaw::ErasedUnrecorded)];
        assert_eq!(flaws(&verified(&store)), unrecorded, "{}", store.name);
        change(&store, ada, |account| account.record(event(EventKind::AdminErase, Outcome::Success)));
        change(&store, ada, |account| account.record(event(EventKind::Login, Outcome::Success)));
        assert!(with_log(&store).is_intact(), "{}", store.name);
        store
            .sql(&format!("{silently} WHERE (user_id = {bob} AND seq = 2) OR (user_id = {ada} AND seq = 5)"));
        let expected =
            [(ada.value(), 5, ChainFlaw::ErasedUnrecorded), (bob.value(), 2, ChainFlaw::ErasedUnrecorded)];
        assert_eq!(flaws(&verified(&store)), expected, "{}", store.name);
    }
}

/// The id of a deleted user is not reused: a new chain would continue the old one.
#[test]
fn a_new_user_starts_a_new_chain() {
    for store in TestStore::each() {
        let ada = user_with(&store, "ada", 2);
        store.sql("DELETE FROM users");
        let bob = user_with(&store, "bob", 1);
        assert_ne!(ada, bob, "{}", store.name);
        assert!(with_log(&store).is_intact(), "{}", store.name);
        auditor(&store).trim(NOON.plus(std::time::Duration::from_hours(24))).unwrap();
        store.sql("DELETE FROM users");
        let cleo = user_with(&store, "cleo", 1);
        assert!(cleo != ada && cleo != bob, "{}", store.name);
        assert!(with_log(&store).is_intact(), "{}", store.name);
    }
}

#[test]
fn missing_keys_are_distinguished_from_alterations() {
    for store in TestStore::each() {
        let ada = user_with(&store, "ada", 2);
        let ring = |id: &str, byte: u8| {
            KeyRing::new(vec![(KeyId::parse(id).unwrap(), SecretBytes::new(vec![byte; 32]))]).unwrap()
        };
        for (ring, flaw) in [(ring("other", 7), ChainFlaw::UnknownKey), (ring("test", 8), ChainFlaw::Altered)]
        {
            let auditor = Auditor::new(store.database.clone(), Arc::new(AuditKeys::new(&ring)));
            let report = auditor.verify(None).unwrap();
            assert_eq!(flaws(&report), [(ada.value(), 1, flaw)], "{}", store.name);
        }
    }
}
