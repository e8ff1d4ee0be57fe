//! Tests of writes by other programs to rows of `users`, and of the guard trigger.

use std::sync::Arc;
use std::time::Duration;

use mfa_core::{
    Account, BackupMethod, EventKind, FactorKind, Phase, PhoneState, RecoveryCode, RecoveryState, Sealed,
    Timestamp, TotpState, UserId,
};
use mfa_infra::audit::Auditor;
use mfa_infra::crypto::AuditKeys;
use nova_mfa_tests::{NOON, TestStore, test_keys};

pub(super) const LATER: Timestamp = Timestamp::from_seconds(1_900_000_000);

pub(super) fn locked(account: &mut Account) {
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

pub(super) fn find(store: &TestStore, user: UserId) -> Account {
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
        "UPDATE users SET totp_secret = 'GEZDGNBVGY3TQOJQ', totp_last_step = NULL WHERE id = :id",
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

/// Columns that NOVA's model maps: its own, and the 18 MFA columns.
pub(super) const MAPPED: &str = "email, username, hashed_password, full_name, is_active, is_superuser, mfa_enforced, is_totp_enabled, \
     totp_secret, totp_pending_secret, totp_pending_expires_at, totp_enrolled_at, phone_number, phone_pending, \
     is_phone_verified, phone_verified_at, mfa_backup_method, recovery_codes, recovery_codes_generated_at, \
     totp_last_step, mfa_failed_attempts, mfa_lock_until, mfa_last_success_at, mfa_last_method";

pub(super) fn sealed(text: &str) -> Sealed {
    Sealed::from_column(format!("v1.k.{text}"))
}

pub(super) fn codes(set: &str, at: Timestamp) -> RecoveryState {
    let code = |number: u32| RecoveryCode {
        id: number.to_string(),
        digest: format!("$argon2id${set}{number}"),
        tag_key: None,
        tag: None,
        used_at: None,
        rest: serde_json::Map::new(),
    };
    RecoveryState { codes: (1..=3).map(code).collect(), generated_at: Some(at), unreadable: None }
}

pub(super) fn minutes(count: u64) -> Timestamp {
    NOON.plus(Duration::from_secs(60 * count))
}

pub(super) fn enrolled(account: &mut Account) {
    account.totp = TotpState {
        enabled: true,
        secret: Some(sealed("first")),
        enrolled_at: Some(NOON),
        last_step: Some(60_000_000),
        ..TotpState::default()
    };
    account.phone = PhoneState {
        number: Some(sealed("phone")),
        pending: None,
        is_verified: true,
        verified_at: Some(NOON),
    };
    account.backup_method = BackupMethod::Sms;
    account.recovery = codes("a", NOON);
    account.last_success_at = Some(minutes(1));
    account.revoke_sessions(minutes(1), None);
}

pub(super) fn change(store: &TestStore, user: UserId, decision: fn(&mut Account)) -> Account {
    let changed = store.runtime.block_on(store.accounts().update(user, Phase::Begin, move |account| {
        decision(account);
    }));
    changed.unwrap().unwrap();
    find(store, user)
}

pub(super) fn assert_is_intact(store: &TestStore) {
    let auditor = Auditor::new(store.database.clone(), Arc::new(AuditKeys::new(&test_keys())));
    let report = auditor.verify(None).unwrap();
    assert!(report.is_intact(), "{}: {:?}", store.name, report.findings);
}

/// Sets these columns from the copy, as an ORM does that saves an object from its cache.
fn save_copy(store: &TestStore, columns: &str) {
    store.sql("UPDATE copy SET full_name = 'Countess'");
    store.sql(&format!(
        "UPDATE users SET ({columns}) = (SELECT {columns} FROM copy WHERE copy.id = users.id)"
    ));
    let named = "SELECT count(*) FROM users WHERE full_name = 'Countess'";
    assert_eq!(store.number(named), 1, "{}: NOVA's own column is stored", store.name);
}

/// Copies a row, changes the account, and saves the copy. No MFA column may change.
fn saved_copy_changes_nothing(begin: fn(&mut Account), decision: fn(&mut Account)) {
    let with_version = format!("{MAPPED}, mfa_version");
    let with_all = format!("{MAPPED}, mfa_version, mfa_internal");
    for columns in [MAPPED, &with_version, &with_all] {
        for store in TestStore::each() {
            let user = store.add_user("ada");
            change(&store, user, begin);
            store.sql("CREATE TABLE copy AS SELECT * FROM users");
            let before = change(&store, user, decision);
            save_copy(&store, columns);
            let after = find(&store, user);
            assert!(after.version > before.version, "{}: {columns}", store.name);
            assert_eq!(Account { version: before.version, ..after }, before, "{}: {columns}", store.name);
            assert_is_intact(&store);
        }
    }
}

#[test]
fn a_saved_copy_makes_no_spent_code_valid() {
    saved_copy_changes_nothing(enrolled, |account| {
        account.recovery.codes[1].used_at = Some(minutes(2));
        account.last_success_at = Some(minutes(2));
        account.last_method = Some(FactorKind::Recovery);
    });
}

#[test]
fn a_saved_copy_restores_no_replaced_set_of_codes() {
    saved_copy_changes_nothing(enrolled, |account| account.recovery = codes("b", minutes(2)));
}

#[test]
fn a_saved_copy_restores_no_replaced_app() {
    saved_copy_changes_nothing(enrolled, |account| {
        account.totp.secret = Some(sealed("second"));
        account.totp.enrolled_at = Some(minutes(2));
        account.totp.last_step = None;
        account.revoke_sessions(minutes(2), None);
    });
}

#[test]
fn a_saved_copy_restores_no_removed_app_and_no_removed_phone() {
    saved_copy_changes_nothing(enrolled, |account| {
        account.totp = TotpState::default();
        account.revoke_sessions(minutes(2), None);
    });
    saved_copy_changes_nothing(enrolled, |account| {
        account.phone = PhoneState::default();
        account.backup_method = BackupMethod::None;
        account.revoke_sessions(minutes(2), None);
    });
}

#[test]
fn a_saved_copy_from_before_the_enrolment_removes_no_factor() {
    saved_copy_changes_nothing(|account| account.mfa_enforced = true, enrolled);
}

#[test]
fn a_saved_copy_restores_no_used_time_step() {
    saved_copy_changes_nothing(enrolled, |account| account.totp.last_step = Some(60_000_001));
}

#[test]
fn a_saved_copy_unlocks_nobody() {
    saved_copy_changes_nothing(enrolled, |account| {
        account.failures = 10;
        account.lock_until = Some(LATER);
        account.internal.strikes.add(NOON);
    });
    saved_copy_changes_nothing(enrolled, |account| account.failures = 9);
}

#[test]
fn a_copy_of_the_changed_columns_alone_unlocks_nobody() {
    for store in TestStore::each() {
        let user = store.add_user("ada");
        store.sql("CREATE TABLE copy AS SELECT * FROM users");
        change(&store, user, locked);
        save_copy(&store, "full_name, mfa_failed_attempts, mfa_lock_until");
        let account = find(&store, user);
        assert_eq!((account.failures, account.lock_until), (10, Some(LATER)), "{}", store.name);
        store.sql("UPDATE users SET mfa_failed_attempts = 0, mfa_lock_until = NULL");
        let account = find(&store, user);
        assert_eq!((account.failures, account.lock_until), (0, None), "{}", store.name);
    }
}

#[test]
fn a_written_set_keeps_spent_codes_spent_and_may_be_a_new_one() {
    for store in TestStore::each() {
        let user = store.add_user("ada");
        change(&store, user, |account| {
            enrolled(account);
            account.recovery.codes[0].used_at = Some(minutes(2));
        });
        let old = find(&store, user);
        let unspent = serde_json::to_string(&codes("a", NOON).codes).unwrap();
        store.sql(&format!("UPDATE users SET recovery_codes = '{unspent}'"));
        let account = find(&store, user);
        assert_eq!(account.recovery, old.recovery, "{}", store.name);
        assert_eq!(account.internal, old.internal, "{}: no code was added", store.name);
        store.sql("UPDATE users SET recovery_codes = '[\"$2b$04$x\"]'");
        let account = find(&store, user);
        assert!(account.recovery.unreadable.is_some(), "{}: {:?}", store.name, account.recovery);
        assert_eq!(account.internal.session, old.internal.session, "{}", store.name);
        change(&store, user, |_| ());
        let recorded =
            "SELECT count(*) FROM mfa_events WHERE event = 'foreign_change' AND method = 'recovery'";
        assert_eq!(store.number(recorded), 1, "{}", store.name);
        assert_is_intact(&store);
    }
}

/// Only this server seals values and makes digests of codes. Another program can only write those that it read earlier.
#[test]
fn a_sealed_value_or_a_digest_that_the_row_does_not_have_is_an_old_copy() {
    let old = serde_json::to_string(&codes("a", NOON).codes).unwrap();
    let mixed = format!("[\"$2b$04$x\", {}", &old[1..]);
    let statements = [
        "totp_secret = 'v1.k.first'".to_owned(),
        "totp_secret = 'v1.k.first', totp_last_step = NULL".to_owned(),
        "totp_pending_secret = 'v1.k.pending', totp_pending_expires_at = totp_enrolled_at".to_owned(),
        "phone_number = 'v1.k.phone'".to_owned(),
        "phone_pending = 'v1.k.phone'".to_owned(),
        format!("recovery_codes = '{old}'"),
        format!("recovery_codes = '{mixed}'"),
    ];
    for statement in statements {
        for store in TestStore::each() {
            let user = store.add_user("ada");
            change(&store, user, enrolled);
            let before = change(&store, user, |account| {
                account.totp.secret = Some(sealed("second"));
                account.phone.number = Some(sealed("second phone"));
                account.recovery = codes("b", NOON);
            });
            store.sql(&format!("UPDATE users SET full_name = 'Countess', {statement}"));
            let after = find(&store, user);
            assert!(after.version > before.version, "{}: {statement}", store.name);
            assert_eq!(Account { version: before.version, ..after }, before, "{}: {statement}", store.name);
            let named = "SELECT count(*) FROM users WHERE full_name = 'Countess'";
            assert_eq!(store.number(named), 1, "{}: NOVA's own column is stored", store.name);
        }
    }
}

#[test]
fn spent_codes_do_not_come_back_by_two_writes() {
    let old = serde_json::to_string(&codes("a", NOON).codes).unwrap();
    for removed in ["NULL", "'[]'", "'{}'", "'[\"$2b$04$x\"]'"] {
        for store in TestStore::each() {
            let user = store.add_user("ada");
            change(&store, user, |account| {
                enrolled(account);
                account.recovery.codes[0].used_at = Some(minutes(2));
            });
            store.sql(&format!("UPDATE users SET recovery_codes = {removed}"));
            let before = find(&store, user);
            store.sql(&format!("UPDATE users SET recovery_codes = '{old}'"));
            let after = find(&store, user);
            assert!(after.recovery.codes.is_empty(), "{} {removed}", store.name);
            assert_eq!(Account { version: before.version, ..after }, before, "{} {removed}", store.name);
        }
    }
}

#[test]
fn a_document_that_is_no_object_stops_no_write_of_another_program() {
    for store in TestStore::each() {
        let user = store.add_user("ada");
        change(&store, user, enrolled);
        let mut documents =
            vec!["[]", "\"x\"", "7", "null", "{\"sv\": \"many\", \"sv_at\": {}, \"foreign\": 3}"];
        if store.name == "SQLite" {
            documents.push("{");
        }
        for document in documents {
            store
                .sql(&format!("UPDATE users SET mfa_internal = '{document}', mfa_version = mfa_version + 1"));
            store.sql("UPDATE users SET full_name = 'Countess', totp_secret = 'GEZDGNBVGY3TQOJQ'");
            store.sql("UPDATE users SET totp_secret = NULL, mfa_failed_attempts = 0, mfa_lock_until = NULL");
            let written = "SELECT count(*) FROM users WHERE full_name = 'Countess' AND totp_secret IS NULL";
            assert_eq!(store.number(written), 1, "{}: {document}", store.name);
        }
    }
}

#[test]
fn codes_in_another_form_are_stored_in_a_row_without_codes() {
    for store in TestStore::each() {
        for codes in ["[\"$2b$04$x\"]", "[{\"hash\":\"x\",\"used\":false}]", "[7]", "{}"] {
            let user = store.add_user(&format!("user{codes}"));
            store.sql(&format!(
                "UPDATE users SET mfa_enforced = TRUE, recovery_codes = '{codes}' WHERE id = {user}"
            ));
            let account = find(&store, user);
            assert!(account.mfa_enforced && account.recovery.unreadable.is_some(), "{} {codes}", store.name);
        }
    }
}

#[test]
fn a_changed_secret_ends_the_sessions_and_the_next_decision_records_it() {
    for store in TestStore::each() {
        let user = store.add_user("ada");
        let before = change(&store, user, enrolled);
        store.sql("UPDATE users SET totp_secret = 'GEZDGNBVGY3TQOJQ'");
        let account = find(&store, user);
        let written = Sealed::from_column("GEZDGNBVGY3TQOJQ".into());
        assert_eq!(account.totp.secret, Some(written), "{}", store.name);
        assert_eq!(account.internal.session, before.internal.session + 1, "{}", store.name);
        assert!(account.internal.sessions_revoked_at > Some(Timestamp::from_seconds(0)), "{}", store.name);
        let recorded = "SELECT count(*) FROM mfa_events";
        assert_eq!(store.number(recorded), 0, "{}", store.name);
        let account = change(&store, user, |_| ());
        assert_eq!(account.internal.foreign_changes, mfa_core::ForeignChanges::default());
        change(&store, user, |account| account.failures += 1);
        let recorded = "SELECT count(*) FROM mfa_events WHERE event = 'foreign_change' AND outcome = 'success' \
                        AND method = 'totp'";
        assert_eq!(store.number(recorded), 1, "{}: once", store.name);
        assert!(
            store.log.recorded().iter().any(|it| it.event.kind == EventKind::ForeignChange),
            "{}",
            store.name
        );
        assert_is_intact(&store);
    }
}

#[test]
fn novas_own_columns_change_no_factor_and_record_nothing() {
    for store in TestStore::each() {
        let user = store.add_user("ada");
        let before = change(&store, user, enrolled);
        store.sql(
            "UPDATE users SET email = 'countess@example.com', full_name = 'Countess', hashed_password = 'x'",
        );
        let account = change(&store, user, |_| ());
        assert_eq!(account.email, "countess@example.com", "{}", store.name);
        let expected = Account { email: account.email.clone(), version: account.version, ..before };
        assert_eq!(account, expected, "{}", store.name);
        assert_eq!(store.number("SELECT count(*) FROM mfa_events"), 0, "{}", store.name);
    }
}

#[test]
fn a_dropped_mfa_column_stops_no_update_of_a_user_and_the_others_keep_their_values() {
    let store = TestStore::postgres();
    let user = store.add_user("ada");
    change(&store, user, enrolled);
    store.sql("ALTER TABLE users DROP COLUMN mfa_lock_until, DROP COLUMN totp_enrolled_at");
    store.sql(&format!(
        "UPDATE users SET full_name = 'Countess', email = 'c@example.com', totp_secret = 'v1.k.old' WHERE id = {user}"
    ));
    let kept = "SELECT count(*) FROM users WHERE full_name = 'Countess' AND totp_secret = 'v1.k.first' AND mfa_version = 2";
    assert_eq!(store.number(kept), 1);
}

#[test]
fn a_statement_that_sets_a_column_of_nova_unlocks_nobody() {
    let nova =
        ["updated_at = created_at", "is_active = TRUE", "hashed_password = 'x'", "username = username"];
    for own in nova {
        for store in TestStore::each() {
            let user = store.add_user("ada");
            change(&store, user, locked);
            store.sql(&format!(
                "UPDATE users SET mfa_failed_attempts = 0, {own}, mfa_lock_until = NULL WHERE id = {user}"
            ));
            let account = find(&store, user);
            assert_eq!((account.failures, account.lock_until), (10, Some(LATER)), "{}: {own}", store.name);
            store.sql("UPDATE users SET mfa_failed_attempts = 0, mfa_lock_until = NULL WHERE email = 'ada@example.com'");
            let account = find(&store, user);
            assert_eq!((account.failures, account.lock_until), (0, None), "{}", store.name);
        }
    }
}

/// Only the two documented columns may be set. Neither a literal nor a comment can imitate the end of the list.
#[test]
fn no_text_in_a_statement_makes_the_save_of_an_object_an_unlock() {
    const RESET: &str = "mfa_failed_attempts = 0, mfa_lock_until = NULL";
    let store = TestStore::postgres();
    let user = store.add_user("ada");
    change(&store, user, locked);
    for statement in [
        format!(
            "UPDATE users SET mfa_last_method = 'from where', {RESET}, full_name = 'x' WHERE id = {user}"
        ),
        format!("UPDATE users SET mfa_last_method = 'a;b', {RESET}, full_name = 'x' WHERE id = {user}"),
        format!("UPDATE users SET {RESET} /* returning */, full_name = 'x' WHERE id = {user}"),
        format!("UPDATE users SET {RESET} -- where\n, full_name = 'x' WHERE id = {user}"),
        format!("UPDATE users SET {RESET} -- it's a save\n, full_name = 'x' WHERE id = {user}"),
        format!("UPDATE users SET {RESET} /* /* */ where */, full_name = NULL WHERE id = {user}"),
        format!(
            "UPDATE users SET mfa_failed_attempts = (SELECT 0 FROM (SELECT 1) q), mfa_lock_until = NULL, full_name = 'y' \
             WHERE id = {user}"
        ),
        format!(
            "WITH q AS (SELECT 'update x set y from ') UPDATE users SET {RESET}, full_name = 'z' WHERE id = {user}"
        ),
        format!(
            "WITH a AS (UPDATE users SET mfa_enforced = FALSE WHERE id = -1 RETURNING 1) \
             UPDATE users SET {RESET}, full_name = 'w' WHERE id = {user}"
        ),
        format!(
            "UPDATE users SET {RESET} WHERE id = -1; UPDATE users SET {RESET}, full_name = 'v' WHERE id = {user}"
        ),
    ] {
        store.sql(&statement);
        let account = find(&store, user);
        assert_eq!((account.failures, account.lock_until), (10, Some(LATER)), "{statement}");
    }
    for statement in [
        format!(
            "UPDATE users SET mfa_failed_attempts = 0, /* by email, ticket 7 */ mfa_lock_until = NULL WHERE id = {user}"
        ),
        format!(
            "-- update users set email for id\nUPDATE ONLY public.users AS u SET {RESET} WHERE u.id = {user};"
        ),
        "update \"users\" set \"mfa_failed_attempts\"=0,mfa_lock_until=null::timestamp where email='ada@example.com'"
            .to_owned(),
    ] {
        store.sql(&statement);
        let account = find(&store, user);
        assert_eq!((account.failures, account.lock_until), (0, None), "{statement}");
        change(&store, user, locked);
    }
}

#[test]
fn novas_migrations_may_change_the_types_of_its_own_columns() {
    let store = TestStore::postgres();
    store.sql(
        "ALTER TABLE users ALTER COLUMN email TYPE VARCHAR(320), ALTER COLUMN username TYPE VARCHAR(99), \
               ALTER COLUMN full_name TYPE VARCHAR(99), ALTER COLUMN updated_at TYPE TIMESTAMP",
    );
}

#[test]
fn codes_in_another_form_match_nothing_and_stay_until_they_are_replaced() {
    for store in TestStore::each() {
        let user = store.add_user("ada");
        change(&store, user, enrolled);
        store.sql("UPDATE users SET recovery_codes = '[\"$2b$04$x\"]'");
        let account = change(&store, user, |account| account.mfa_enforced = true);
        assert!(account.has_totp() && account.recovery.codes.is_empty() && !account.recovery.is_absent());
        let kept = "SELECT count(*) FROM users WHERE mfa_enforced AND recovery_codes IS NOT NULL";
        assert_eq!(store.number(kept), 1, "{}", store.name);
        let account = change(&store, user, |account| account.recovery = codes("b", minutes(3)));
        assert_eq!(account.recovery, codes("b", minutes(3)), "{}", store.name);
        let account = change(&store, user, |account| account.remove_all_factors(minutes(4)));
        assert!(account.recovery.is_absent(), "{}", store.name);
    }
}
