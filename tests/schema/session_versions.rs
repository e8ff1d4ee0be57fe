//! Tests of a server of the version before sessions beside this one: it records events without a token, and refuses the token
//! of a session that was ended here.

use mfa_core::DenylistReason;
use mfa_flows::TokenKind;
use nova_mfa_tests::{TestFlows, TestStore};

use super::guard::find;

/// Records an event as the previous version does: its statement does not name the columns of the token.
fn previous_version_records(store: &TestStore, seq: i64) {
    if store.name == "PostgreSQL" {
        store.sql(&format!(
            "INSERT INTO mfa_events (event_id, user_id, seq, at, event, outcome, salt, personal_digest, mac_key, mac) \
             SELECT 'a', id, {seq}, now(), 'login', 'success', 'a', 'a', 'test', 'a' FROM users"
        ));
        return;
    }
    let columns = "mfa_internal, mfa_enforced, is_totp_enabled, totp_secret, totp_pending_secret, \
        totp_pending_expires_at, totp_enrolled_at, phone_number, phone_pending, is_phone_verified, phone_verified_at, \
        mfa_backup_method, recovery_codes, recovery_codes_generated_at, totp_last_step, mfa_failed_attempts, \
        mfa_lock_until, mfa_last_success_at, mfa_last_method";
    let event = format!(
        "json_array(json_array('aa', {seq}, 0, 'login', NULL, 'success', NULL, NULL, NULL, NULL, NULL, 'aa', 'aa', \
         'test', 'aa'))"
    );
    store.sql(&format!(
        "INSERT INTO mfa_account_writes (id, mfa_version, {columns}, events, mfa_authenticators) \
         SELECT id, mfa_version, {columns}, {event}, mfa_authenticators FROM users"
    ));
}

#[test]
fn the_previous_version_records_events_without_a_token() {
    for store in TestStore::each() {
        store.add_user("ada");
        previous_version_records(&store, 90);
        let recorded =
            "SELECT count(*) FROM mfa_events WHERE seq = 90 AND token_id IS NULL AND token_session IS NULL";
        assert_eq!(store.number(recorded), 1, "{}", store.name);
    }
}

/// The previous version reads this list by the same ID, which it computes from the `jti`.
#[test]
fn ending_a_session_denies_its_token_in_the_list_that_the_previous_version_reads() {
    for store in TestStore::each() {
        let name = store.name;
        let world = TestFlows::new(store);
        let ada = world.enrol("ada");
        let [here, there] = [0; 2].map(|_| world.call(ada.user, TokenKind::TwoFactors));
        world.store.runtime.block_on(world.flows.revoke_session(&here, there.token.id)).unwrap();
        let list = find(&world.store, ada.user).internal.denylist;
        assert_eq!(list.reason(&there.token.id), Some(DenylistReason::Revoked), "{name}");
        assert_eq!(list.reason(&here.token.id), None, "{name}");
    }
}
