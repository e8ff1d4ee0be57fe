//! Tests of rows that other programs replace as a whole: deleted and inserted again, restored, replaced, or upserted.

use mfa_core::{Account, EventKind, Lock, Origin, Outcome, Phase, SecurityEvent, UserEventsQuery, UserId};
use nova_mfa_tests::{NOON, TestStore};

use super::guard::{LATER, MAPPED, assert_is_intact, change, enrolled, find, locked, minutes, sealed};

fn record(account: &mut Account) {
    account.record(SecurityEvent::new(EventKind::AdminShow, Outcome::Success, NOON, Origin::default()));
}

/// The columns of NOVA's model without those that every row has.
const NAMED: &str = "email, username, full_name, mfa_enforced, is_totp_enabled, totp_secret, totp_enrolled_at, recovery_codes, \
     recovery_codes_generated_at, totp_last_step, mfa_last_success_at";

/// A deleted user who is inserted again with the same id, and a row from a backup, do not know the user's last events.
#[test]
fn a_row_that_does_not_know_its_events_continues_their_chain_and_ends_its_sessions() {
    for store in TestStore::each() {
        let user = store.add_user("ada");
        change(&store, user, enrolled);
        change(&store, user, record);
        store.sql("CREATE TABLE copy AS SELECT * FROM users");
        let before = change(&store, user, record);
        let own = "id, email, username, hashed_password, is_active, is_superuser, created_at, updated_at";
        for columns in [own, "*"] {
            let into = if columns == "*" { String::new() } else { format!("({columns})") };
            store.sql("DELETE FROM users");
            store.sql(&format!("INSERT INTO users {into} SELECT {columns} FROM copy"));
            let events = store.number("SELECT count(*) FROM mfa_events");
            let account = change(&store, user, record);
            assert_eq!(store.number("SELECT count(*) FROM mfa_events"), events + 2, "{}", store.name);
            assert_eq!(i64::try_from(account.internal.chain.seq), Ok(events + 2), "{}", store.name);
            assert!(account.internal.session > before.internal.session, "{}: no old token fits", store.name);
            let recorded =
                "SELECT count(*) FROM mfa_events WHERE event = 'foreign_change' AND method IS NULL";
            assert!(store.number(recorded) > 0, "{}", store.name);
            // A user created again is not locked. What a copy says about factors may be old.
            let is_copy = columns == "*";
            assert_eq!(account.lock(NOON), is_copy.then_some(Lock::UntilAdministrator), "{}", store.name);
            assert!(account.recovery.is_absent(), "{}: a spent code does not come back", store.name);
            assert!(!is_copy || account.totp.last_step > Some(NOON.seconds() / 30), "{}", store.name);
            let own = UserEventsQuery { before: None, limit: 50 };
            let own = store.runtime.block_on(store.database.list_for_user(user, own)).unwrap();
            assert_eq!(own.len(), 2, "{}: no event of the earlier row is shown", store.name);
            let again = change(&store, user, record);
            assert_eq!(again.internal.session, account.internal.session, "{}: once", store.name);
            assert_is_intact(&store);
        }
    }
}

#[test]
fn a_replaced_row_keeps_every_mfa_column() {
    let store = TestStore::sqlite();
    let user = store.add_user("ada");
    change(&store, user, enrolled);
    store.sql("CREATE TABLE copy AS SELECT * FROM users");
    let before = change(&store, user, |account| {
        account.totp.secret = Some(sealed("second"));
        account.recovery.codes[0].used_at = Some(minutes(2));
        account.failures = 7;
        record(account);
    });
    for columns in [
        "*",
        "id, email, username, hashed_password, full_name, is_active, is_superuser, created_at, updated_at",
    ] {
        let into = if columns == "*" { String::new() } else { format!("({columns})") };
        store.sql("UPDATE copy SET full_name = 'Countess'");
        store.sql(&format!("INSERT OR REPLACE INTO users {into} SELECT {columns} FROM copy"));
        let after = find(&store, user);
        assert!(after.version > before.version, "{columns}");
        assert_eq!(Account { version: before.version, ..after }, before, "{columns}");
        assert_eq!(store.number("SELECT count(*) FROM users WHERE full_name = 'Countess'"), 1);
        store.sql("UPDATE users SET full_name = NULL");
    }
    // Neither leaves anything behind.
    store.sql("INSERT OR IGNORE INTO users SELECT * FROM copy");
    store.sql("INSERT INTO users SELECT * FROM copy WHERE TRUE ON CONFLICT DO NOTHING");
    store.sql("DELETE FROM users WHERE id = 1");
    store.sql("INSERT INTO users (id, email, username, hashed_password, is_active, is_superuser, created_at, updated_at) VALUES (1, 'b@example.com', 'bob', 'x', TRUE, FALSE, 1, 1)");
    assert!(!find(&store, user).has_factor(), "a new user has no factor of another");
    change(&store, user, record);
    assert_is_intact(&store);
}

