//! Tests of triggers of NOVA on `users` in SQLite, which run before or after the guard.

use mfa_core::{Account, Lock};
use nova_mfa_tests::{NOON, TestStore};

use super::guard::{LATER, MAPPED, assert_is_intact, change, enrolled, find, minutes, sealed};

/// Triggers that change the row again, before or after a statement.
const TOUCH: [&str; 4] = [
    "CREATE TRIGGER nova_touch BEFORE UPDATE ON users \
     BEGIN UPDATE users SET updated_at = unixepoch() * 1000 + abs(random() % 1000) WHERE id = OLD.id; END",
    "CREATE TRIGGER nova_touch BEFORE UPDATE ON users \
     BEGIN UPDATE users SET updated_at = 7 WHERE id = OLD.id; UPDATE users SET full_name = 'x' WHERE id = OLD.id; END",
    "CREATE TRIGGER nova_touch BEFORE UPDATE OF full_name, mfa_failed_attempts ON users \
     BEGIN UPDATE users SET updated_at = 7 WHERE id = OLD.id; END; \
     CREATE TRIGGER nova_again BEFORE UPDATE ON users \
     BEGIN UPDATE users SET updated_at = 8 WHERE id = OLD.id; END",
    "CREATE TRIGGER nova_touch AFTER UPDATE ON users \
     BEGIN UPDATE users SET updated_at = unixepoch() * 1000 + abs(random() % 1000) WHERE id = OLD.id; END",
];

fn advance(account: &mut Account) {
    account.totp.secret = Some(sealed("second"));
    account.totp.enrolled_at = Some(minutes(2));
    account.totp.last_step = Some(60_000_009);
    account.recovery.codes[0].used_at = Some(minutes(2));
    account.last_success_at = Some(minutes(2));
    account.failures = 7;
    account.lock_until = Some(LATER);
}

#[test]
fn a_saved_copy_restores_nothing_beside_a_trigger_of_nova() {
    for trigger in TOUCH {
        for (columns, named) in [
            (MAPPED.to_owned(), false),
            (format!("{MAPPED}, mfa_version"), true),
            ("recovery_codes".to_owned(), false),
        ] {
            let store = TestStore::sqlite();
            let user = store.add_user("ada");
            change(&store, user, enrolled);
            store.sql(trigger);
            store.sql("CREATE TABLE copy AS SELECT * FROM users");
            let before = change(&store, user, advance);
            store.sql(&format!(
                "UPDATE users SET ({columns}) = (SELECT {columns} FROM copy WHERE copy.id = users.id)"
            ));
            let after = find(&store, user);
            assert!(after.version > before.version, "{trigger}: {columns}: {named}");
            assert_eq!(Account { version: before.version, ..after }, before, "{trigger}: {columns}");
            change(&store, user, |account| account.mfa_enforced = true);
            assert_is_intact(&store);
        }
    }
}

#[test]
fn a_trigger_of_nova_leaves_the_unlock_the_emergency_and_other_writes_as_they_are() {
    for trigger in TOUCH {
        let store = TestStore::sqlite();
        let user = store.add_user("ada");
        change(&store, user, enrolled);
        store.sql(trigger);
        change(&store, user, advance);
        store.sql("UPDATE users SET full_name = 'y', mfa_failed_attempts = 0, mfa_lock_until = NULL");
        assert!(find(&store, user).lock(NOON).is_some(), "{trigger}: the save of an object unlocks nobody");
        store.sql("UPDATE users SET mfa_failed_attempts = 0, mfa_lock_until = NULL");
        let account = find(&store, user);
        assert_eq!((account.failures, account.lock(NOON)), (0, None), "{trigger}");
        let session = account.internal.session;
        store.sql("UPDATE users SET totp_secret = 'GEZDGNBVGY3TQOJQ'");
        let account = find(&store, user);
        assert!(account.internal.session > session, "{trigger}: another secret ends the sessions");
        store.sql("UPDATE users SET mfa_lock_until = 253402214400000");
        assert_eq!(find(&store, user).lock(NOON), Some(Lock::UntilAdministrator), "{trigger}");
        store.sql("UPDATE users SET is_totp_enabled = FALSE, mfa_enforced = FALSE");
        assert!(!find(&store, user).has_factor(), "{trigger}");
        let account = change(&store, user, |account| account.failures = 3);
        assert_eq!(account.failures, 3, "{trigger}: a write of the server");
        assert_is_intact(&store);
        let leftovers = "SELECT count(*) FROM mfa_restored_rows";
        assert_eq!(store.number(leftovers), 0, "{trigger}");
    }
}

/// A unique index of NOVA may be stricter than the table.
#[test]
fn a_row_replaced_by_another_unique_index_is_locked() {
    for index in ["lower(email)", "email COLLATE NOCASE", "lower(username)", "username COLLATE NOCASE"] {
        let store = TestStore::sqlite();
        let user = store.add_user("ada");
        let other = store.add_user("bob");
        change(&store, user, enrolled);
        store.sql(&format!("CREATE UNIQUE INDEX nova_unique ON users ({index})"));
        let is_email = index.contains("email");
        let (email, username) =
            if is_email { ("upper(email)", "'new'") } else { ("'new@example.com'", "upper(username)") };
        store.sql(&format!(
            "INSERT OR REPLACE INTO users (email, username, hashed_password, is_active, is_superuser, created_at, updated_at) \
             SELECT {email}, {username}, hashed_password, TRUE, FALSE, 1, 1 FROM users WHERE id = {user}"
        ));
        assert_eq!(store.number("SELECT count(*) FROM users"), 2, "{index}");
        let new = mfa_core::UserId::new(store.number("SELECT max(id) FROM users"));
        let account = find(&store, new);
        assert_eq!(account.lock(NOON), Some(Lock::UntilAdministrator), "{index}");
        assert!(account.mfa_enforced, "{index}");
        assert_eq!(find(&store, other).lock(NOON), None, "{index}");
    }
}
