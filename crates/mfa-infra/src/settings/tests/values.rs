//! Tests of the values that each setting accepts.

use std::fs;
use std::time::Duration;

use mfa_core::{LockoutPolicy, SecretText};
use mfa_jwt::{PrivateKey, SigningAlgorithm};

use super::super::{DatabaseUrl, JwtAlgorithm, KeySource, Locale, RedisMode, SmsProvider};
use super::*;
use crate::telemetry::LogTarget;

/// Asserts that the value is refused with a message that starts like this one.
#[track_caller]
fn assert_named(name: &str, value: &str, message: &str) {
    let error = with(name, value).error();
    assert!(
        error.starts_with(message) || error.contains(&format!("\n  - {message}")),
        "{name}={value}: {error}"
    );
}

#[test]
fn invalid_values_are_named_with_their_remedy() {
    for (name, value, message) in [
        ("MFA_RATE_LIMIT_MAX", "0", "MFA_RATE_LIMIT_MAX is 0: use a number from 1 to 100000"),
        ("MFA_RATE_LIMIT_MAX", "ten", "MFA_RATE_LIMIT_MAX is ten: use a number from 1 to 100000"),
        ("MFA_RATE_LIMIT_WINDOW", "86401", "MFA_RATE_LIMIT_WINDOW is 86401: use a number from 1 to 86400"),
        ("MFA_RECOVERY_RATE_MAX", "0", "MFA_RECOVERY_RATE_MAX is 0: use"),
        ("MFA_REGENERATE_PER_HOUR", "0", "MFA_REGENERATE_PER_HOUR is 0: use"),
        ("LOGIN_RATE_USER_MAX", "-1", "LOGIN_RATE_USER_MAX is -1: use"),
        ("LOGIN_RATE_IP_MAX", "1.5", "LOGIN_RATE_IP_MAX is 1.5: use"),
        ("MFA_MAX_FAILURES", "101", "MFA_MAX_FAILURES is 101: use a number from 1 to 100"),
        ("MFA_LOCK_MINUTES", "0", "MFA_LOCK_MINUTES is 0: use a number from 1 to 1440"),
        ("MFA_STEP_UP_MAX_AGE", "0", "MFA_STEP_UP_MAX_AGE is 0: use"),
        ("MFA_MAX_CLOCK_SKEW", "301", "MFA_MAX_CLOCK_SKEW is 301: use a number from 0 to 300"),
        ("MFA_DATABASE_POOL", "0", "MFA_DATABASE_POOL is 0: use"),
        ("MFA_COMMITTERS", "0", "MFA_COMMITTERS is 0: use"),
        ("MFA_SERVERS", "0", "MFA_SERVERS is 0: use"),
        ("MFA_AUDIT_DAYS", "0", "MFA_AUDIT_DAYS is 0: use"),
        ("MFA_SMS_PER_DAY", "0", "MFA_SMS_PER_DAY is 0: use"),
        ("MFA_SMS_MIN_CONVERSION", "0", "MFA_SMS_MIN_CONVERSION is 0: use a ratio"),
        ("MFA_SMS_MIN_CONVERSION", "NaN", "MFA_SMS_MIN_CONVERSION is NaN: use a ratio"),
        ("MFA_BIND", "localhost", "MFA_BIND is localhost: use an IP address and a port"),
        ("MFA_OPS_BIND", "127.0.0.1:8200", "MFA_OPS_BIND is 127.0.0.1:8200: use a port other"),
        ("BEHIND_TLS_PROXY", "yes", "BEHIND_TLS_PROXY is yes: use true or false"),
        ("MFA_LOCALE", "de", "MFA_LOCALE is de: use fr or en"),
        ("MFA_LOG_LEVEL", "loud", "MFA_LOG_LEVEL is loud: use critical, error"),
        ("MFA_BRAND", "a/b", "MFA_BRAND is a/b: use"),
        ("MFA_ISSUER", "a:b", "MFA_ISSUER is a:b: use"),
        (
            "MFA_HELP_URL",
            "http://help.example.com",
            "MFA_HELP_URL is http://help.example.com: use an https:// URL",
        ),
        ("MFA_HELP_URL", "javascript:alert(1)", "MFA_HELP_URL is javascript:alert(1): use an https:// URL"),
        ("MFA_HELP_URL", "https://a:b@example.com/", "MFA_HELP_URL is"),
        ("MFA_HELP_URL", "mailto:helpdesk", "MFA_HELP_URL is mailto:helpdesk: use an https:// URL, mailto:"),
        ("MFA_HELP_URL", "tel:helpdesk", "MFA_HELP_URL is tel:helpdesk: use"),
        ("MFA_HELP_TEXT", "a\u{7}b", "MFA_HELP_TEXT is not valid: use one line of at most 120 characters"),
        ("MFA_PRIVACY_URL", "mailto:dpo@example.com", "MFA_PRIVACY_URL is ***@example.com: use an https"),
        ("JWT_ALGORITHM", "none", "JWT_ALGORITHM is none: use HS256, EdDSA or ES256"),
        ("JWT_ALGORITHM", "EdDSA", "JWT_PRIVATE_KEYS is not set while JWT_ALGORITHM is EdDSA"),
        ("JWT_PRIVATE_KEYS", "hunter2", "JWT_PRIVATE_KEYS contains text that is not a private key"),
        (
            "JWT_PRIVATE_KEYS",
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\nhunter2",
            "JWT_PRIVATE_KEYS contains a key that is encrypted with a passphrase: decrypt it with openssl pkey",
        ),
        ("JWT_AUDIENCE", "nova-mfa", "JWT_AUDIENCE is nova-mfa: use a value that differs from JWT_ISSUER"),
        ("INTROSPECTION_KEY", "hunter2", "INTROSPECTION_KEY is shorter than 16"),
        ("HOOK_SECRET", "hunter2/hunter2/hunter2", "HOOK_SECRET is shorter than 16 characters or contains"),
        ("REDIS_MODE", "ring", "REDIS_MODE is ring: use single, cluster or sentinel"),
        ("REDIS_PREFIX", "a{b}", "REDIS_PREFIX is a{b}: use"),
        (
            "TRUSTED_PROXIES",
            "10.0.0.0/8,x",
            "TRUSTED_PROXIES contains x, which is not an IP address or CIDR block",
        ),
        ("TRUSTED_PROXIES", "0.0.0.0/0", "TRUSTED_PROXIES contains 0.0.0.0/0, which lets every client"),
        ("TRUSTED_PROXY_HEADER", "Forwarded", "TRUSTED_PROXY_HEADER is Forwarded: use"),
        ("MFA_SMS_COUNTRIES", "FR,BEL", "MFA_SMS_COUNTRIES contains BEL: use ISO 3166-1 two-letter codes"),
        ("MFA_SMS_DOMAIN", "https://x", "MFA_SMS_DOMAIN is https://x: use the domain without"),
        ("MFA_SMS_PROVIDERS", "ovvh", "MFA_SMS_PROVIDERS is ovvh: use a comma-separated list of"),
        ("MFA_SMS_PROVIDERS", "outbox,outbox", "MFA_SMS_PROVIDERS is outbox,outbox: list each provider once"),
        (
            "MFA_SMS_PROVIDERS",
            "twilio",
            "MFA_SMS_PROVIDERS contains twilio, which is not configured: set TWILIO",
        ),
        ("OVH_APP_KEY", "hunter2", "OVH_APP_SECRET is not set while OVH_APP_KEY is: set it"),
        ("TWILIO_FROM", "+15551234567", "TWILIO_ACCOUNT_SID is not set while TWILIO_FROM is: set it"),
        ("MFA_ENCRYPTION_KEYS", "hunter2", "MFA_ENCRYPTION_KEYS has no `:` in key number 1"),
        ("MFA_ENCRYPTION_KEYS", "a b:hunter2", "MFA_ENCRYPTION_KEYS has an invalid id in key number 1"),
        ("MFA_ENCRYPTION_KEYS", "k1:hunter2!", "MFA_ENCRYPTION_KEYS has a key k1 that is not base64"),
        ("MFA_ENCRYPTION_KEYS", "k1:AAAA", "MFA_ENCRYPTION_KEYS has a key k1 of 3 bytes, not 32"),
        ("MFA_ENCRYPTION_KEYS", ",", "MFA_ENCRYPTION_KEYS has no key: use id:base64"),
        ("JWT_SECRET_KEY", "hunter2", "JWT_SECRET_KEY is not accepted"),
        ("JWT_SECRET_KEY", "GENERER_UNE_CLE_ALEATOIRE_256_BITS_ICI", "JWT_SECRET_KEY is not accepted"),
        ("JWT_SECRET_KEY", "changemechangemechangemechangeme", "JWT_SECRET_KEY is not accepted"),
        ("JWT_PREVIOUS_SECRET_KEYS", "hunter2", "JWT_PREVIOUS_SECRET_KEYS is not accepted"),
    ] {
        assert_named(name, value, message);
    }
}

