//! Settings of the product names and the language that users see.

use super::error::SettingsError;
use super::reader::SettingsReader;

/// Product names and language.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BrandSettings {
    /// Name shown in the authenticator app (`MFA_ISSUER`).
    pub issuer: String,
    /// Last segment of the path of the web interface (`MFA_BRAND`).
    pub path: String,
    /// Language of texts if the client states no preference (`MFA_LOCALE`).
    pub locale: Locale,
}

/// Language in which the texts are available.
///
/// Exhaustive, so that each text is available in each language.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Locale {
    /// French.
    Fr,
    /// English.
    En,
}

impl BrandSettings {
    pub(super) fn read(reader: &SettingsReader<'_>) -> Result<Self, SettingsError> {
        let issuer = reader.required("MFA_ISSUER")?;
        // A colon separates issuer and account in an otpauth label.
        if issuer.chars().count() > 64 || issuer.chars().any(|c| c == ':' || c.is_control()) {
            return Err(reader.invalid("MFA_ISSUER", "use a name of at most 64 characters without a colon"));
        }
        let path = reader.required("MFA_BRAND")?;
        let is_allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
        if path.len() > 64 || !path.bytes().all(is_allowed) {
            return Err(reader.invalid("MFA_BRAND", "use at most 64 letters, digits, - and _"));
        }
        let locale = match reader.required("MFA_LOCALE")?.to_ascii_lowercase().as_str() {
            "fr" => Locale::Fr,
            "en" => Locale::En,
            _ => return Err(reader.invalid("MFA_LOCALE", "use fr or en")),
        };
        Ok(Self { issuer: issuer.to_owned(), path: path.to_owned(), locale })
    }
}
