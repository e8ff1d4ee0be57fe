//! Which source wins, and what stops the start on the way.

use super::super::table;
use super::*;

fn some(value: &str, source: &str) -> (Option<String>, String) {
    (Some(value.into()), source.into())
}

#[test]
fn nothing_at_all_is_needed_in_development() {
    let place = Place::new();
    assert!(place.load().unwrap().environment.is_development());
    assert_eq!(place.shown("MFA_BIND"), some("127.0.0.1:8200", "default"));
    assert_eq!(place.shown("LOGIN_ENABLED"), some("true", "config/development.toml"));
    assert_eq!(place.shown("MFA_ENV"), some("development", "default"));
    assert_eq!(place.shown("DATABASE_URL"), some("sqlite://data/nova-mfa.db", "default"));
    assert_eq!(place.shown("MFA_SMS_OUTBOX"), some("data/sms-outbox.jsonl", "default"));
    assert_eq!(place.shown("MFA_SMS_PROVIDERS"), some("outbox", "default"));
    assert_eq!(place.shown("JWT_SECRET_KEY"), some("***", "generated"));
    assert_eq!(place.shown("MFA_ENCRYPTION_KEYS"), some("***", "generated"));
    assert_eq!(place.shown("REDIS_URL"), (None, "default".into()));
}

#[test]
fn each_source_goes_over_the_one_before() {
    let mut place = Place::new();
    for (path, value, source) in [
        ("config/default.toml", "mfa_committers = 3", "config/default.toml"),
        ("config/development.toml", "mfa_committers = 4", "config/development.toml"),
        (".env", "MFA_COMMITTERS=5", ".env"),
    ] {
        place = place.file(path, value);
        let digit = value.chars().last().unwrap().to_string();
        assert_eq!(place.shown("MFA_COMMITTERS"), some(&digit, source));
    }
    place = place.set("MFA_COMMITTERS", "6");
    assert_eq!(place.shown("MFA_COMMITTERS"), some("6", "environment"));
    assert_eq!(place.load().unwrap().database.committers, 6);
}

#[test]
fn a_file_that_names_little_leaves_the_built_in_values_in_force() {
    let place =
        Place::new().file("config/default.toml", "mfa_locale = 'en'").file("config/development.toml", "");
    assert_eq!(place.shown("MFA_BIND"), some("127.0.0.1:8200", "default"));
    assert_eq!(place.shown("LOGIN_ENABLED"), some("true", "config/development.toml"));
}

#[test]
fn mfa_env_is_taken_from_the_dotenv_file_unless_the_environment_has_one() {
    let production = Place::production().unset("MFA_ENV").file(".env", "MFA_ENV=production\n");
    assert_eq!(production.shown("MFA_ENV"), some("production", ".env"));
    let development = production.set("MFA_ENV", "development");
    assert_eq!(development.shown("MFA_ENV"), some("development", "environment"));
}

#[test]
fn an_environment_of_ones_own_needs_a_file_and_is_as_strict_as_production() {
    let staging = Place::production().set("MFA_ENV", "staging");
    assert_eq!(
        staging.error(),
        "MFA_ENV is staging: give development or production, or the name of a file in config/"
    );
    let staging = staging.file("config/staging.toml", "mfa_locale = 'en'");
    assert_eq!(staging.shown("MFA_LOCALE"), some("en", "config/staging.toml"));
    assert!(staging.unset("JWT_SECRET_KEY").error().starts_with("JWT_SECRET_KEY is not set"));
}

#[test]
fn an_environment_that_is_no_word_is_refused() {
    for name in ["", "default", "Production", "../production", "a/b", "prod"] {
        let place = with("MFA_ENV", name).file("config/default.toml", "");
        assert!(place.error().starts_with("MFA_ENV is "), "{name}");
    }
}

#[test]
fn the_dotenv_file_of_the_guide_is_understood_as_it_is() {
    let guide = format!(
        "# === JWT Secret (OBLIGATOIRE!) ===\nJWT_SECRET_KEY={SECRET}$ab\n\nMFA_RATE_LIMIT_WINDOW=60\n\
         MFA_RATE_LIMIT_MAX=12\nOVH_APP_KEY=votre_app_key\nOVH_APP_SECRET=votre_app_secret\n\
         OVH_CONSUMER_KEY=votre_consumer_key\nOVH_SMS_ACCOUNT=sms-ab12345-1\nOVH_SMS_SENDER=ITSPIRIT\n\
         TWILIO_ACCOUNT_SID=ACxxxxxxxxxxxxxxxxxxxxx\nTWILIO_AUTH_TOKEN=xxxxxxxxxxxxxxxxxxxxxxx\n\
         TWILIO_FROM=+15551234567\nREDIS_URL=redis://localhost:6379/1\nNOVA_THING=\"other\"\n"
    );
    let settings = Place::new().file(".env", &guide).load().unwrap();
    let super::super::KeySource::Given(secret) = &settings.tokens.secret else { panic!("generated") };
    assert_eq!(secret.expose(), format!("{SECRET}$ab"), "a dollar stays literal");
    assert_eq!(settings.limits.code_checks_per_ip.max, 12);
    let providers: Vec<_> = settings.sms.providers.iter().map(ToString::to_string).collect();
    assert_eq!(providers, ["ovh", "twilio"]);
    assert_eq!(settings.redis.unwrap().urls[0].expose(), "redis://localhost:6379/1");
}

