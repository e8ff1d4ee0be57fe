//! Who may get SMS, how many, and through whom.

use std::path::Path;

use mfa_core::SecretText;

use super::SettingsError;
use super::providers::{self, SmsProvider};
use super::reader::SettingsReader;

/// SMS. Without a provider or a country there is none, and readiness says so.
#[derive(Clone, Debug, PartialEq)]
pub struct SmsSettings {
    /// `MFA_SMS_PROVIDERS`, in the order of failover.
    pub providers: Vec<SmsProvider>,
    /// `MFA_SMS_COUNTRIES`: whose numbers may get SMS.
    pub countries: Vec<CountryCode>,
    /// The ceilings.
    pub budget: SmsBudget,
    /// `MFA_SMS_MIN_CONVERSION`: share of codes that must come back. Above 0, at most 1.
    pub min_conversion: f64,
    /// `MFA_SMS_DOMAIN`, of the `WebOTP` line.
    pub domain: Option<String>,
    /// `HOOK_SECRET`: the last part of the address that OVH reports to.
    pub hook_secret: Option<SecretText>,
}

/// How many SMS; each at least 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SmsBudget {
    /// `MFA_SMS_PER_MINUTE`, by user and by number.
    pub per_minute: u32,
    /// `MFA_SMS_PER_HOUR`, by user and by number.
    pub per_hour: u32,
    /// `MFA_SMS_PER_IP_HOUR`.
    pub per_ip_hour: u32,
    /// `MFA_SMS_PER_PREFIX_HOUR`: a prefix is the number without its last four digits.
    pub per_prefix_hour: u32,
    /// `MFA_SMS_PER_COUNTRY_DAY`.
    pub per_country_day: u32,
    /// `MFA_SMS_PER_DAY`, in all.
    pub per_day: u32,
}

/// Two capital letters, as ISO 3166-1 has them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CountryCode(String);

impl CountryCode {
    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

const MOST: u32 = 10_000_000;
/// The times of a user's sends of the last hour stand in the account's row.
const MOST_BY_USER: u32 = 100;

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
                per_minute: reader.number("MFA_SMS_PER_MINUTE", 1, MOST)?,
                per_hour: reader.number("MFA_SMS_PER_HOUR", 1, MOST_BY_USER)?,
                per_ip_hour: reader.number("MFA_SMS_PER_IP_HOUR", 1, MOST)?,
                per_prefix_hour: reader.number("MFA_SMS_PER_PREFIX_HOUR", 1, MOST)?,
                per_country_day: reader.number("MFA_SMS_PER_COUNTRY_DAY", 1, MOST)?,
                per_day: reader.number("MFA_SMS_PER_DAY", 1, MOST)?,
            },
            min_conversion: reader.share("MFA_SMS_MIN_CONVERSION")?,
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
            let problem = format!("holds {}", item.escape_debug());
            Err(SettingsError::refused(
                "MFA_SMS_COUNTRIES",
                problem,
                "give codes of two letters, such as FR,BE",
            ))
        }
    };
    reader.list("MFA_SMS_COUNTRIES").into_iter().map(parse).collect()
}

fn domain(reader: &SettingsReader<'_>) -> Result<Option<String>, SettingsError> {
    let Some(domain) = reader.text("MFA_SMS_DOMAIN") else { return Ok(None) };
    let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.');
    if domain.bytes().all(fits) && !domain.starts_with('.') && !domain.ends_with('.') {
        Ok(Some(domain.to_ascii_lowercase()))
    } else {
        Err(reader.wrong("MFA_SMS_DOMAIN", "give the domain alone, such as mfa.example.com"))
    }
}

fn hook_secret(reader: &SettingsReader<'_>) -> Result<Option<SecretText>, SettingsError> {
    let Some(secret) = reader.secret("HOOK_SECRET") else { return Ok(None) };
    let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    if secret.expose().len() >= 16 && secret.expose().bytes().all(fits) {
        Ok(Some(secret.clone()))
    } else {
        Err(SettingsError::refused(
            "HOOK_SECRET",
            "is shorter than 16 characters, or holds some that a path cannot",
            "give letters, digits, - and _ (openssl rand -hex 32)",
        ))
    }
}
