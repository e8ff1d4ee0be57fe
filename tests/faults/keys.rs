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

#[test]
fn a_lost_file_of_generated_keys_is_named_and_not_replaced() {
    let installation = Installation::sqlite(&[]).without("MFA_ENCRYPTION_KEYS");
    let server = installation.start();
    server.terminate();
    assert!(server.wait().success());
    let file = installation.folder().join("data/encryption-keys");
    let keys = std::fs::read(&file).unwrap();
    std::fs::remove_file(&file).unwrap();
    for _ in 0..2 {
        let refusal = installation.try_start().unwrap_err();
        assert!(refusal.stderr.contains("data/encryption-keys is missing"), "{refusal:?}");
        assert!(refusal.stderr.contains("restore the file from a backup"), "{refusal:?}");
        assert!(!file.exists());
    }
    std::fs::write(&file, keys).unwrap();
    std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    installation.start().client().get("/health/ready").send().ok();
}

#[test]
fn a_lost_demo_password_is_replaced_for_the_demo_user() {
    let installation = ["DATABASE_URL", "MFA_ENCRYPTION_KEYS", "JWT_SECRET_KEY"]
        .into_iter()
        .fold(Installation::sqlite(&[]), Installation::without);
    let file = installation.folder().join("data/demo-password");
    let login = |server: &nova_mfa_tests::ServerProcess| {
        let password = std::fs::read_to_string(&file).unwrap();
        let body = serde_json::json!({ "username": "demo", "password": password.trim() });
        server.client().post("/api/auth/login").json(&body).send().ok();
    };
    let server = installation.start();
    login(&server);
    server.terminate();
    assert!(server.wait().success());
    std::fs::remove_file(&file).unwrap();
    login(&installation.start());
    assert!(installation.log().contains("the file of the demo password was missing"));
}

#[test]
fn an_edited_demo_password_is_noticed_and_not_printed() {
    let installation = ["DATABASE_URL", "MFA_ENCRYPTION_KEYS", "JWT_SECRET_KEY"]
        .into_iter()
        .fold(Installation::sqlite(&[]), Installation::without);
    drop(installation.start());
    std::fs::write(installation.folder().join("data/demo-password"), "edited-password\n").unwrap();
    drop(installation.start());
    let log = installation.log();
    assert!(log.contains("data/demo-password does not contain the password of the user demo"), "{log}");
    assert!(!log.contains("edited-password"), "{log}");
}
