//! Tests of a server of the previous version beside this one: its statements do not name `mfa_authenticators`, and it
//! reads a placeholder of a passkey as the secret of an app.

use mfa_core::{Account, FactorResult, PasskeyState, SealedColumn, SecretCipher as _, TotpState, UserId};
use mfa_flows::TokenKind;
use mfa_infra::crypto::{AesGcmCipher, OsEntropy};
use mfa_passkey::testing::SoftwareAuthenticator;
use mfa_totp::TotpCode;
use nova_mfa_tests::{NOON, TestFlows, TestStore, test_keys};

use super::guard::find;

/// Columns that a verification of the previous version writes.
const HOT: &str =
    "totp_last_step, mfa_failed_attempts, mfa_lock_until, mfa_last_success_at, mfa_last_method, mfa_internal";
/// All columns that the previous version writes.
const ALL: &str = "mfa_enforced, is_totp_enabled, totp_secret, totp_pending_secret, totp_pending_expires_at, \
    totp_enrolled_at, phone_number, phone_pending, is_phone_verified, phone_verified_at, mfa_backup_method, recovery_codes, \
    recovery_codes_generated_at, totp_last_step, mfa_failed_attempts, mfa_lock_until, mfa_last_success_at, mfa_last_method, \
    mfa_internal";

/// Writes these columns of every row as the previous version does, with these new values.
fn previous_version_writes(store: &TestStore, columns: &str, values: &[(&str, &str)]) {
    let columns: Vec<_> = columns.split(", ").map(str::trim).collect();
    let value = |column: &str| {
        values.iter().find(|it| it.0 == column).map_or(column.to_owned(), |it| it.1.to_owned())
    };
    if store.name == "PostgreSQL" {
        let sets: Vec<_> = columns.iter().map(|it| format!("{it} = {}", value(it))).collect();
        store.sql(&format!("UPDATE users SET {}, mfa_version = mfa_version + 1", sets.join(", ")));
    } else {
        // Its INSERT into the view always names all of its columns.
        let values: Vec<_> = ALL.split(", ").map(|it| value(it.trim())).collect();
        store.sql(&format!(
            "INSERT INTO mfa_account_writes (id, mfa_version, {ALL}, events) \
             SELECT id, mfa_version, {}, '[]' FROM users",
            values.join(", ")
        ));
    }
}

/// Returns the account as the previous version reads the row.
fn as_previous_version_reads(account: &Account) -> Account {
    let (secret, enrolled_at) = if account.totp.enabled {
        (account.totp.secret.clone(), account.totp.enrolled_at)
    } else {
        (account.passkeys.placeholder.clone(), account.passkeys.keys.first().map(|it| it.created_at))
    };
    let totp = TotpState { enabled: true, secret, enrolled_at, ..account.totp.clone() };
    Account { totp, passkeys: PasskeyState::default(), ..account.clone() }
}

/// Users with a passkey alone, and with an app too, whose name was changed.
fn users(world: &TestFlows, devices: &mut [SoftwareAuthenticator; 2]) -> [UserId; 2] {
    let alone = world.enrol_passkey("ada", &mut devices[0]);
    let both = world.enrol("bob").user;
    world.register_passkey(&world.call(both, TokenKind::TwoFactors), &mut devices[1]);
    let call = world.call(both, TokenKind::TwoFactors);
    let renamed = world.flows.rename_authenticator(&call, "totp".to_owned(), "Work phone".to_owned());
    world.store.runtime.block_on(renamed).unwrap();
    [alone, both]
}

#[test]
fn a_write_of_the_previous_version_loses_no_passkey_and_no_name() {
    for store in TestStore::each() {
        let world = TestFlows::new(store);
        let mut devices = [1, 2].map(SoftwareAuthenticator::new);
        let users = users(&world, &mut devices);
        let before = users.map(|user| find(&world.store, user));
        for columns in [HOT, ALL] {
            let failed =
                [("mfa_failed_attempts", "mfa_failed_attempts + 1"), ("mfa_last_method", "'recovery'")];
            previous_version_writes(&world.store, columns, &failed);
        }
        for ((user, before), device) in users.into_iter().zip(before).zip(&mut devices) {
            let account = find(&world.store, user);
            assert_eq!(account.failures, before.failures + 2, "{}: it was written", world.store.name);
            let kept = |it: &Account| {
                (it.passkeys.clone(), it.names.clone(), it.internal.authenticators.clone(), it.totp.clone())
            };
            assert_eq!(kept(&account), kept(&before), "{}", world.store.name);
            let call = world.call(user, TokenKind::Pending);
            let assertion = world.assertion(&call, device);
            let granted = world.store.runtime.block_on(world.flows.verify_passkey(&call, assertion));
            assert!(granted.is_ok(), "{}: {granted:?}", world.store.name);
        }
    }
}

#[test]
fn the_previous_version_asks_the_owner_of_a_passkey_for_a_code_that_nobody_has() {
    let cipher = AesGcmCipher::new(&test_keys(), std::sync::Arc::new(OsEntropy));
    for store in TestStore::each() {
        let world = TestFlows::new(store);
        let mut secrets = Vec::new();
        for (name, seed) in [("ada", 1), ("bob", 2)] {
            let user = world.enrol_passkey(name, &mut SoftwareAuthenticator::new(seed));
            let sees = "is_totp_enabled AND totp_secret LIKE 'v1.%' AND totp_enrolled_at IS NOT NULL AND totp_last_step IS NULL";
            let row = format!("SELECT count(*) FROM users WHERE id = {user} AND {sees}");
            assert_eq!(world.store.number(&row), 1, "{}", world.store.name);

            let mut account = as_previous_version_reads(&find(&world.store, user));
            assert!(account.has_totp() && account.needs_second_factor(), "{}", world.store.name);
            let placeholder = account.totp.secret.clone().unwrap();
            let secret = cipher.unseal(&placeholder, account.seal_context(SealedColumn::TotpSecret)).unwrap();
            assert_eq!(secret.expose().len(), 20, "as long as a secret of an app");
            for guess in ["000000", "123456", "999999"] {
                let code = TotpCode::parse(guess).unwrap();
                let result = mfa_totp::verify(&mut account, &code, NOON, &cipher);
                assert_eq!(result, Ok(FactorResult::Wrong), "{}", world.store.name);
            }
            secrets.push(secret);
        }
        assert!(secrets[0] != secrets[1], "{}: it is random", world.store.name);
    }
}

#[test]
fn a_passkey_that_the_previous_version_removed_with_all_factors_does_not_come_back() {
    for store in TestStore::each() {
        let world = TestFlows::new(store);
        let mut devices = [1, 2].map(SoftwareAuthenticator::new);
        let users = users(&world, &mut devices);
        let sealed = [("is_totp_enabled", "TRUE"), ("totp_secret", "'v1.test.of-a-new-app'")];
        let removed = [("is_totp_enabled", "FALSE"), ("totp_secret", "NULL"), ("totp_enrolled_at", "NULL")];
        // A reset, and another enrolment before this version reads the row.
        previous_version_writes(&world.store, ALL, &removed);
        previous_version_writes(&world.store, ALL, &sealed);
        for user in users {
            let account = find(&world.store, user);
            assert!(account.has_totp() && !account.has_passkey(), "{}", world.store.name);
        }
    }
}