#[test]
fn invalid_addresses_are_named_with_their_remedy() {
    for (name, value, message) in [
        (
            "DATABASE_URL",
            "postgresql://nova:AmJ%quHunter2@db/nova",
            "DATABASE_URL contains a blank, or a % that",
        ),
        (
            "DATABASE_URL",
            "postgresql://db/nova?user=nova&password=hunter2%",
            "DATABASE_URL contains a blank, or a % that",
        ),
        ("DATABASE_URL", "postgresql://nova:hunter2%00@db/nova", "DATABASE_URL contains %00, a character"),
        (
            "DATABASE_URL",
            "postgresql://h/db?sslmod=require",
            "DATABASE_URL has the unknown parameter sslmod: did you mean",
        ),
        (
            "DATABASE_URL",
            "postgresql://nova:hunter2@h:99999/db",
            "DATABASE_URL has a port that is no number from 1 to",
        ),
        ("DATABASE_URL", "sqlite://.", "DATABASE_URL names ., which is a folder: add the name"),
        (
            "REDIS_URL",
            "redis://:hunter2/x@h",
            "REDIS_URL is not a valid URL: percent-encode special characters",
        ),
        (
            "REDIS_URL",
            "redis://:hunter2#x@h",
            "REDIS_URL is not a valid URL: percent-encode special characters",
        ),
        (
            "REDIS_URL",
            "redis://:hunter2@x@h",
            "REDIS_URL is not a valid URL: percent-encode special characters",
        ),
        ("REDIS_URL", "http://:hunter2@x", "REDIS_URL is not a Redis URL"),
        ("DATABASE_URL", "mysql://nova:hunter2@db/x", "DATABASE_URL is neither sqlite:// nor postgresql://"),
        ("DATABASE_URL", "sqlite://", "DATABASE_URL has no file path"),
        ("DATABASE_URL", "sqlite://:memory:", "DATABASE_URL names a database in memory"),
        ("DATABASE_URL", "sqlite:///:memory:", "DATABASE_URL names a database in memory"),
        (
            "DATABASE_URL",
            "sqlite://data/x.db?mode=ro",
            "DATABASE_URL has parameters, which are not supported",
        ),
        ("DATABASE_URL", "sqlite://~/x.db", "DATABASE_URL has a path that starts with ~"),
        (
            "MFA_LOG_FILE",
            "~/mfa.log",
            "MFA_LOG_FILE starts with ~, which only a shell replaces: use the whole",
        ),
        (
            "HOOK_SECRET_FILE",
            "~/hook",
            "HOOK_SECRET_FILE starts with ~, which only a shell replaces: use the",
        ),
        ("REDIS_URL", "redis://h?timeout=1", "REDIS_URL has the unknown parameter timeout: use protocol"),
        ("REDIS_URL", "redis://h?protocol=4", "REDIS_URL has an unknown protocol: use protocol=resp2"),
        ("REDIS_URL", "redis://h/0?master=x", "REDIS_URL has the parameter master, which is for sentinels"),
        ("REDIS_URL", "redis://h?password=hunter2", "REDIS_URL has an unknown parameter: use protocol"),
        ("REDIS_URL", "redis://h?hunter2", "REDIS_URL has an unknown parameter: use protocol"),
        ("DATABASE_URL", "postgresql://", "DATABASE_URL has nothing after postgresql://"),
    ] {
        assert_named(name, value, message);
    }
}

