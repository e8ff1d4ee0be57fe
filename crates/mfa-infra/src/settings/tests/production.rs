//! Tests of what is rejected outside development.

use super::super::{DatabaseUrl, Environment, KeySource, SmsProvider};
use super::*;

#[test]
fn production_starts_with_the_required_settings_and_without_sms() {
    let settings = Fixture::production().load().unwrap();
    assert_eq!(settings.environment, Environment::Production);
    assert_eq!(settings.sms.providers, []);
    assert!(!settings.login.enabled);
    assert!(!settings.login.demo_user);
    assert!(matches!(settings.tokens.secret, KeySource::Given(_)));
}

#[test]
fn production_refuses_each_convenience_by_name() {
    for (fixture, message) in [
        (
            Fixture::production().unset("DATABASE_URL"),
            "DATABASE_URL is required in production: use postgresql://",
        ),
        (
            Fixture::production().unset("JWT_SECRET_KEY"),
            "JWT_SECRET_KEY is required in production: run `mfa-admin keys generate`",
        ),
        (
            Fixture::production().unset("MFA_ENCRYPTION_KEYS"),
            "MFA_ENCRYPTION_KEYS is required in production: run `mfa-admin keys generate`",
        ),
        (
            Fixture::production().set("MFA_SMS_PROVIDERS", "outbox"),
            "MFA_SMS_PROVIDERS contains outbox, which sends nothing and is not allowed in production",
        ),
        (
            Fixture::production().set("MFA_BIND", "0.0.0.0:8200"),
            "MFA_BIND is 0.0.0.0:8200, which would serve plain HTTP over the network in production: set TLS_CERT",
        ),
        (
            Fixture::production().set("OVH_ENDPOINT", "http://127.0.0.1:1/1.0"),
            "OVH_ENDPOINT is not an allowed URL: use an https:// URL",
        ),
        (Fixture::production().set("PUBLIC_URL", "http://mfa.example.com"), "PUBLIC_URL is not a URL that"),
        (
            Fixture::production().set("MFA_REQUIRE_PHISHING_RESISTANT", "administrators"),
            "MFA_REQUIRE_PHISHING_RESISTANT is administrators: set PUBLIC_URL or MFA_RP_ID, or use none: passkeys are off",
        ),
    ] {
        let error = fixture.error();
        assert!(error.starts_with(message), "{error}");
    }
}

#[test]
fn a_passkey_is_required_of_whom_the_setting_names() {
    use mfa_core::PhishingResistantPolicy::{Administrators, All, None};

    for (value, expected) in [("none", None), ("Administrators", Administrators), ("all", All)] {
        let fixture = Fixture::production().set("MFA_REQUIRE_PHISHING_RESISTANT", value);
        for fixture in [
            fixture.set("PUBLIC_URL", "https://mfa.example.com"),
            Fixture::production()
                .set("MFA_REQUIRE_PHISHING_RESISTANT", value)
                .set("MFA_RP_ID", "example.com"),
        ] {
            assert_eq!(fixture.load().unwrap().passkeys.required, expected);
        }
    }
    let error = with("MFA_REQUIRE_PHISHING_RESISTANT", "everybody").error();
    assert_eq!(error, "MFA_REQUIRE_PHISHING_RESISTANT is everybody: use none, administrators or all");
    with("MFA_REQUIRE_PHISHING_RESISTANT", "all").load().expect("passkeys are on in development");
}

#[test]
fn a_public_address_needs_tls_here_or_in_front() {
    for (name, value) in [("BEHIND_TLS_PROXY", "true"), ("MFA_BIND", "127.0.0.2:1"), ("MFA_BIND", "[::1]:1")]
    {
        Fixture::production().set("MFA_BIND", "0.0.0.0:8200").set(name, value).load().unwrap();
    }
    let tls =
        Fixture::production().set("MFA_BIND", "[::]:443").set("TLS_CERT", "a.pem").set("TLS_KEY", "b.pem");
    assert_eq!(tls.load().unwrap().server.tls.unwrap().key, tls.dir.path().join("b.pem"));
    assert!(tls.unset("TLS_KEY").error().starts_with("TLS_KEY is not set while TLS_CERT is"));
    with("MFA_BIND", "0.0.0.0:8200").load().expect("development may");
}

#[test]
fn a_postgresql_database_requires_mfa_env() {
    let fixture = Fixture::production().unset("MFA_ENV");
    assert_eq!(
        fixture.error(),
        "MFA_ENV is not set while DATABASE_URL names a PostgreSQL server: set MFA_ENV=production, or \
         MFA_ENV=development to try it out"
    );
    let trial = fixture.set("MFA_ENV", "development");
    assert!(!trial.load().unwrap().login.demo_user);
    for key in ["JWT_SECRET_KEY", "MFA_ENCRYPTION_KEYS"] {
        let trial = Fixture::production().set("MFA_ENV", "development").unset(key);
        let message = format!("{key} is required with a PostgreSQL database");
        assert!(trial.error().starts_with(&message), "{}", trial.error());
    }
}

#[test]
fn production_may_use_sqlite_if_configured() {
    let fixture = Fixture::production().set("DATABASE_URL", "sqlite:///var/lib/nova/mfa.db");
    assert_eq!(fixture.load().unwrap().database.url, DatabaseUrl::Sqlite("/var/lib/nova/mfa.db".into()));
}

#[test]
fn the_outbox_is_for_development_on_loopback() {
    let default = Fixture::new();
    let path = default.dir.path().join("data/sms-outbox.jsonl");
    assert_eq!(default.load().unwrap().sms.providers, [SmsProvider::Outbox(path)]);
    let open = default.set("MFA_BIND", "0.0.0.0:8200");
    assert_eq!(open.load().unwrap().sms.providers, []);
    assert!(
        open.set("MFA_SMS_PROVIDERS", "outbox").error().contains("while MFA_BIND accepts remote connections")
    );
}

#[test]
fn development_may_call_a_provider_on_this_machine_by_plain_http() {
    for endpoint in ["http://127.0.0.1:4010/1.0", "http://localhost:4010", "http://[::1]:4010"] {
        with("OVH_ENDPOINT", endpoint).load().unwrap();
    }
    for endpoint in
        ["http://10.0.0.1/", "http://localhost.example.com/", "ftp://127.0.0.1/", "https://u:hunter2@x/"]
    {
        assert!(
            with("TWILIO_ENDPOINT", endpoint).error().starts_with("TWILIO_ENDPOINT is not an allowed URL")
        );
    }
}
