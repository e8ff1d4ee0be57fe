//! Tests of the size of rows with passkeys.

use mfa_flows::TokenKind;
use mfa_passkey::testing::SoftwareAuthenticator;
use nova_mfa_tests::TestServer;

/// All columns of `users` but the recovery codes.
const COLUMNS: &str = "id email username hashed_password full_name is_active is_superuser created_at updated_at mfa_enforced \
    is_totp_enabled totp_secret totp_pending_secret totp_pending_expires_at totp_enrolled_at phone_number phone_pending \
    is_phone_verified phone_verified_at mfa_backup_method recovery_codes_generated_at totp_last_step mfa_failed_attempts \
    mfa_lock_until mfa_last_success_at mfa_last_method mfa_version mfa_internal mfa_authenticators";

/// Returns the bytes that the columns of the only row take, without those of the recovery codes, and with them.
fn sizes(server: &TestServer) -> [i64; 2] {
    let size = |column: &str| match server.name() {
        "PostgreSQL" => format!("coalesce(pg_column_size({column}), 0)"),
        _ => format!("coalesce(length(CAST({column} AS BLOB)), 0)"),
    };
    let sum = COLUMNS.split_whitespace().map(size).collect::<Vec<_>>().join(" + ");
    [sum.clone(), format!("{sum} + {}", size("recovery_codes"))]
        .map(|sum| server.installation.number(&format!("SELECT {sum} FROM users")))
}

#[test]
fn a_row_with_three_passkeys_and_an_empty_token_list_takes_less_than_two_kilobytes_beside_its_codes() {
    for server in TestServer::each() {
        let user = server.add_user("ada");
        server.enrol_passkey(user, &mut SoftwareAuthenticator::synced(1));
        for seed in 2..=3 {
            let token = server.token(user, TokenKind::TwoFactors);
            server.register_passkey(&token, &mut SoftwareAuthenticator::new(seed)).ok();
        }
        let [alone, with_codes] = sizes(&server);
        assert!(alone < 2048, "{}: {alone} bytes", server.name());
        // One page of SQLite. PostgreSQL moves the longest values out of a row of more than two kilobytes.
        assert!(with_codes < 4000, "{}: {with_codes} bytes with ten recovery codes", server.name());
    }
}
