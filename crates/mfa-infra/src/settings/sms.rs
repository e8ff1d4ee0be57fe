//! Settings of SMS: providers, allowed countries and budgets.

use std::path::Path;

use mfa_core::SecretText;

use super::error::SettingsError;
use super::providers::{self, SmsProvider};
use super::reader::SettingsReader;

/// SMS providers, countries and budgets. Without a provider or a country SMS is off, which readiness reports.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct SmsSettings {
    /// Providers in failover order (`MFA_SMS_PROVIDERS`).
    pub providers: Vec<SmsProvider>,
    /// Countries to which SMS may be sent (`MFA_SMS_COUNTRIES`).
    pub countries: Vec<CountryCode>,
    /// Maximum numbers of SMS.
    pub budget: SmsBudget,
    /// Minimum ratio of sent codes that are used, above 0 and at most 1 (`MFA_SMS_MIN_CONVERSION`).
    pub min_conversion: f64,
    /// Domain in the `WebOTP` line of the message (`MFA_SMS_DOMAIN`).
    pub domain: Option<String>,
    /// Last path segment of the URL that OVH calls with delivery reports (`HOOK_SECRET`).
    pub hook_secret: Option<SecretText>,
}

/// Maximum numbers of SMS, each at least 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SmsBudget {
    /// SMS per minute, for each user and for each number (`MFA_SMS_PER_MINUTE`).
    pub per_minute: u32,
    /// SMS per hour, for each user and for each number (`MFA_SMS_PER_HOUR`).
    pub per_hour: u32,
    /// SMS per hour and client address (`MFA_SMS_PER_IP_HOUR`).
    pub per_ip_hour: u32,
    /// SMS per hour and number prefix: the number without its last four digits (`MFA_SMS_PER_PREFIX_HOUR`).
    pub per_prefix_hour: u32,
    /// SMS per day and country (`MFA_SMS_PER_COUNTRY_DAY`).
    pub per_country_day: u32,
    /// SMS per day in total (`MFA_SMS_PER_DAY`).
    pub per_day: u32,
}

/// ISO 3166-1 alpha-2 country code, in upper case.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CountryCode(String);

impl CountryCode {
    /// Returns the two letters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

const MAX_BUDGET: u32 = 10_000_000;
/// The account row stores the time of each SMS of the last hour, so the number is bounded.
const MAX_PER_USER_HOUR: u32 = 100;

impl SmsSettings {
    pub(super) fn read(
        reader: &SettingsReader<'_>,
        data_dir: &Path,
        loopback: bool,
    ) -> Result<Self, SettingsError> {
        Ok(Self {
            providers: providers::read(reader, data_dir, loopback)?,
            countries: countries(reader)?,
            budget: SmsBudget {
                per_minute: reader.number("MFA_SMS_PER_MINUTE", 1, MAX_BUDGET)?,
                per_hour: reader.number("MFA_SMS_PER_HOUR", 1, MAX_PER_USER_HOUR)?,
                per_ip_hour: reader.number("MFA_SMS_PER_IP_HOUR", 1, MAX_BUDGET)?,
                per_prefix_hour: reader.number("MFA_SMS_PER_PREFIX_HOUR", 1, MAX_BUDGET)?,
                per_country_day: reader.number("MFA_SMS_PER_COUNTRY_DAY", 1, MAX_BUDGET)?,
                per_day: reader.number("MFA_SMS_PER_DAY", 1, MAX_BUDGET)?,
            },
            min_conversion: reader.ratio("MFA_SMS_MIN_CONVERSION")?,
            domain: domain(reader)?,
            hook_secret: hook_secret(reader)?,
        })
    }
}

fn countries(reader: &SettingsReader<'_>) -> Result<Vec<CountryCode>, SettingsError> {
    let parse = |item: &str| {
        if item.len() == 2 && item.bytes().all(|b| b.is_ascii_alphabetic()) {
            Ok(CountryCode(item.to_ascii_uppercase()))
        } else {
            let item = reader.quoted("MFA_SMS_COUNTRIES", item);
            let item = item.unwrap_or_else(|| "an item that is no country".to_owned());
            let problem = format!("contains {item}");
            Err(SettingsError::invalid(
                "MFA_SMS_COUNTRIES",
                problem,
                "use ISO 3166-1 two-letter codes, such as FR,BE",
            ))
        }
    };
    reader.list("MFA_SMS_COUNTRIES").into_iter().map(parse).collect()
}

fn domain(reader: &SettingsReader<'_>) -> Result<Option<String>, SettingsError> {
    let Some(domain) = reader.text("MFA_SMS_DOMAIN") else { return Ok(None) };
    let is_allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.');
    if domain.bytes().all(is_allowed) && !domain.starts_with('.') && !domain.ends_with('.') {
        Ok(Some(domain.to_ascii_lowercase()))
    } else {
        Err(reader.invalid("MFA_SMS_DOMAIN", "use the domain without a scheme, such as mfa.example.com"))
    }
}

fn hook_secret(reader: &SettingsReader<'_>) -> Result<Option<SecretText>, SettingsError> {
    let Some(secret) = reader.secret("HOOK_SECRET") else { return Ok(None) };
    let is_allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    if secret.expose().len() >= 16 && secret.expose().bytes().all(is_allowed) {
        Ok(Some(secret.clone()))
    } else {
        Err(SettingsError::invalid(
            "HOOK_SECRET",
            "is shorter than 16 characters or contains characters that are not allowed in a path",
            "use letters, digits, - and _ (openssl rand -hex 32)",
        ))
    }
}
