//! The first factor, for a server that runs on its own.

use super::SettingsError;
use super::reader::Reader;

/// Login by password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoginSettings {
    /// `LOGIN_ENABLED`.
    pub enabled: bool,
    /// `MFA_PASSWORD_REHASH`: replace bcrypt by Argon2id in a table that we did not make, too.
    pub password_rehash: bool,
    /// Whether there is a demo user: in development, while `DATABASE_URL` is unset.
    pub demo_user: bool,
}

impl LoginSettings {
    pub(super) fn read(reader: &Reader<'_>) -> Result<Self, SettingsError> {
        Ok(Self {
            enabled: reader.flag("LOGIN_ENABLED")?,
            password_rehash: reader.flag("MFA_PASSWORD_REHASH")?,
            demo_user: reader.environment().is_development() && reader.text("DATABASE_URL").is_none(),
        })
    }
}
