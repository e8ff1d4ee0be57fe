//! Tests with a secret where another value belongs: no message quotes it.

use super::*;

const PEM: &str = "-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----\n";

#[test]
fn the_secret_itself_is_no_path() {
    let url = "postgresql://nova:hunter2@db/nova";
    for (name, value) in [
        ("JWT_SECRET_KEY", SECRET),
        ("HOOK_SECRET", "hunter2"),
        ("DATABASE_URL", url),
        ("JWT_PRIVATE_KEYS", PEM),
        ("MFA_ENCRYPTION_KEYS", &format!("k1:{KEY}")),
    ] {
        let error = Fixture::new().set(&format!("{name}_FILE"), value).error();
        let expected =
            format!("{name}_FILE names no existing file: give the path of a file, not the secret itself");
        assert_eq!(error, expected);
    }
    for (name, content) in
        [("TLS_KEY", "a key"), ("TLS_CERT", "a certificate"), ("SSL_CERT_FILE", "a certificate")]
    {
        let error = with("TLS_KEY", "x").set("TLS_CERT", "x").set(name, PEM).error();
        assert_eq!(error, format!("{name} contains {content}: give the path of a file"));
    }
}

#[test]
fn several_settings_in_one_value_are_refused_without_a_quote() {
    let second = format!("JWT_SECRET_KEY={SECRET}");
    for (name, value) in [("MFA_ENV", "production"), ("MFA_LOCALE", "fr"), ("MFA_BIND", "127.0.0.1:8200")] {
        let problem = format!("{name} contains JWT_SECRET_KEY=, a second setting: write one setting a line");
        for separator in [" ", "\n", "\r", ";", ","] {
            let error = with(name, &format!("{value}{separator}{second}")).error();
            assert!(error.contains(&problem), "{error}");
        }
        let error = Fixture::new().file(".env", &format!("{name}={value} {second}\n")).error();
        assert!(error.contains(&problem), "{error}");
        let error = Fixture::new().file(".env", &format!("{name}={value}\r{second}\r")).error();
        assert!(error.contains("line 1 ends with a carriage return alone: save .env with LF"), "{error}");
        let error = with(name, &format!("{value}\nhunter2")).error();
        assert!(error.contains("has several lines"), "{error}");
    }
    let error = with("JWT_SECRET_KEY_FILE", "./key").file("key", &format!("{second}\n")).error();
    assert_eq!(
        error,
        "JWT_SECRET_KEY comes from a file that begins with JWT_SECRET_KEY=: write the value alone into the file"
    );
    with("TRUSTED_PROXIES", "10.0.0.1,\n10.0.0.2").load().unwrap();
}

#[test]
fn credentials_in_a_value_are_masked() {
    for name in ["MFA_LOGIN_URL", "MFA_SMS_DOMAIN", "MFA_BIND", "REDIS_MODE", "MFA_LOG_LEVEL", "MFA_ENV"] {
        for value in ["ftp://nova:hunter2@host", "nova:hunter2@host", "ftp://nova:hun,hunter2@host"] {
            let error = with(name, value).error();
            assert!(error.starts_with(&format!("{name} is ")) && error.contains("***@host"), "{error}");
        }
    }
    for name in ["TRUSTED_PROXIES", "MFA_SMS_COUNTRIES"] {
        for value in ["nova:hunter2@host", "redis://nova:x,hunter2,y@host", "redis://nova:hunter2,y@host"] {
            assert!(with(name, value).error().starts_with(&format!("{name} contains ")));
        }
    }
    assert!(with("PUBLIC_URL", "https://:hunter2@host").error().starts_with("PUBLIC_URL is not a URL"));
    let shown = with("JWT_ISSUER", "https://nova:hunter2@host").shown("JWT_ISSUER");
    assert_eq!(shown.0.as_deref(), Some("https://***@host"));
}

#[test]
fn the_secret_of_another_setting_is_not_quoted() {
    let error =
        with("HOOK_SECRET", "hunter2hunter2hunter2").set("MFA_LOCALE", "hunter2hunter2hunter2").error();
    assert_eq!(error, "MFA_LOCALE is not valid: use fr or en");
    assert_eq!(with("MFA_LOCALE", SECRET).error(), "MFA_LOCALE is not valid: use fr or en");
}

#[test]
fn parameters_with_wrong_separators_are_not_quoted() {
    for (url, problem) in [
        ("postgresql://h/db?sslmode=disable;password=hunter2", "separate parameters with &"),
        ("postgresql://h/db?sslmode=disable?password=hunter2", "separate parameters with &"),
        ("postgresql://h/x&password=hunter2", "parameters begin with ?"),
        ("postgresql://h/x;user=nova;password=hunter2", "parameters begin with ?"),
        ("postgresql://h/db?password=a&hunter2=1", "has an unknown parameter"),
    ] {
        let error = Fixture::production().set("DATABASE_URL", url).error();
        assert!(error.starts_with("DATABASE_URL has ") && error.contains(problem), "{error}");
    }
}

#[test]
fn a_key_in_place_of_a_path_is_not_quoted() {
    let url = "postgresql://h/nova?sslmode=verify-full";
    let fixture = Fixture::production().set("DATABASE_URL", url).set("SSL_CERT_FILE", SECRET);
    assert!(fixture.error().contains("SSL_CERT_FILE names a file, which cannot be read"));
    let files = with("TLS_CERT", "cert.pem").set("TLS_KEY", SECRET).load().unwrap().server.tls.unwrap();
    let error = crate::tls::read(&files).unwrap_err().to_string();
    assert!(error.contains("TLS_KEY names a file, which") && !error.contains(SECRET), "{error}");
}