#[test]
fn an_upsert_of_a_copy_stores_novas_columns_and_keeps_ours() {
    for store in TestStore::each() {
        let user = store.add_user("ada");
        change(&store, user, enrolled);
        store.sql("CREATE TABLE copy AS SELECT * FROM users");
        let before = change(&store, user, |account| account.recovery.codes[0].used_at = Some(minutes(2)));
        let set: Vec<_> = format!("{MAPPED}, mfa_version")
            .split(", ")
            .map(|it| format!("{} = excluded.{0}", it.trim()))
            .collect();
        store.sql("UPDATE copy SET full_name = 'Countess'");
        store.sql(&format!(
            "INSERT INTO users SELECT * FROM copy WHERE TRUE ON CONFLICT (id) DO UPDATE SET {}",
            set.join(", ")
        ));
        let after = find(&store, user);
        assert_eq!(Account { version: before.version, ..after }, before, "{}", store.name);
        assert_eq!(
            store.number("SELECT count(*) FROM users WHERE full_name = 'Countess'"),
            1,
            "{}",
            store.name
        );
    }
}

#[test]
fn a_conflict_clause_fails_no_write_and_a_skipped_statement_leaves_nothing_behind() {
    let store = TestStore::sqlite();
    let (user, _) = (store.add_user("ada"), store.add_user("bob"));
    change(&store, user, locked);
    for clause in ["OR FAIL", "OR ROLLBACK", "OR ABORT", "OR IGNORE", "OR REPLACE"] {
        for _ in 0..2 {
            store.sql(&format!(
                "UPDATE {clause} users SET full_name = '{clause}', mfa_version = 0 WHERE id = {user}"
            ));
            let stored = format!(
                "SELECT count(*) FROM users WHERE full_name = '{clause}' AND mfa_failed_attempts = 10"
            );
            assert_eq!(store.number(&stored), 1, "{clause}");
        }
    }
    // The name is taken: the statement is skipped after its triggers ran.
    store.sql(&format!(
        "UPDATE OR IGNORE users SET username = 'bob', mfa_failed_attempts = 0, mfa_lock_until = NULL WHERE id = {user}"
    ));
    store.sql(&format!("UPDATE users SET mfa_failed_attempts = 0, mfa_lock_until = NULL WHERE id = {user}"));
    assert_eq!(find(&store, user).lock(NOON), None, "the documented unlock works at once");
    store.sql(&format!("UPDATE OR IGNORE users SET username = 'bob', mfa_version = 0 WHERE id = {user}"));
    store.sql(&format!("UPDATE users SET mfa_enforced = TRUE WHERE id = {user}"));
    assert!(find(&store, user).mfa_enforced, "the documented requirement works at once");
}

/// Neighbours in the same group are stored, and each gets one answer.
#[test]
fn a_row_that_does_not_know_its_events_harms_no_neighbour() {
    for store in TestStore::each() {
        let users: Vec<_> = (0..8).map(|n| store.add_user(&format!("user{n}"))).collect();
        for user in &users {
            change(&store, *user, record);
        }
        store.sql(&format!(
            "UPDATE users SET mfa_internal = '{{}}', mfa_version = mfa_version + 1 WHERE id = {}",
            users[3]
        ));
        let accounts = store.accounts();
        let all = users.iter().chain(&users).map(|user| accounts.update(*user, Phase::Begin, record));
        let done = store.runtime.block_on(futures::future::join_all(all));
        assert!(done.iter().all(|it| matches!(it, Ok(Some(())))), "{}: {done:?}", store.name);
        assert_eq!(store.number("SELECT count(*) FROM mfa_events"), 8 * 3 + 1, "{}", store.name);
        assert_is_intact(&store);
    }
}

/// NOVA may have triggers of its own, which run between the guard's.
#[test]
fn a_trigger_of_nova_does_not_switch_the_guard_off() {
    let store = TestStore::sqlite();
    let user = store.add_user("ada");
    change(&store, user, enrolled);
    store.sql(
        "CREATE TRIGGER nova_updated AFTER UPDATE OF full_name ON users \
         BEGIN UPDATE users SET updated_at = 7 WHERE id = NEW.id; END",
    );
    store.sql("CREATE TABLE copy AS SELECT * FROM users");
    let before = change(&store, user, |account| {
        account.totp.secret = Some(sealed("second"));
        account.totp.enrolled_at = Some(minutes(2));
        account.recovery.codes[0].used_at = Some(minutes(2));
        account.failures = 7;
        account.lock_until = Some(LATER);
    });
    for columns in [MAPPED.to_owned(), format!("{MAPPED}, mfa_version")] {
        store.sql("UPDATE copy SET full_name = 'Countess'");
        store.sql(&format!(
            "UPDATE users SET ({columns}) = (SELECT {columns} FROM copy WHERE copy.id = users.id)"
        ));
        let after = find(&store, user);
        assert_eq!(Account { version: before.version, ..after }, before, "{columns}");
    }
    store.sql("UPDATE users SET full_name = 'x', mfa_failed_attempts = 0, mfa_lock_until = NULL");
    assert_eq!(find(&store, user).failures, 7, "the save of an object unlocks nobody");
    store.sql("UPDATE users SET mfa_failed_attempts = 0, mfa_lock_until = NULL");
    assert_eq!(find(&store, user).lock(NOON), None, "the documented unlock works");
}