#[test]
fn encryption_keys_are_a_ring_without_doubles() {
    let ring = with("MFA_ENCRYPTION_KEYS", &format!("k2:{OTHER_KEY}, k1:{KEY}")).load().unwrap();
    let KeySource::Given(keys) = ring.encryption else { panic!("generated") };
    let ids: Vec<_> = keys.iter().map(|(id, key)| (id.as_str(), key.expose()[0])).collect();
    assert_eq!(ids, [("k2", 1), ("k1", 0)]);
    let error = |text: String| with("MFA_ENCRYPTION_KEYS", &text).error();
    assert!(error(format!("k1:{KEY},k1:{OTHER_KEY}")).contains("two keys named k1"));
    assert!(error(format!("k1:{KEY},k2:{KEY}")).contains("the same key under the ids k1 and k2"));
}

#[test]
fn databases_are_distinguished_by_their_url() {
    let url = |url: &str| {
        Fixture::production().set("DATABASE_URL", url).load().map(|settings| settings.database.url).unwrap()
    };
    for scheme in [
        "postgres",
        "postgresql",
        "postgresql+psycopg2",
        "postgresql+psycopg",
        "postgresql+asyncpg",
        "postgresql+pg8000",
        "postgresql+aiopg",
        "postgres+asyncpg",
        "POSTGRESQL",
        "PostgreSQL+Psycopg2",
    ] {
        let DatabaseUrl::Postgres(url) =
            url(&format!("{scheme}://nova:p%40ss@a,b:5433/nova?sslmode=require"))
        else {
            panic!("{scheme}");
        };
        assert_eq!(url.expose(), "postgresql://nova:p%40ss@a,b:5433/nova?sslmode=require");
    }
    for (query, expected) in [
        ("?ssl=require", "?sslmode=require"),
        ("?prepared_statement_cache_size=0&ssl=verify-full", "?sslmode=verify-full"),
        ("?statement_cache_size=0", ""),
    ] {
        let DatabaseUrl::Postgres(url) = url(&format!("postgresql+asyncpg://nova@a/nova{query}")) else {
            panic!("{query}");
        };
        assert_eq!(url.expose(), format!("postgresql://nova@a/nova{expected}"));
    }
    for (scheme, expected) in [
        ("mysql+pymysql", "neither sqlite:// nor postgresql://"),
        ("postgresql+other", "names the unknown driver \"other\""),
        ("sqlite+pysqlcipher", "names the unknown driver \"pysqlcipher\""),
    ] {
        let error = Fixture::production().set("DATABASE_URL", &format!("{scheme}://nova@a/nova")).error();
        assert!(error.contains(expected), "{error}");
    }
    assert_eq!(url("sqlite+aiosqlite:////srv/a.db"), DatabaseUrl::Sqlite("//srv/a.db".into()));
    let relative = Fixture::new().set("DATABASE_URL", "sqlite:///data/x.db");
    fs::create_dir_all(relative.dir.path().join("data")).unwrap();
    let error = relative.error();
    assert!(error.contains("/data/x.db") && error.contains("write sqlite://data/x.db"), "{error}");
    let python = Fixture::new().set("DATABASE_URL", "sqlite:///./nova.db");
    let path = python.dir.path().join("nova.db");
    let DatabaseUrl::Sqlite(found) = python.load().unwrap().database.url else { panic!("PostgreSQL") };
    assert_eq!(found.canonicalize().ok(), path.canonicalize().ok(), "{found:?}");
    assert_eq!(url("sqlite:///srv/a.db"), DatabaseUrl::Sqlite("/srv/a.db".into()));
    let relative = Fixture::new().set("DATABASE_URL", "sqlite://x/a.db");
    let path = relative.dir.path().join("x/a.db");
    let settings = relative.load().unwrap();
    assert_eq!(settings.database.url, DatabaseUrl::Sqlite(path));
    assert!(!settings.login.demo_user, "the demo user lives in the default database only");
}

