//! Tests of the column `mfa_authenticators`: stale saves, repair, migrations and servers of the previous version.

use mfa_core::{Account, AuthenticatorUse, Passkey, Sealed, UserId};
use nova_mfa_tests::{NOON, TestStore};

use super::guard::{change, find};

pub(super) fn with_passkey(account: &mut Account) {
    account.passkeys.handle = Some("handle".to_owned());
    account.passkeys.placeholder = Some(Sealed::from_column("v1.k.placeholder".to_owned()));
    account.passkeys.keys.push(Passkey {
        id: "k1".to_owned(),
        name: "Key".to_owned(),
        created_at: NOON,
        credential_id: "AQ".to_owned(),
        credential: serde_json::json!({ "rp_id": "mfa.example.com" }),
        rest: serde_json::Map::new(),
    });
    account.names.insert("sms".to_owned(), "Work phone".to_owned());
    let used = AuthenticatorUse { counter: 7, ..AuthenticatorUse::default() };
    account.internal.authenticators.insert("k1".to_owned(), used);
}

fn enrolled(store: &TestStore) -> (UserId, Account) {
    let user = store.add_user("ada");
    let account = change(store, user, with_passkey);
    (user, account)
}

#[test]
fn a_saved_copy_restores_no_removed_passkey_and_removes_no_new_one() {
    for store in TestStore::each() {
        for columns in [
            "mfa_authenticators",
            "mfa_authenticators, is_totp_enabled, totp_secret, totp_enrolled_at, mfa_version",
        ] {
            store.sql("DROP TABLE IF EXISTS copy");
            store.sql("DELETE FROM users");
            let user = store.add_user("ada");
            store.sql("CREATE TABLE copy AS SELECT * FROM users");
            let after = change(&store, user, with_passkey);
            let save = |store: &TestStore| {
                let sets: Vec<_> = columns
                    .split(", ")
                    .map(|it| format!("{it} = (SELECT {it} FROM copy WHERE copy.id = users.id)"))
                    .collect();
                store.sql(&format!("UPDATE users SET full_name = 'x', {}", sets.join(", ")));
            };
            save(&store);
            assert_eq!(find(&store, user).passkeys, after.passkeys, "{}: {columns}", store.name);

            store.sql("DROP TABLE copy");
            store.sql("CREATE TABLE copy AS SELECT * FROM users");
            change(&store, user, |account| drop(account.remove_passkey("k1")));
            save(&store);
            let account = find(&store, user);
            assert!(!account.has_passkey() && !account.has_factor(), "{}: {columns}", store.name);
        }
    }
}

#[test]
fn the_documented_emergency_sql_removes_passkeys_for_good() {
    for store in TestStore::each() {
        let (user, _) = enrolled(&store);
        store.sql("UPDATE users SET is_totp_enabled = false, mfa_enforced = false");
        store.sql("UPDATE users SET is_totp_enabled = true");
        assert!(!find(&store, user).has_passkey(), "{}", store.name);
    }
}

#[test]
fn a_column_that_cannot_be_read_hurts_its_own_row_and_a_reset_cures_it() {
    for store in TestStore::each() {
        let (user, _) = enrolled(&store);
        let other = store.add_user("bob");
        store.sql(&format!("UPDATE users SET mfa_authenticators = '[{{\"kind\": \"passkey\"}}]', mfa_version = mfa_version + 1 WHERE id = {user}"));
        assert!(store.runtime.block_on(store.accounts().find(user)).is_err(), "{}", store.name);
        assert!(!find(&store, other).has_passkey());
        let accounts = store.accounts();
        let repaired = accounts.repair(user, mfa_core::RepairScope::All, NOON);
        assert!(store.runtime.block_on(repaired).unwrap(), "{}", store.name);
    }
}

#[test]
fn a_passkey_is_a_factor_and_no_app_in_lists_and_statistics() {
    for store in TestStore::each() {
        let (_, account) = enrolled(&store);
        assert!(account.has_factor() && !account.has_totp());
        let query = mfa_core::UserQuery { limit: 9, ..mfa_core::UserQuery::default() };
        let page = store.runtime.block_on(store.database.list(query, NOON)).unwrap().unwrap();
        assert!(page.users[0].has_passkey && !page.users[0].totp_enabled, "{}", store.name);
        let totals = store.runtime.block_on(store.database.totals(NOON)).unwrap();
        assert_eq!((totals.with_factor, totals.with_totp), (1, 0), "{}", store.name);
    }
}

#[test]
fn sql_of_another_program_adds_and_changes_no_passkey() {
    for store in TestStore::each() {
        let (user, before) = enrolled(&store);
        let key = "'[{\"kind\": \"passkey\", \"id\": \"k2\", \"name\": \"x\", \"at\": 1, \"cid\": \"AA\", \"cred\": {}}]'";
        for set in [
            format!("mfa_authenticators = {key}"),
            format!("mfa_authenticators = {key}, full_name = 'x'"),
            format!(
                "mfa_authenticators = {key}, is_totp_enabled = true, mfa_internal = '{{}}', mfa_failed_attempts = 0"
            ),
        ] {
            store.sql(&format!("UPDATE users SET {set}"));
            let after = find(&store, user);
            assert_eq!(after.passkeys, before.passkeys, "{}: {set}", store.name);
            assert_eq!(
                after.internal.authenticators, before.internal.authenticators,
                "{}: {set}",
                store.name
            );
        }
    }
}
