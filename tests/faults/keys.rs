//! Tests of a start with keys that did not encrypt the database.

use nova_mfa_tests::{ENCRYPTION_KEY, Installation};

const OTHER: &str = "other:Zm9yIGFub3RoZXIgZGF0YWJhc2UgYWx0b2dldGhlciE=";

#[test]
fn a_server_without_the_keys_of_its_database_does_not_start() {
    for installation in Installation::each(&[]) {
        let server = installation.start();
        server.terminate();
        assert!(server.wait().success());

        let installation = installation.with("MFA_ENCRYPTION_KEYS", OTHER);
        let refusal = installation.try_start().unwrap_err();
        assert_eq!(refusal.code, Some(1), "{refusal:?}");
        assert!(refusal.stderr.contains("MFA_ENCRYPTION_KEYS"), "{refusal:?}");
        let admin = installation.admin(&["user", "list"], "");
        assert_eq!(admin.code, Some(1), "{admin:?}");

        let same_name = installation.with("MFA_ENCRYPTION_KEYS", &OTHER.replace("other:", "test:"));
        let refusal = same_name.try_start().unwrap_err();
        assert_eq!(refusal.code, Some(1), "{refusal:?}");

        let both = format!("{OTHER},test:{ENCRYPTION_KEY}");
        let both = same_name.with("MFA_ENCRYPTION_KEYS", &both);
        both.start().client().get("/health/ready").send().ok();
    }
}
