//! Tests of recovery codes that other programs write.

use mfa_core::Account;
use nova_mfa_tests::TestStore;

use super::guard::{assert_is_intact, change, codes, enrolled, find, minutes};

const RECORDED: &str =
    "SELECT count(*) FROM mfa_events WHERE event = 'foreign_change' AND method = 'recovery'";

fn spent(account: &mut Account) {
    enrolled(account);
    account.recovery.codes[0].used_at = Some(minutes(2));
}

#[test]
fn codes_that_another_program_empties_or_makes_unreadable_are_a_changed_factor() {
    let same = serde_json::to_string(&codes("a", minutes(0)).codes).unwrap();
    let cases = [
        ("NULL", 1),
        ("'[]'", 1),
        ("' [ ] '", 1),
        ("'null'", 1),
        ("'{}'", 1),
        ("'7'", 1),
        ("'\"no codes\"'", 1),
        ("'[\"$2b$04$x\"]'", 1),
        ("recovery_codes", 0),
        (&format!("'{same}'"), 0),
    ];
    for (written, events) in cases {
        for store in TestStore::each() {
            let user = store.add_user("ada");
            change(&store, user, spent);
            store.sql(&format!("UPDATE users SET recovery_codes = {written}"));
            change(&store, user, |_| ());
            assert_eq!(store.number(RECORDED), events, "{}: {written}", store.name);
            assert!(find(&store, user).has_totp(), "{}: {written}", store.name);
            assert_is_intact(&store);
        }
    }
    for (first, then) in [("NULL", "'[]'"), ("'[]'", "NULL"), ("'null'", "'[]'")] {
        for store in TestStore::each() {
            let user = store.add_user("ada");
            store.sql(&format!("UPDATE users SET recovery_codes = {first}"));
            store.sql(&format!("UPDATE users SET recovery_codes = {then}"));
            change(&store, user, |_| ());
            assert_eq!(store.number(RECORDED), 0, "{}: {first} and {then} are no codes", store.name);
        }
    }
    let store = TestStore::sqlite();
    let user = store.add_user("ada");
    change(&store, user, spent);
    store.sql("UPDATE users SET recovery_codes = 'garbage'");
    change(&store, user, |_| ());
    assert_eq!(store.number(RECORDED), 1);
}

#[test]
fn codes_in_a_json_string_are_compared_as_the_array_that_it_contains() {
    for store in TestStore::each() {
        let user = store.add_user("ada");
        change(&store, user, spent);
        let text = serde_json::to_string("[\"$argon2id$a1\", \"$2b$04$new\"]").unwrap();
        store.sql(&format!("UPDATE users SET recovery_codes = '{text}'"));
        let kept = "SELECT count(*) FROM users WHERE recovery_codes -> 0 ->> 'used_at' IS NOT NULL \
                    AND recovery_codes ->> 1 = '$2b$04$new'";
        assert_eq!(store.number(kept), 1, "{}", store.name);
        let old = serde_json::to_string(&codes("a", minutes(0)).codes).unwrap();
        change(&store, user, |account| account.recovery = codes("b", minutes(3)));
        let before = find(&store, user);
        let old = serde_json::to_string(&old).unwrap();
        store.sql(&format!("UPDATE users SET recovery_codes = '{old}'"));
        assert_eq!(find(&store, user).recovery, before.recovery, "{}: an old copy", store.name);
        store.sql("UPDATE users SET recovery_codes = '\"no codes\"'");
        let unreadable = "SELECT count(*) FROM users WHERE recovery_codes = '\"no codes\"'";
        assert_eq!(store.number(unreadable), 1, "{}", store.name);
    }
}

/// JSON keeps what JSONB cannot: a column of that type holds it.
#[test]
fn codes_that_postgresql_cannot_convert_fail_no_write() {
    for kind in ["json", "text"] {
        let store = TestStore::postgres();
        let user = store.add_user("ada");
        store.sql(&format!(
            "ALTER TABLE users ALTER recovery_codes TYPE {kind} USING recovery_codes::text::{kind}"
        ));
        for written in ["[\"\\u0000\"]", "\"\\u0000\"", "{\"a\": \"\\ud800\"}"] {
            store.sql(&format!("UPDATE users SET recovery_codes = '{written}'"));
            store.sql("UPDATE users SET full_name = 'Countess'");
            store.sql("UPDATE users SET full_name = NULL, recovery_codes = NULL");
            assert_eq!(store.number("SELECT count(*) FROM users WHERE recovery_codes IS NULL"), 1, "{kind}");
        }
        store.sql("UPDATE users SET recovery_codes = '[\"\\u0000\"]'");
        let account = change(&store, user, |account| account.failures = 3);
        assert_eq!(account.failures, 3, "{kind}");
        store.sql("UPDATE users SET mfa_failed_attempts = 0, mfa_lock_until = NULL");
        assert_eq!(find(&store, user).failures, 0, "{kind}");
    }
}