#[test]
fn the_data_folder_moves_everything_stored_in_it() {
    let fixture = with("MFA_DATA_DIR", "/srv/nova");
    let settings = fixture.load().unwrap();
    assert_eq!(settings.data_dir.to_str(), Some("/srv/nova"));
    assert_eq!(settings.database.url, DatabaseUrl::Sqlite("/srv/nova/nova-mfa.db".into()));
    assert_eq!(fixture.shown("DATABASE_URL").0.as_deref(), Some("sqlite:///srv/nova/nova-mfa.db"));
    assert_eq!(fixture.shown("MFA_SMS_OUTBOX").0.as_deref(), Some("/srv/nova/sms-outbox.jsonl"));
}

#[test]
fn the_clock_check_can_be_switched_off() {
    assert_eq!(Fixture::new().load().unwrap().database.max_clock_skew, Some(Duration::from_secs(5)));
    assert_eq!(with("MFA_MAX_CLOCK_SKEW", "0").load().unwrap().database.max_clock_skew, None);
}

#[test]
fn defaults_are_those_of_the_core() {
    let settings = Fixture::new().load().unwrap();
    assert_eq!(settings.limits.lockout, LockoutPolicy::default());
    assert_eq!(settings.brand.locale, Locale::Fr);
    assert_eq!(settings.tokens.algorithm, JwtAlgorithm::Hs256);
    assert_eq!(settings.log.target, LogTarget::File(settings.data_dir.with_file_name("logs/mfa.log")));
    assert_eq!(settings.log.level, slog::Level::Info);
    for (name, target) in
        [("-", LogTarget::Stdout), ("/dev/stdout", LogTarget::Stdout), ("/dev/stderr", LogTarget::Stderr)]
    {
        assert_eq!(with("MFA_LOG_FILE", name).load().unwrap().log.target, target);
    }
}

#[test]
fn proxies_are_blocks_or_addresses() {
    let settings = with("TRUSTED_PROXIES", "10.1.2.3/8, 192.0.2.7,2001:db8::1").load().unwrap();
    let proxies: Vec<_> = settings.server.trusted_proxies.iter().map(ToString::to_string).collect();
    assert_eq!(proxies, ["10.0.0.0/8", "192.0.2.7/32", "2001:db8::1/128"]);
}

