//! What a factor proves, in the words of RFC 8176.

use serde::{Deserialize, Serialize};

/// A kind of second factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FactorKind {
    /// A code of an authenticator app (RFC 6238).
    Totp,
    /// A code sent by SMS.
    Sms,
    /// A one-time recovery code.
    Recovery,
}

impl FactorKind {
    /// Its name in answers, events and columns.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Totp => "totp",
            Self::Sms => "sms",
            Self::Recovery => "recovery",
        }
    }

    /// The factor of that name.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Totp, Self::Sms, Self::Recovery].into_iter().find(|kind| kind.as_str() == name)
    }

    /// The `amr` claim of a login by password and this factor (RFC 8176 has no value for recovery codes).
    pub const fn amr(self) -> &'static [&'static str] {
        match self {
            Self::Totp => &["pwd", "otp", "mfa"],
            Self::Sms => &["pwd", "sms", "mfa"],
            Self::Recovery => &["pwd", "mfa"],
        }
    }
}
