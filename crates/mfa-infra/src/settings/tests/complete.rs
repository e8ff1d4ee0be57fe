//! Tests that every list of settings is complete.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::super::table::{self, GROUPS};
use super::super::{SettingsError, dotenv};
use super::*;

const DEFAULT: &str = include_str!("../../../../../config/default.toml");
const EXAMPLE: &str = include_str!("../../../../../.env.example");

const PREAMBLE: &str = "\
# All settings of NOVA MFA, with their default values.
#
# Copy this file to `.env` and uncomment the lines that you need. Environment variables override this file, and this file
# overrides config/. `$` has no special meaning. Put a value that contains spaces or quotes between '…'.
# A secret, DATABASE_URL, REDIS_URL and SMTP_URL can be read from a file instead: JWT_SECRET_KEY_FILE=/run/secrets/jwt
";

/// Returns the example generated from the table.
fn example() -> String {
    let mut text = PREAMBLE.to_owned();
    for group in GROUPS {
        writeln!(text, "\n# --- {} ---", group.title).unwrap();
        for setting in group.settings {
            let default = setting.default.unwrap_or_default();
            writeln!(text, "# {}\n#{}={default}", setting.description, setting.name).unwrap();
        }
    }
    text
}

#[test]
fn the_example_matches_the_table() {
    assert_eq!(EXAMPLE, example(), "write the text on the right to .env.example");
}

#[test]
fn names_are_unique_and_each_has_a_description() {
    let names: BTreeSet<_> = table::all().map(|setting| setting.name).collect();
    assert_eq!(names.len(), table::all().count());
    assert!(table::all().all(|setting| !setting.description.is_empty()));
}

#[test]
fn the_settings_of_the_operations_manual_are_all_there() {
    let manual = "MFA_ENV MFA_BIND MFA_OPS_BIND BEHIND_TLS_PROXY TLS_CERT TLS_KEY MFA_DATA_DIR DATABASE_URL \
        MFA_DATABASE_POOL MFA_COMMITTERS MFA_MAX_CLOCK_SKEW SSL_CERT_FILE REDIS_URL REDIS_MODE REDIS_PREFIX MFA_SERVERS \
        JWT_SECRET_KEY JWT_PREVIOUS_SECRET_KEYS JWT_ALGORITHM JWT_PRIVATE_KEYS JWT_ISSUER JWT_AUDIENCE \
        JWT_ACCEPT_LEGACY_TOKENS INTROSPECTION_KEY MFA_ENCRYPTION_KEYS MFA_RATE_LIMIT_WINDOW MFA_RATE_LIMIT_MAX \
        MFA_RECOVERY_RATE_MAX MFA_REGENERATE_PER_HOUR LOGIN_RATE_USER_MAX LOGIN_RATE_IP_MAX MFA_MAX_FAILURES \
        MFA_LOCK_MINUTES MFA_STEP_UP_MAX_AGE MFA_ACCESS_PASS_MINUTES MFA_ISSUER MFA_BRAND MFA_HELP_URL MFA_HELP_TEXT \
        MFA_PRIVACY_URL MFA_SMS_PROVIDERS MFA_SMS_OUTBOX MFA_SMS_COUNTRIES \
        MFA_SMS_PER_MINUTE MFA_SMS_PER_HOUR MFA_SMS_PER_IP_HOUR MFA_SMS_PER_PREFIX_HOUR MFA_SMS_PER_COUNTRY_DAY \
        MFA_SMS_PER_DAY MFA_SMS_MIN_CONVERSION MFA_SMS_DOMAIN MFA_NOTIFY SMTP_URL MFA_MAIL_FROM OVH_APP_KEY OVH_APP_SECRET OVH_CONSUMER_KEY \
        OVH_SMS_ACCOUNT OVH_SMS_SENDER OVH_ENDPOINT TWILIO_ACCOUNT_SID TWILIO_AUTH_TOKEN TWILIO_FROM \
        TWILIO_ENDPOINT PUBLIC_URL HOOK_SECRET MFA_RP_ID MFA_RP_ORIGINS MFA_RELATED_ORIGINS MFA_MAX_PASSKEYS MFA_MAX_TOTP_APPS \
        MFA_PASSKEY_STRICT_BACKUP_FLAG MFA_REQUIRE_PHISHING_RESISTANT TRUSTED_PROXIES TRUSTED_PROXY_HEADER LOGIN_ENABLED \
        MFA_LOGIN_URL MFA_PASSWORD_REHASH MFA_LOG_FILE MFA_LOG_LEVEL MFA_AUDIT_DAYS MFA_LOCALE";
    let manual: BTreeSet<_> = manual.split_whitespace().collect();
    assert_eq!(table::all().map(|setting| setting.name).collect::<BTreeSet<_>>(), manual);
}

#[test]
fn the_default_file_gives_the_defaults_of_the_table_and_nothing_else() {
    let fixture = Fixture::new().file("config/default.toml", DEFAULT).file("config/development.toml", "");
    let settings = fixture.load().unwrap();
    for (row, setting) in settings.displayed().iter().zip(table::all()) {
        assert_eq!(row.name, setting.name);
        if setting.name == "MFA_ENV" {
            continue;
        }
        assert_eq!(row.source == "config/default.toml", setting.default.is_some(), "{}", row.name);
        if setting.default.is_some() {
            assert_eq!(row.value.as_deref(), setting.default, "{}", row.name);
        }
    }
}

#[test]
fn the_example_with_every_line_taken_in_changes_no_default() -> Result<(), SettingsError> {
    let lines =
        EXAMPLE.lines().filter_map(|line| line.strip_prefix('#')).filter(|line| !line.starts_with(' '));
    let active = lines.collect::<Vec<_>>().join("\n");
    assert_eq!(dotenv::parse(&active).pairs.len(), table::all().count());
    let fixture = Fixture::new();
    let plain = fixture.load()?;
    let copied = fixture.file(".env", &active.replace("LOGIN_ENABLED=false", "LOGIN_ENABLED=")).load()?;
    for (plain, copied) in plain.displayed().iter().zip(copied.displayed()) {
        assert_eq!(plain.value, copied.value, "{}", plain.name);
    }
    Ok(())
}