#[test]
fn a_row_replaced_by_name_or_address_is_locked() {
    let store = TestStore::sqlite();
    let user = store.add_user("ada");
    change(&store, user, enrolled);
    for into in ["email, username", "username, email"] {
        store.sql(&format!(
            "REPLACE INTO users ({into}, hashed_password, is_active, is_superuser, created_at, updated_at) \
             SELECT {into}, hashed_password, is_active, is_superuser, 1, 1 FROM users"
        ));
        let new = UserId::new(store.number("SELECT max(id) FROM users"));
        let account = find(&store, new);
        assert!(account.mfa_enforced && account.lock(NOON) == Some(Lock::UntilAdministrator), "{account:?}");
    }
}

/// Events that were removed for their age prove as much as those that are stored.
#[test]
fn a_row_that_is_older_than_removed_events_is_recognised() {
    for (removed, columns) in [(2, "*"), (3, "*"), (1, "*"), (3, "without internal")] {
        for store in TestStore::each() {
            let user = store.add_user("ada");
            change(&store, user, enrolled);
            change(&store, user, record);
            store.sql("CREATE TABLE copy AS SELECT * FROM users");
            change(&store, user, record);
            change(&store, user, record);
            store.sql(&format!(
                "INSERT INTO mfa_event_floors SELECT user_id, seq, 'ab', 'test', 'ab' FROM mfa_events WHERE seq = {removed}; \
                 DELETE FROM mfa_events WHERE seq <= {removed}; DELETE FROM users"
            ));
            if columns == "*" {
                store.sql("INSERT INTO users SELECT * FROM copy");
            } else {
                store.sql(&format!(
                    "INSERT INTO users (id, hashed_password, is_active, is_superuser, created_at, updated_at, {NAMED}) \
                     SELECT id, hashed_password, is_active, is_superuser, created_at, updated_at, {NAMED} FROM copy"
                ));
            }
            let account = change(&store, user, record);
            let context = format!("{}: {removed} {columns}", store.name);
            assert_eq!(account.lock(NOON), Some(Lock::UntilAdministrator), "{context}");
            assert!(account.recovery.is_absent(), "{context}");
            assert_eq!(account.internal.chain.seq, 5, "{context}");
        }
    }
}

#[test]
fn a_later_lock_stays_however_a_time_is_written() {
    let store = TestStore::sqlite();
    let user = store.add_user("ada");
    change(&store, user, locked);
    for earlier in
        ["'2020-01-01 00:00:00'", "'2020-01-01T00:00:00Z'", "'-infinity'", "1700000000", "1", "'soon'"]
    {
        store.sql(&format!("UPDATE users SET mfa_lock_until = {earlier}"));
        assert_eq!(find(&store, user).lock_until, Some(LATER), "{earlier}");
    }
    store.sql("UPDATE users SET mfa_lock_until = '2031-01-01 00:00:00'");
    assert!(find(&store, user).lock_until > Some(LATER), "a later one applies");
    store.sql("UPDATE users SET mfa_lock_until = 'infinity'");
    assert_eq!(find(&store, user).lock(NOON), Some(Lock::UntilAdministrator));
    store.sql("UPDATE users SET mfa_lock_until = '2031-01-01 00:00:00'");
    assert_eq!(find(&store, user).lock(NOON), Some(Lock::UntilAdministrator));
}

#[test]
fn a_row_inserted_with_any_version_counts_on() {
    for store in TestStore::each() {
        for version in ["-5", "9223372036854775807", "4611686018427387904"] {
            store.sql(&format!(
                "INSERT INTO users (id, email, username, hashed_password, is_active, is_superuser, created_at, updated_at, \
                 mfa_version) SELECT 7, 'a@example.com', 'ada', 'x', TRUE, FALSE, {now}, {now}, {version}",
                now = if store.name == "PostgreSQL" { "now()" } else { "1" }
            ));
            let user = UserId::new(7);
            change(&store, user, enrolled);
            store.sql("UPDATE users SET full_name = 'Ada', mfa_enforced = TRUE WHERE id = 7");
            let account = change(&store, user, record);
            assert!(account.has_totp() && account.mfa_enforced, "{}: {version}", store.name);
            store.sql("DELETE FROM users WHERE id = 7");
            store.sql("DELETE FROM mfa_events");
        }
    }
}
