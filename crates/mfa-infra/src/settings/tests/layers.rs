//! Tests of the precedence of sources and of the errors while merging them.

use super::super::table;
use super::*;

fn some(value: &str, source: &str) -> (Option<String>, String) {
    (Some(value.into()), source.into())
}

#[test]
fn no_setting_is_required_in_development() {
    let fixture = Fixture::new();
    assert!(fixture.load().unwrap().environment.is_development());
    assert_eq!(fixture.shown("MFA_BIND"), some("127.0.0.1:8200", "default"));
    assert_eq!(fixture.shown("LOGIN_ENABLED"), some("true", "config/development.toml"));
    assert_eq!(fixture.shown("MFA_ENV"), some("development", "default"));
    assert_eq!(fixture.shown("DATABASE_URL"), some("sqlite://data/nova-mfa.db", "default"));
    assert_eq!(fixture.shown("MFA_SMS_OUTBOX"), some("data/sms-outbox.jsonl", "default"));
    assert_eq!(fixture.shown("MFA_SMS_PROVIDERS"), some("outbox", "default"));
    assert_eq!(fixture.shown("JWT_SECRET_KEY"), some("***", "generated"));
    assert_eq!(fixture.shown("MFA_ENCRYPTION_KEYS"), some("***", "generated"));
    assert_eq!(fixture.shown("REDIS_URL"), (None, "default".into()));
}

#[test]
fn each_source_overrides_the_one_before() {
    let mut fixture = Fixture::new();
    for (path, value, source) in [
        ("config/default.toml", "mfa_committers = 3", "config/default.toml"),
        ("config/development.toml", "mfa_committers = 4", "config/development.toml"),
        (".env", "MFA_COMMITTERS=5", ".env"),
    ] {
        fixture = fixture.file(path, value);
        let digit = value.chars().last().unwrap().to_string();
        assert_eq!(fixture.shown("MFA_COMMITTERS"), some(&digit, source));
    }
    fixture = fixture.set("MFA_COMMITTERS", "6");
    assert_eq!(fixture.shown("MFA_COMMITTERS"), some("6", "environment"));
    assert_eq!(fixture.load().unwrap().database.committers, 6);
}

#[test]
fn a_file_that_names_little_leaves_the_built_in_values_in_force() {
    let fixture =
        Fixture::new().file("config/default.toml", "mfa_locale = 'en'").file("config/development.toml", "");
    assert_eq!(fixture.shown("MFA_BIND"), some("127.0.0.1:8200", "default"));
    assert_eq!(fixture.shown("LOGIN_ENABLED"), some("true", "config/development.toml"));
}

#[test]
fn mfa_env_is_taken_from_the_dotenv_file_unless_the_environment_has_one() {
    let production = Fixture::production().unset("MFA_ENV").file(".env", "MFA_ENV=production\n");
    assert_eq!(production.shown("MFA_ENV"), some("production", ".env"));
    let development = production.set("MFA_ENV", "development");
    assert_eq!(development.shown("MFA_ENV"), some("development", "environment"));
}

#[test]
fn a_custom_environment_needs_a_file_and_is_as_strict_as_production() {
    let staging = Fixture::production().set("MFA_ENV", "staging");
    assert_eq!(
        staging.error(),
        "MFA_ENV is staging: use development, production or the name of a file in config/"
    );
    let staging = staging.file("config/staging.toml", "mfa_locale = 'en'");
    assert_eq!(staging.shown("MFA_LOCALE"), some("en", "config/staging.toml"));
    assert!(staging.unset("JWT_SECRET_KEY").error().starts_with("JWT_SECRET_KEY is required in staging"));
}

#[test]
fn an_environment_with_an_invalid_name_is_rejected() {
    for name in ["", "default", "Production", "../production", "a/b", "prod"] {
        let fixture = with("MFA_ENV", name).file("config/default.toml", "");
        assert!(fixture.error().starts_with("MFA_ENV is "), "{name}");
    }
}

#[test]
fn the_dotenv_file_of_the_guide_is_read_unchanged() {
    let guide = format!(
        "# === JWT Secret (OBLIGATOIRE!) ===\nJWT_SECRET_KEY={SECRET}$ab\n\nMFA_RATE_LIMIT_WINDOW=60\n\
         MFA_RATE_LIMIT_MAX=12\nOVH_APP_KEY=votre_app_key\nOVH_APP_SECRET=votre_app_secret\n\
         OVH_CONSUMER_KEY=votre_consumer_key\nOVH_SMS_ACCOUNT=sms-ab12345-1\nOVH_SMS_SENDER=ITSPIRIT\n\
         TWILIO_ACCOUNT_SID=ACxxxxxxxxxxxxxxxxxxxxx\nTWILIO_AUTH_TOKEN=xxxxxxxxxxxxxxxxxxxxxxx\n\
         TWILIO_FROM=+15551234567\nREDIS_URL=redis://localhost:6379/1\nNOVA_THING=\"other\"\n"
    );
    let settings = Fixture::new().file(".env", &guide).load().unwrap();
    let super::super::KeySource::Given(secret) = &settings.tokens.secret else { panic!("generated") };
    assert_eq!(secret.expose(), format!("{SECRET}$ab"), "a dollar stays literal");
    assert_eq!(settings.limits.code_checks_per_ip.max, 12);
    let providers: Vec<_> = settings.sms.providers.iter().map(ToString::to_string).collect();
    assert_eq!(providers, ["ovh", "twilio"]);
    assert_eq!(settings.redis.unwrap().urls[0].expose(), "redis://localhost:6379/1");
}

