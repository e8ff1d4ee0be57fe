//! What users see: names and language.

use super::SettingsError;
use super::reader::SettingsReader;

/// Names and language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrandSettings {
    /// `MFA_ISSUER`: the name in the authenticator app.
    pub issuer: String,
    /// `MFA_BRAND`: the last part of the interface's path.
    pub path: String,
    /// `MFA_LOCALE`: for texts where the caller names no language.
    pub locale: Locale,
}

/// A language that the texts exist in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Locale {
    /// French.
    Fr,
    /// English.
    En,
}

impl BrandSettings {
    pub(super) fn read(reader: &SettingsReader<'_>) -> Result<Self, SettingsError> {
        let issuer = reader.defaulted("MFA_ISSUER")?;
        // A colon parts issuer and account in an otpauth label.
        if issuer.chars().count() > 64 || issuer.chars().any(|c| c == ':' || c.is_control()) {
            return Err(reader.wrong("MFA_ISSUER", "give a name of up to 64 characters without a colon"));
        }
        let path = reader.defaulted("MFA_BRAND")?;
        let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
        if path.len() > 64 || !path.bytes().all(fits) {
            return Err(reader.wrong("MFA_BRAND", "give up to 64 letters, digits, - and _"));
        }
        let locale = match reader.defaulted("MFA_LOCALE")?.to_ascii_lowercase().as_str() {
            "fr" => Locale::Fr,
            "en" => Locale::En,
            _ => return Err(reader.wrong("MFA_LOCALE", "give fr or en")),
        };
        Ok(Self { issuer: issuer.to_owned(), path: path.to_owned(), locale })
    }
}