#[test]
fn several_redis_nodes_need_the_cluster_or_sentinel_mode() {
    let nodes = with("REDIS_URL", "redis://a:1, rediss://b:2");
    assert_eq!(
        nodes.error(),
        "REDIS_URL has several addresses while REDIS_MODE is single: set REDIS_MODE=cluster or REDIS_MODE=sentinel, or \
         give one address"
    );
    let redis = nodes.set("REDIS_MODE", "cluster").load().unwrap().redis.unwrap();
    assert_eq!((redis.mode, redis.urls.len()), (RedisMode::Cluster, 2));
    assert_eq!(redis.prefix, "nova-mfa:");
}

/// Returns a new private key as PEM.
fn pem(algorithm: SigningAlgorithm) -> String {
    PrivateKey::generate(algorithm).unwrap().expose().to_owned()
}

#[test]
fn private_keys_may_be_on_many_lines_or_on_one() {
    let (es256, eddsa) = (pem(SigningAlgorithm::Es256), pem(SigningAlgorithm::EdDsa));
    let both = format!("{es256}\n{eddsa}");
    for text in [both.clone(), both.replace('\n', "\\n"), both.replace("\n\n", "\n,")] {
        let fixture = with("JWT_PRIVATE_KEYS", &text).set("JWT_ALGORITHM", "ES256");
        let keys = fixture.load().unwrap().tokens.private_keys;
        assert_eq!(keys.iter().map(SecretText::expose).collect::<Vec<_>>(), [es256.as_str(), &eddsa]);
    }
    let file =
        with("JWT_PRIVATE_KEYS_FILE", "keys.pem").file("keys.pem", &both).set("JWT_ALGORITHM", "ES256");
    assert_eq!(file.load().unwrap().tokens.private_keys.len(), 2);
    assert_eq!(file.shown("JWT_PRIVATE_KEYS").1, "file keys.pem");
}

#[test]
fn the_first_private_key_is_of_the_algorithm_that_signs_and_all_can_be_used() {
    let (es256, eddsa) = (pem(SigningAlgorithm::Es256), pem(SigningAlgorithm::EdDsa));
    let fixture = with("JWT_PRIVATE_KEYS", &format!("{es256}{eddsa}")).set("JWT_ALGORITHM", "EdDSA");
    assert_eq!(
        fixture.error(),
        "JWT_PRIVATE_KEYS starts with a key for ES256 while JWT_ALGORITHM is EdDSA: put the signing key \
         first, or change JWT_ALGORITHM"
    );
    // Announced before they sign, whatever their kind.
    let announced = fixture.set("JWT_ALGORITHM", "HS256").load().unwrap();
    assert_eq!(announced.tokens.private_keys.len(), 2);

    let broken = "-----BEGIN PRIVATE KEY-----\nYQ==\n-----END PRIVATE KEY-----\n";
    let error = with("JWT_PRIVATE_KEYS", &format!("{eddsa}{broken}")).error();
    assert!(error.starts_with("JWT_PRIVATE_KEYS has an invalid key number 2 (it is neither an Ed25519"));
    let public = "-----BEGIN PUBLIC KEY-----\nYQ==\n-----END PUBLIC KEY-----\n";
    let error = with("JWT_PRIVATE_KEYS", public).error();
    assert!(error.starts_with("JWT_PRIVATE_KEYS contains text that is not a private key: use PEM texts"));
}

#[test]
fn previous_secrets_are_separated_by_commas_or_lines() {
    let (one, two) = (format!("{SECRET},1"), format!("{SECRET}2"));
    let lines = with("JWT_PREVIOUS_SECRET_KEYS", &format!("{one}\n{two}\n")).load().unwrap();
    assert_eq!(
        lines.tokens.previous_secrets.iter().map(SecretText::expose).collect::<Vec<_>>(),
        [&one, &two]
    );
    let commas = with("JWT_PREVIOUS_SECRET_KEYS", &format!("{two},{two}")).load().unwrap();
    assert_eq!(commas.tokens.previous_secrets.len(), 2);
}