#[test]
fn unknown_names_are_rejected_in_every_source_and_those_of_others_ignored() {
    for (fixture, message) in [
        (
            with("MFA_BINDD", "hunter2"),
            "MFA_BINDD in the environment is not a setting: did you mean MFA_BIND?",
        ),
        (
            Fixture::new().file(".env", "MFA_RATE_LIMIT_MX=1"),
            "MFA_RATE_LIMIT_MX in .env is not a setting: did you mean MFA_RATE_LIMIT_MAX?",
        ),
        (
            Fixture::new().file("config/default.toml", "jwt_secret = 'hunter2'"),
            "jwt_secret in config/default.toml is not a setting: did you mean jwt_secret_key?",
        ),
        (
            Fixture::new().file("config/development.toml", "MFA_BIND = '127.0.0.1:1'"),
            "MFA_BIND in config/development.toml is not a setting: did you mean mfa_bind?",
        ),
        (
            Fixture::new().file("config/default.toml", "[mfa_bindd]\nx = 1"),
            "mfa_bindd in config/default.toml is not a setting: did you mean mfa_bind?",
        ),
    ] {
        assert_eq!(fixture.error(), message);
    }
    let fine = with("MFA_TEST_DATABASE_URL", "x")
        .set("MFA_SERVICE_HOST", "10.0.0.1")
        .set("MFA_PORT_8200_TCP_ADDR", "10.0.0.1")
        .set("PATH", "/bin")
        .file(".env", "DEBUG=1\nMFA_TEST_X=1\n");
    fine.load().unwrap();
}

#[test]
fn the_environment_cannot_be_set_in_the_file_that_it_selects() {
    let fixture = Fixture::new().file("config/default.toml", "mfa_env = 'production'");
    assert_eq!(
        fixture.error(),
        "mfa_env is set in config/default.toml, which MFA_ENV selects: set MFA_ENV in the environment or in .env"
    );
}

#[test]
fn an_invalid_file_is_named_and_not_quoted() {
    let toml = Fixture::new().file("config/default.toml", "mfa_locale = 'fr'\njwt_secret_key = hunter2 x");
    assert!(toml.error().starts_with("config/default.toml is not valid TOML (TOML parse error at line 2"));
    let dotenv = Fixture::new().file(".env", "A=1\nhunter2\n");
    assert!(dotenv.error().starts_with(".env line 2 has no `=`"), "{}", dotenv.error());
    let table = Fixture::new().file("config/default.toml", "[mfa_bind]\nx = 'hunter2'");
    assert!(
        table.error().starts_with("mfa_bind in config/default.toml must be a string"),
        "{}",
        table.error()
    );
}

#[test]
fn a_file_may_hold_numbers_flags_and_lists() {
    let text = "mfa_rate_limit_max = 7\nlogin_enabled = false\nmfa_sms_countries = ['FR', 'be']\n\
                mfa_sms_min_conversion = 0.5";
    let settings = Fixture::new().file("config/development.toml", text).load().unwrap();
    assert_eq!(settings.limits.code_checks_per_ip.max, 7);
    assert!(!settings.login.enabled);
    assert!((settings.sms.min_conversion - 0.5).abs() < f64::EPSILON);
    let countries: Vec<_> = settings.sms.countries.iter().map(super::super::CountryCode::as_str).collect();
    assert_eq!(countries, ["FR", "BE"]);
}

#[test]
fn every_secret_may_come_from_a_file_and_never_from_both() {
    let forms: Vec<_> = table::all().filter(|setting| setting.may_come_from_a_file()).collect();
    assert!(forms.len() >= 12);
    for setting in forms {
        let both = with(setting.name, "x").set(&format!("{}_FILE", setting.name), "secret");
        assert_eq!(
            both.file("secret", "x").error(),
            format!("{0} and {0}_FILE are both set: remove one of them", setting.name)
        );
    }
    let fixture = with("JWT_SECRET_KEY_FILE", "keys/jwt").file("keys/jwt", &format!("\u{feff}{SECRET}\r\n"));
    let super::super::KeySource::Given(secret) = fixture.load().unwrap().tokens.secret else {
        panic!("generated")
    };
    assert_eq!(secret.expose(), SECRET);
    assert_eq!(fixture.shown("JWT_SECRET_KEY"), some("***", "file keys/jwt"));
    let in_toml = fixture
        .unset("JWT_SECRET_KEY_FILE")
        .file("config/development.toml", "jwt_secret_key_file = 'keys/jwt'");
    assert_eq!(in_toml.shown("JWT_SECRET_KEY").1, "file keys/jwt");
}

