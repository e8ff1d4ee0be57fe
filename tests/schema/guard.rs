//! Tests of the trigger that limits writes by others, and of the documented SQL.

use mfa_core::{Account, BackupMethod, Phase, Sealed, Timestamp, UserId};
use nova_mfa_tests::{NOON, TestStore};

const LATER: Timestamp = Timestamp::from_seconds(1_900_000_000);

fn locked(account: &mut Account) {
    account.totp.enabled = true;
    account.totp.secret = Some(Sealed::from_column("v1.k.secret".into()));
    account.totp.last_step = Some(60_000_000);
    account.backup_method = BackupMethod::Sms;
    account.failures = 10;
    account.lock_until = Some(LATER);
    account.internal.session = 3;
    for _ in 0..10 {
        account.internal.strikes.add(NOON);
    }
}

/// Runs this SQL and passes the resulting account to the test, on each store.
fn after(sql: &str, check: impl Fn(&'static str, &Account)) {
    for store in TestStore::each() {
        let user = store.add_user("ada");
        let before = store.runtime.block_on(store.accounts().update(user, Phase::Begin, |account| {
            locked(account);
            account.clone()
        }));
        let before = before.unwrap().unwrap();
        store.sql(&sql.replace(":id", &user.to_string()));
        let account = find(&store, user);
        assert!(account.version > before.version, "{}: a foreign write marks the version", store.name);
        check(store.name, &account);
    }
}

fn find(store: &TestStore, user: UserId) -> Account {
    store.runtime.block_on(store.accounts().find(user)).unwrap().unwrap()
}

#[test]
fn the_documented_unlock_sql_clears_the_lock_and_the_strikes() {
    after(
        "UPDATE users SET mfa_failed_attempts = 0, mfa_lock_until = NULL WHERE id = :id",
        |name, account| {
            assert_eq!((account.failures, account.lock(NOON)), (0, None), "{name}");
            assert_eq!(account.internal.strikes.at(NOON), 0, "{name}");
            assert_eq!(account.internal.session, 3, "{name}: nothing else of ours changes");
        },
    );
}

#[test]
fn the_documented_emergency_sql_disables_mfa_whatever_was_enrolled() {
    after(
        "UPDATE users SET is_totp_enabled = false, mfa_enforced = false WHERE id = :id",
        |name, account| {
            assert!(!account.has_factor() && !account.needs_second_factor(), "{name}");
            assert_eq!(account.failures, 10, "{name}: it does not unlock");
        },
    );
}

#[test]
fn the_documented_enforce_sql_requires_mfa() {
    after("UPDATE users SET mfa_enforced = true WHERE id = :id", |name, account| {
        assert!(account.mfa_enforced, "{name}");
        assert_eq!((account.failures, account.totp.last_step), (10, Some(60_000_000)), "{name}");
    });
}

#[test]
fn a_stale_update_of_a_whole_row_restores_no_code_attempt_or_lock() {
    let stale = "UPDATE users SET full_name = 'Ada', totp_last_step = 59999000, mfa_failed_attempts = 4, \
                 mfa_lock_until = NULL, mfa_version = 0, mfa_internal = '{}' WHERE id = :id";
    after(stale, |name, account| {
        assert_eq!(account.totp.last_step, Some(60_000_000), "{name}");
        assert_eq!((account.failures, account.lock_until), (10, Some(LATER)), "{name}");
        assert_eq!(account.internal.session, 3, "{name}");
        assert_eq!(account.internal.strikes.at(NOON), 10, "{name}");
    });
}

#[test]
fn a_stale_update_without_a_used_step_restores_no_code() {
    after("UPDATE users SET totp_last_step = NULL WHERE id = :id", |name, account| {
        assert_eq!(account.totp.last_step, Some(60_000_000), "{name}");
    });
}

#[test]
fn a_new_secret_starts_with_no_step_used() {
    after(
        "UPDATE users SET totp_secret = 'v1.k.other', totp_last_step = NULL WHERE id = :id",
        |name, account| {
            assert_eq!(account.totp.last_step, None, "{name}");
        },
    );
}

#[test]
fn a_write_to_an_account_that_is_not_locked_clears_no_strikes() {
    for store in TestStore::each() {
        let user = store.add_user("ada");
        let strike = store.runtime.block_on(store.accounts().update(user, Phase::Begin, |account| {
            account.internal.strikes.add(NOON);
        }));
        strike.unwrap().unwrap();
        store.sql("UPDATE users SET full_name = 'Countess of Lovelace'");
        assert_eq!(find(&store, user).internal.strikes.at(NOON), 1, "{}", store.name);
    }
}

#[test]
fn the_documented_insert_creates_a_user() {
    let store = TestStore::postgres();
    store.sql(
        "INSERT INTO users (email, username, hashed_password, full_name, is_active, is_superuser, mfa_enforced, \
         created_at, updated_at) \
         VALUES ('demo@itspirit.com', 'demomfa', '$2b$12$...', 'Demo MFA User', true, false, true, now(), now());",
    );
    let user = UserId::new(store.number("SELECT id FROM users WHERE username = 'demomfa'"));
    let account = find(&store, user);
    assert!(account.mfa_enforced && account.is_active && !account.has_factor());
}
