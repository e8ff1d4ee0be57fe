//! Encrypted column values and the context that each is bound to.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::UserId;

/// Sealed (encrypted) value as stored in a column. Only a [`SecretCipher`](crate::SecretCipher) can read it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Sealed(String);

impl Sealed {
    /// Wraps the content of a column without a check. A cipher rejects a value that it did not seal.
    pub const fn from_column(text: String) -> Self {
        Self(text)
    }

    /// Returns the content for a column.
    pub fn as_column(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Sealed {
    /// Shows nothing, because a column may hold a plaintext value by mistake.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealed(…)")
    }
}

/// Context that a sealed value is bound to. It cannot be unsealed in another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SealContext {
    /// User of the row.
    pub user: UserId,
    /// Column of the row.
    pub column: SealedColumn,
}

/// Column of `users` with sealed values.
///
/// Exhaustive, so that key rotation handles every column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SealedColumn {
    /// Active TOTP secret.
    TotpSecret,
    /// TOTP secret that is not confirmed.
    TotpPendingSecret,
    /// Active phone number.
    PhoneNumber,
    /// Phone number that is not confirmed.
    PhonePending,
}

impl SealedColumn {
    /// Returns the name of the column.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TotpSecret => "totp_secret",
            Self::TotpPendingSecret => "totp_pending_secret",
            Self::PhoneNumber => "phone_number",
            Self::PhonePending => "phone_pending",
        }
    }
}