#[test]
fn the_order_of_providers_is_that_of_failover() {
    let mut fixture = with("MFA_SMS_PROVIDERS", "twilio,outbox,ovh");
    for name in ["APP_KEY", "APP_SECRET", "CONSUMER_KEY", "SMS_ACCOUNT", "SMS_SENDER"] {
        fixture = fixture.set(&format!("OVH_{name}"), "x");
    }
    for name in ["ACCOUNT_SID", "AUTH_TOKEN", "FROM"] {
        fixture = fixture.set(&format!("TWILIO_{name}"), "x");
    }
    let names = |fixture: &Fixture| -> Vec<_> {
        fixture.load().unwrap().sms.providers.iter().map(ToString::to_string).collect()
    };
    assert_eq!(names(&fixture), ["twilio", "outbox", "ovh"]);
    let fixture = fixture.unset("MFA_SMS_PROVIDERS");
    assert_eq!(names(&fixture), ["ovh", "twilio"]);
    assert!(fixture.set("OVH_SMS_ACCOUNT", "../x").error().starts_with("OVH_SMS_ACCOUNT is ../x: use"));
}

#[test]
fn an_ovh_endpoint_may_have_the_name_that_ovh_libraries_use() {
    let with_endpoint = |endpoint: &str| {
        let mut fixture = Fixture::production();
        for name in ["APP_KEY", "APP_SECRET", "CONSUMER_KEY", "SMS_ACCOUNT", "SMS_SENDER"] {
            fixture = fixture.set(&format!("OVH_{name}"), "x");
        }
        fixture.set("OVH_ENDPOINT", endpoint)
    };
    for (name, url) in [
        ("ovh-eu", "https://eu.api.ovh.com/1.0"),
        ("OVH-CA", "https://ca.api.ovh.com/1.0"),
        ("ovh-us", "https://api.us.ovhcloud.com/1.0"),
        ("soyoustart-eu", "https://eu.api.soyoustart.com/1.0"),
        ("https://proxy.example/ovh", "https://proxy.example/ovh"),
    ] {
        let settings = with_endpoint(name).load().unwrap();
        let [SmsProvider::Ovh(ovh)] = settings.sms.providers.as_slice() else { panic!("{name}") };
        assert_eq!(ovh.endpoint.as_str(), url);
    }
    let error = with_endpoint("ovh-de").error();
    assert!(error.starts_with("OVH_ENDPOINT is ovh-de: use an https:// URL or one of ovh-eu"), "{error}");
}

#[test]
fn all_refused_settings_are_named_at_once() {
    let fixture = Fixture::new()
        .set("MFA_ENV", "production")
        .set("MFA_BIND", "nowhere")
        .set("MFA_DATABASE_POOL", "many")
        .set("MFA_COMMITTERS", "0")
        .set("REDIS_URL", "redis://h/#insecure")
        .set("MFA_ENCRYPTION_KEYS", "k1:AAAA");
    let error = fixture.error();
    for name in [
        "MFA_BIND",
        "DATABASE_URL",
        "MFA_DATABASE_POOL",
        "MFA_COMMITTERS",
        "REDIS_URL",
        "MFA_ENCRYPTION_KEYS",
        "JWT_SECRET_KEY",
    ] {
        assert_eq!(error.matches(&format!("\n  - {name} ")).count(), 1, "{name}: {error}");
    }
    assert!(error.starts_with("7 settings cannot be used:\n"), "{error}");
    let unknown = fixture.set("MFA_BINDD", "x").set("MFA_SMS_COUNTRY", "FR").error();
    assert!(unknown.starts_with("9 settings cannot be used:\n"), "{unknown}");
    for (name, nearest) in [("MFA_SMS_COUNTRY", "MFA_SMS_COUNTRIES"), ("MFA_BINDD", "MFA_BIND")] {
        assert!(
            unknown.contains(&format!("{name} in the environment is not a setting: did you mean {nearest}")),
            "{unknown}"
        );
    }
    assert!(!with("MFA_BIND", "nowhere").error().contains('\n'), "a single error stands alone");
}

#[test]
fn the_errors_of_dotenv_lines_are_named_with_the_others() {
    let lines = "MFA_ENV=production\nJWT_SECRET_KEY hunter2\nMFA_ENCRYPTION_KEYS='hunter2\nMFA_LOCALE=de\n";
    let error = Fixture::new().file(".env", lines).error();
    for part in
        [".env line 2 has no", ".env line 3 opens a quote", "MFA_LOCALE is de", "DATABASE_URL is required"]
    {
        assert!(error.contains(&format!("\n  - {part}")), "{error}");
    }
    assert!(error.starts_with("4 settings cannot be used:\n"), "{error}");
}

