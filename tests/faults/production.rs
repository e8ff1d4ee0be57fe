//! Tests of the development features that production rejects, run as a program.

use nova_mfa_tests::Installation;

const SECRET: &str = nova_mfa_tests::JWT_SECRET;

#[track_caller]
fn assert_start_rejected(installation: &Installation, sentence: &str) {
    let refusal = installation.try_start().expect_err("production started");
    assert_eq!(refusal.code, Some(1), "{refusal:?}");
    assert!(refusal.stderr.contains(sentence), "{sentence} in {refusal:?}");
    assert!(!refusal.stderr.contains(SECRET) && !refusal.stderr.contains(nova_mfa_tests::ENCRYPTION_KEY));
}

fn production(settings: &[(&str, &str)]) -> Installation {
    Installation::sqlite(&[&[("MFA_ENV", "production")], settings].concat())
}

#[test]
fn production_starts_with_its_keys_and_a_database_and_no_sms() {
    let server = production(&[]).start();
    server.client().get("/health").send().ok();
    let ready = server.client().get("/health/ready").send().ok();
    assert_eq!(ready["degraded"][0]["part"], "providers", "{ready}");
    server.client().post("/api/auth/login").send().assert_problem(404, "not_found");
}

#[test]
fn production_rejects_each_development_convenience() {
    for (installation, sentence) in [
        (production(&[]).without("DATABASE_URL"), "DATABASE_URL is required in production"),
        (production(&[]).without("JWT_SECRET_KEY"), "JWT_SECRET_KEY is required in production"),
        (production(&[]).without("MFA_ENCRYPTION_KEYS"), "MFA_ENCRYPTION_KEYS is required in production"),
        (
            production(&[("MFA_SMS_PROVIDERS", "outbox")]),
            "MFA_SMS_PROVIDERS contains outbox, which sends nothing",
        ),
        (production(&[("MFA_BIND", "0.0.0.0:0")]), "MFA_BIND is 0.0.0.0:0, which would serve plain HTTP"),
        (
            production(&[("MFA_BIND", "[::]:0")]),
            "which would serve plain HTTP over the network in production",
        ),
        (production(&[("PUBLIC_URL", "http://mfa.example.com")]), "PUBLIC_URL is not a URL that"),
        (production(&[("OVH_ENDPOINT", "http://127.0.0.1:9")]), "OVH_ENDPOINT is not an allowed URL"),
        (
            production(&[("JWT_SECRET_KEY", "changemechangemechangemechangeme")]),
            "JWT_SECRET_KEY is not accepted",
        ),
    ] {
        assert_start_rejected(&installation, sentence);
    }
    production(&[("MFA_BIND", "0.0.0.0:0"), ("BEHIND_TLS_PROXY", "true")]).start();
}

#[test]
fn production_rejects_a_database_with_the_demo_user() {
    // A development installation without settings other than the address.
    let trial = Installation::sqlite(&[("MFA_ENV", "development")]).without("DATABASE_URL");
    trial.start().client().get("/health").send().ok();
    let moved = trial.with("MFA_ENV", "production").with("DATABASE_URL", "sqlite://data/nova-mfa.db");
    assert_start_rejected(&moved, "the database holds the demo user of a trial, which production refuses");
    moved.sql("UPDATE users SET is_active = false WHERE username = 'demo'");
    moved.start();
}

#[test]
fn a_real_user_named_demo_is_accepted() {
    let installation = production(&[]);
    installation.admin_creates_user("demo", "correct horse battery");
    installation.start();
}