#[test]
fn unknown_names_are_refused_wherever_they_stand_and_those_of_others_passed_over() {
    for (place, message) in [
        (
            with("MFA_BINDD", "hunter2"),
            "MFA_BINDD in the environment is not a setting: did you mean MFA_BIND?",
        ),
        (
            Place::new().file(".env", "MFA_RATE_LIMIT_MX=1"),
            "MFA_RATE_LIMIT_MX in .env is not a setting: did you mean MFA_RATE_LIMIT_MAX?",
        ),
        (
            Place::new().file("config/default.toml", "jwt_secret = 'hunter2'"),
            "jwt_secret in config/default.toml is not a setting: did you mean jwt_secret_key?",
        ),
        (
            Place::new().file("config/development.toml", "MFA_BIND = '127.0.0.1:1'"),
            "MFA_BIND in config/development.toml is not a setting: did you mean mfa_bind?",
        ),
        (
            Place::new().file("config/default.toml", "[mfa_bindd]\nx = 1"),
            "mfa_bindd in config/default.toml is not a setting: did you mean mfa_bind?",
        ),
    ] {
        assert_eq!(place.error(), message);
    }
    let fine = with("MFA_TEST_DATABASE_URL", "x")
        .set("MFA_SERVICE_HOST", "10.0.0.1")
        .set("MFA_PORT_8200_TCP_ADDR", "10.0.0.1")
        .set("PATH", "/bin")
        .file(".env", "DEBUG=1\nMFA_TEST_X=1\n");
    fine.load().unwrap();
}

#[test]
fn the_environment_cannot_be_chosen_in_the_file_that_it_chooses() {
    let place = Place::new().file("config/default.toml", "mfa_env = 'production'");
    assert_eq!(
        place.error(),
        "mfa_env stands in config/default.toml, which it chooses: set MFA_ENV in the environment or in .env"
    );
}

#[test]
fn a_file_that_is_not_understood_is_named_and_not_shown() {
    let toml = Place::new().file("config/default.toml", "mfa_locale = 'fr'\njwt_secret_key = hunter2 x");
    assert!(toml.error().starts_with("config/default.toml is not understood (TOML parse error at line 2"));
    let dotenv = Place::new().file(".env", "A=1\nhunter2\n");
    assert!(dotenv.error().starts_with(".env line 2 has no `=`"), "{}", dotenv.error());
    let table = Place::new().file("config/default.toml", "[mfa_bind]\nx = 'hunter2'");
    assert!(table.error().starts_with("mfa_bind in config/default.toml is neither"), "{}", table.error());
}

#[test]
fn a_file_may_hold_numbers_flags_and_lists() {
    let text = "mfa_rate_limit_max = 7\nlogin_enabled = false\nmfa_sms_countries = ['FR', 'be']\n\
                mfa_sms_min_conversion = 0.5";
    let settings = Place::new().file("config/development.toml", text).load().unwrap();
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
            format!("{0} and {0}_FILE are both set: take one of them out", setting.name)
        );
    }
    let place = with("JWT_SECRET_KEY_FILE", "keys/jwt").file("keys/jwt", &format!("{SECRET}\r\n"));
    let super::super::KeySource::Given(secret) = place.load().unwrap().tokens.secret else {
        panic!("generated")
    };
    assert_eq!(secret.expose(), SECRET);
    assert_eq!(place.shown("JWT_SECRET_KEY"), some("***", "file keys/jwt"));
    let in_toml = place
        .unset("JWT_SECRET_KEY_FILE")
        .file("config/development.toml", "jwt_secret_key_file = 'keys/jwt'");
    assert_eq!(in_toml.shown("JWT_SECRET_KEY").1, "file keys/jwt");
}

#[test]
fn a_secret_file_that_is_missing_or_empty_is_named() {
    let missing = with("HOOK_SECRET_FILE", "nowhere");
    assert_eq!(
        missing.error(),
        "HOOK_SECRET_FILE names nowhere, which does not exist: give the path of a file"
    );
    let empty = missing.file("nowhere", "\n");
    assert_eq!(empty.error(), "HOOK_SECRET_FILE names nowhere, which is empty: fill the file");
}

#[test]
fn an_empty_value_stands_for_none_given_whatever_lies_beneath() {
    let place = Place::new()
        .file(".env", "MFA_COMMITTERS=5\nTRUSTED_PROXIES=10.0.0.0/8\nLOGIN_ENABLED=false\n")
        .set("MFA_COMMITTERS", "")
        .set("TRUSTED_PROXIES", "")
        .set("LOGIN_ENABLED", "")
        .set("OVH_APP_KEY", "");
    let settings = place.load().unwrap();
    assert_eq!(settings.database.committers, 2);
    assert_eq!(settings.server.trusted_proxies, []);
    assert!(settings.login.enabled);
    let none = with("MFA_SMS_COUNTRIES", "");
    assert_eq!(none.load().unwrap().sms.countries, [], "empty means no SMS");
    assert_eq!(none.shown("MFA_SMS_COUNTRIES"), some("", "environment"));
}

#[test]
fn what_is_shown_hides_every_secret() {
    let mut place = Place::production().set("REDIS_URL", "redis://:hunter2@cache/1");
    place = place.set("JWT_PREVIOUS_SECRET_KEYS", &format!("{SECRET}2"));
    let settings = place.load().unwrap();
    let all = format!("{:?} {settings:?}", settings.shown());
    for secret in [SECRET, KEY, "hunter2"] {
        assert!(!all.contains(secret), "{all}");
    }
    assert_eq!(place.shown("DATABASE_URL"), some("postgresql://nova:***@db/nova", "environment"));
    assert_eq!(place.shown("REDIS_URL"), some("redis://:***@cache/1", "environment"));
}