#[test]
fn a_refused_value_hides_none_of_those_that_are_read_after_it() {
    let fixture = Fixture::new()
        .set("MFA_ENV", "production")
        .set("DATABASE_URL", "sqlite://nova.db")
        .set("TLS_CERT", "cert.pem")
        .set("PUBLIC_URL", "ftp://x")
        .set("TRUSTED_PROXIES", "proxy")
        .set("JWT_PREVIOUS_SECRET_KEYS", "hunter2")
        .set("JWT_ALGORITHM", "none")
        .set("JWT_ACCEPT_LEGACY_TOKENS", "perhaps")
        .set("TWILIO_FROM", "1")
        .set("MFA_SMS_PROVIDERS", "pigeon")
        .set("MFA_SMS_COUNTRIES", "FRA");
    let error = fixture.error();
    let names = [
        "TLS_KEY",
        "PUBLIC_URL",
        "TRUSTED_PROXIES",
        "JWT_SECRET_KEY",
        "JWT_PREVIOUS_SECRET_KEYS",
        "JWT_ALGORITHM",
        "JWT_ACCEPT_LEGACY_TOKENS",
        "MFA_ENCRYPTION_KEYS",
        "TWILIO_ACCOUNT_SID",
        "TWILIO_AUTH_TOKEN",
        "MFA_SMS_PROVIDERS",
        "MFA_SMS_COUNTRIES",
    ];
    for name in names {
        assert_eq!(error.matches(&format!("\n  - {name} ")).count(), 1, "{name}: {error}");
    }
    assert!(error.starts_with(&format!("{} settings cannot be used:\n", names.len())), "{error}");
    let error = with("MFA_ENV", "staging")
        .set("MFA_BIND", "nowhere")
        .file("config/default.toml", "mfa_bindd = 1\nmfa_locale = 'de'\nmfa_isuer = 'x'")
        .error();
    assert!(error.starts_with("5 settings cannot be used:\n"), "{error}");
    let error = Fixture::production().unset("JWT_SECRET_KEY").set("JWT_SECRET_KEY_FILE", "nowhere").error();
    assert!(
        error.starts_with("JWT_SECRET_KEY_FILE names no existing file") && !error.contains('\n'),
        "{error}"
    );
}

#[test]
fn what_word_processors_and_web_pages_leave_in_a_key_is_named() {
    for (value, problem) in [
        (format!("“{SECRET}”"), "is in typographic quotes: remove"),
        (format!("«\u{a0}{SECRET}\u{a0}»"), "is in typographic quotes"),
        (format!("{SECRET}’"), "is in typographic quotes"),
        (format!("`{SECRET}`"), "is in backticks: remove"),
        (format!("{SECRET}\u{200b}"), "contains an invisible character (U+200B)"),
        (format!("hunter2\u{a0}{SECRET}"), "contains an invisible character (U+00A0)"),
        (format!("{SECRET}\n{SECRET}"), "has several lines: give a single value"),
    ] {
        for name in ["JWT_SECRET_KEY", "HOOK_SECRET", "TWILIO_AUTH_TOKEN", "REDIS_URL"] {
            let error = with(name, &value).error();
            assert!(error.contains(&format!("{name} {problem}")), "{error}");
            let file = with(&format!("{name}_FILE"), "secret").file("secret", &value).error();
            assert!(file.contains(&format!("{name} {problem}")), "{file}");
        }
    }
    let fixture = Fixture::new().file(".env", &format!("\u{feff}JWT_SECRET_KEY=\u{feff}{SECRET}\n"));
    let KeySource::Given(secret) = fixture.load().unwrap().tokens.secret else { panic!("generated") };
    assert_eq!(secret.expose(), SECRET, "a byte order mark is no part of a value");
    assert!(with("MFA_ISSUER", "« Société\u{a0}»").load().is_ok(), "a name may have any character");
}

#[test]
fn the_authorities_are_read_from_every_source_and_checked_if_they_are_used() {
    let url = |fixture: &Fixture| match fixture.load().unwrap().database.url {
        DatabaseUrl::Postgres(url) => url.expose().to_owned(),
        DatabaseUrl::Sqlite(path) => panic!("{path:?}"),
    };
    let verified = Fixture::production().set("DATABASE_URL", "postgresql://h/nova?sslmode=verify-full");
    let missing = verified.file(".env", "SSL_CERT_FILE=my cas.pem\n");
    assert!(missing.error().starts_with("SSL_CERT_FILE names "), "{}", missing.error());
    let empty = missing.file("my cas.pem", "hunter2\n");
    assert!(empty.error().contains("which contains no certificate: use a PEM file"), "{}", empty.error());
    let pem = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";
    let fixture = empty.file("my cas.pem", pem);
    assert!(url(&fixture).ends_with("/my%20cas.pem"), "{}", url(&fixture));
    let own = fixture.set("DATABASE_URL", "postgresql://h/nova?sslmode=verify-full&sslrootcert=x");
    assert!(url(&own).ends_with("&sslrootcert=x"));
    let redis = own.set("REDIS_URL", "rediss://h").load().unwrap().redis.unwrap();
    assert!(redis.authorities.unwrap().ends_with("my cas.pem"));
    let unused = with("SSL_CERT_FILE", "nowhere").set("REDIS_URL", "redis://h").load().unwrap();
    assert_eq!(unused.redis.unwrap().authorities, None, "the variable belongs to other programs too");
}

