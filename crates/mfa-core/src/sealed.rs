//! Encrypted column values and the context that each is bound to.

use std::fmt;

use crate::UserId;

/// A sealed value, as a column holds it. Opaque: only a [`SecretCipher`] reads it.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed(String);

impl Sealed {
    /// Takes what a column holds, whatever it is: a cipher refuses what it did not seal.
    pub const fn from_column(text: String) -> Self {
        Self(text)
    }

    /// What a column is to hold.
    pub fn as_column(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Sealed {
    /// Shows nothing: a column may hold a value that should be sealed and is not.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealed(…)")
    }
}

/// The place a value is sealed for: it unseals nowhere else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SealContext {
    /// In whose row.
    pub user: UserId,
    /// In which column.
    pub column: SealedColumn,
}

/// A column of `users` that holds sealed values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SealedColumn {
    /// The TOTP secret in force.
    TotpSecret,
    /// A TOTP secret that waits for its confirmation.
    TotpPendingSecret,
    /// The phone number in force.
    PhoneNumber,
    /// A phone number that waits for its confirmation.
    PhonePending,
}

impl SealedColumn {
    /// The name of the column.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TotpSecret => "totp_secret",
            Self::TotpPendingSecret => "totp_pending_secret",
            Self::PhoneNumber => "phone_number",
            Self::PhonePending => "phone_pending",
        }
    }
}