#[test]
fn a_secret_file_that_is_missing_or_empty_is_named() {
    let missing = with("HOOK_SECRET_FILE", "nowhere");
    assert_eq!(
        missing.error(),
        "HOOK_SECRET_FILE names no existing file: give the path of a file, not the secret itself"
    );
    let empty = missing.set("HOOK_SECRET_FILE", "./nowhere").file("nowhere", "\n");
    assert_eq!(
        empty.error(),
        "HOOK_SECRET_FILE points to ./nowhere, which is empty: write the secret to that file"
    );
    let missing = with("HOOK_SECRET_FILE", "/run/secrets/hook");
    assert_eq!(
        missing.error(),
        "HOOK_SECRET_FILE points to /run/secrets/hook, which does not exist: use the path of an existing file"
    );
}

#[cfg(unix)]
#[test]
fn a_folder_and_a_dangling_link_are_named_and_not_passed_over() {
    let folder = with("JWT_SECRET_KEY_FILE", "keys").file("keys/jwt", SECRET);
    let error = folder.error();
    assert!(
        error.starts_with("JWT_SECRET_KEY_FILE points to ") && error.contains("give the path of a file"),
        "{error}"
    );
    for name in [".env", "config/default.toml"] {
        let fixture = Fixture::new().file("config/other.toml", "");
        std::os::unix::fs::symlink("nowhere", fixture.dir.path().join(name)).unwrap();
        let error = fixture.error();
        assert!(
            error.contains(&format!("{name} is a symbolic link to nowhere, which does not exist: ")),
            "{error}"
        );
    }
    let fixture = with("HOOK_SECRET_FILE", "link");
    std::os::unix::fs::symlink("nowhere", fixture.dir.path().join("link")).unwrap();
    assert!(fixture.error().starts_with("HOOK_SECRET_FILE points to "), "{}", fixture.error());
}

#[test]
fn an_empty_value_hides_the_lower_sources_and_counts_as_unset() {
    let fixture = Fixture::new()
        .file(".env", "MFA_COMMITTERS=5\nTRUSTED_PROXIES=10.0.0.0/8\nLOGIN_ENABLED=false\n")
        .set("MFA_COMMITTERS", "")
        .set("TRUSTED_PROXIES", "")
        .set("LOGIN_ENABLED", "")
        .set("OVH_APP_KEY", "");
    let settings = fixture.load().unwrap();
    assert_eq!(settings.database.committers, 2);
    assert_eq!(settings.server.trusted_proxies, []);
    assert!(settings.login.enabled);
    let none = with("MFA_SMS_COUNTRIES", "");
    assert_eq!(none.load().unwrap().sms.countries, [], "empty means no SMS");
    assert_eq!(none.shown("MFA_SMS_COUNTRIES"), some("", "environment"));
}

#[test]
fn what_is_shown_hides_every_secret() {
    let mut fixture = Fixture::production().set("REDIS_URL", "redis://:hunter2@cache/1");
    fixture = fixture.set("JWT_PREVIOUS_SECRET_KEYS", &format!("{SECRET}2"));
    let settings = fixture.load().unwrap();
    let all = format!("{:?} {settings:?}", settings.displayed());
    for secret in [SECRET, KEY, "hunter2"] {
        assert!(!all.contains(secret), "{all}");
    }
    assert_eq!(fixture.shown("DATABASE_URL"), some("postgresql://nova:***@db/nova", "environment"));
    assert_eq!(fixture.shown("REDIS_URL"), some("redis://:***@cache/1", "environment"));
}

#[test]
fn quotes_comments_and_carriage_returns_of_an_env_file_are_named_and_not_part_of_a_value() {
    for (name, value, problem) in [
        ("JWT_SECRET_KEY", format!("\"{SECRET}\""), "is in quotes: remove the quotes"),
        ("HOOK_SECRET", "'hunter2hunter2hunter2hunter2'".to_owned(), "is in quotes"),
        ("JWT_SECRET_KEY", format!("{SECRET}\r"), "ends with a carriage return"),
        ("MFA_ISSUER", "NOVA\r".to_owned(), "ends with a carriage return"),
        ("JWT_SECRET_KEY", format!("{SECRET}  # from the vault"), "contains a comment"),
        ("DATABASE_URL", "\"sqlite://data/a.db\"".to_owned(), "is in quotes"),
    ] {
        let error = with(name, &value).error();
        assert!(error.starts_with(&format!("{name} {problem}")), "{error}");
        assert!(!error.contains("hunter2") && !error.contains(SECRET), "{error}");
    }
    let dotenv = Fixture::new().file(".env", &format!("JWT_SECRET_KEY=\"{SECRET}\" # from the vault\r\n"));
    assert!(dotenv.load().is_ok(), "the parser of .env knows this syntax");
}