#[test]
fn near_misses_of_names_without_the_prefix_are_named_in_dotenv_files() {
    for (name, nearest) in [
        ("DATABASE_URI", "DATABASE_URL"),
        ("DATABSE_URL", "DATABASE_URL"),
        ("database_url", "DATABASE_URL"),
        ("mfa_env", "MFA_ENV"),
        ("Mfa_Bind", "MFA_BIND"),
        ("MFABIND", "MFA_BIND"),
        ("MAF_BIND", "MFA_BIND"),
        ("MFA-BIND", "MFA_BIND"),
        ("REDIS_URI", "REDIS_URL"),
        ("JWT_SECRETKEY", "JWT_SECRET_KEY"),
        ("TRUSTED_PROXY", "TRUSTED_PROXIES"),
        ("OVH_SERVICE_NAME", "OVH_SMS_ACCOUNT"),
        ("TWILIO_PHONE_NUMBER", "TWILIO_FROM"),
        ("TLS_KEY_FILE", "TLS_KEY"),
        ("TLS_CERT_FILE", "TLS_CERT"),
        ("DB_URL", "DATABASE_URL"),
        ("SECRET_KEY", "JWT_SECRET_KEY"),
        ("LOG_LEVEL", "MFA_LOG_LEVEL"),
        ("OVH_ACCOUNT", "OVH_SMS_ACCOUNT"),
        ("BEHIND_A_PROXY", "BEHIND_TLS_PROXY"),
    ] {
        let fixture = Fixture::new().file(".env", &format!("{name}=x\n"));
        let expected = format!("{name} in .env is not a setting: did you mean {nearest}?");
        assert_eq!(fixture.error(), expected);
        // The file may be shared with another program.
        let value = match nearest {
            "JWT_SECRET_KEY" => SECRET,
            "MFA_ENV" => "development",
            _ => "",
        };
        let both = Fixture::new().file(".env", &format!("{name}=x\n{nearest}={value}\n"));
        both.load().unwrap();
    }
    Fixture::new().file(".env", "NOVA_DB=x\nPORT=1\nDEBUG=1\n").load().unwrap();
    Fixture::new().file(".env", "JWT_EXPIRE_MINUTES=30\nREDIS_PORT=6379\n").load().unwrap();
    Fixture::new().set("DATABASE_URI", "x").set("LOG_LEVEL", "x").set("TLS_VERSION", "1.3").load().unwrap();
    for (name, nearest) in [("TRUSTED_PROXY", "TRUSTED_PROXIES"), ("MFA_DATABASE_URL", "DATABASE_URL")] {
        let expected = format!("{name} in the environment is not a setting: did you mean {nearest}?");
        assert_eq!(with(name, "x").error(), expected);
    }
    with("TRUSTED_PROXY", "x").set("TRUSTED_PROXIES", "10.0.0.1").load().unwrap();
    let toml = Fixture::new().file("config/default.toml", "trusted_proxy = 'x'").error();
    assert!(toml.ends_with("did you mean trusted_proxies?"), "{toml}");
}

#[test]
fn a_pipe_without_a_writer_stops_no_start() {
    let fixture = Fixture::new();
    let pipe = fixture.dir.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let fixture = fixture.set("JWT_SECRET_KEY_FILE", pipe.to_str().unwrap());
    let writer = std::thread::spawn({
        let pipe = pipe.clone();
        move || fs::write(pipe, format!("{SECRET}\n"))
    });
    fixture.load().unwrap();
    writer.join().unwrap().unwrap();
    let error = fixture.error();
    assert!(error.contains("pipe that a program writes to"), "{error}");
}

#[test]
fn help_is_a_page_an_address_or_a_number_and_over_http_only_in_development() {
    let url = |value: &str| with("MFA_HELP_URL", value).load().unwrap().help.url.map(String::from);
    for value in [
        "https://example.com/help?from=mfa",
        "mailto:helpdesk@example.com",
        "tel:+33123456789",
        "http://127.0.0.1:9000/",
    ] {
        assert_eq!(url(value).as_deref(), Some(value));
    }
    assert_eq!(url(" "), None);
    let text = with("MFA_HELP_TEXT", "Aide : 01 23 45 67 89").load().unwrap().help.text;
    assert_eq!(text.as_deref(), Some("Aide : 01 23 45 67 89"));
}
