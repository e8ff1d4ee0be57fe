//! The user handle: how authenticators name an account.

use std::fmt;

use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use crate::base64url;

/// User handle of an account: 64 random bytes, the same for all credentials of a user (WebAuthn Level 3 §14.6.1).
///
/// It contains nothing about the user, because an authenticator may reveal it. Stored as base64url.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct UserHandle([u8; 64]);

impl UserHandle {
    /// Creates the handle from 64 random bytes.
    pub const fn from_bytes(bytes: [u8; 64]) -> Self {
        Self(bytes)
    }

    /// Returns the bytes.
    pub const fn bytes(&self) -> &[u8; 64] {
        &self.0
    }

    /// Returns whether these bytes are the handle. Takes constant time.
    pub(crate) fn matches(&self, bytes: &[u8]) -> bool {
        self.0.ct_eq(bytes).into()
    }
}

impl fmt::Debug for UserHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UserHandle(…)")
    }
}

impl Serialize for UserHandle {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&base64url::encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for UserHandle {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        base64url::decode(&String::deserialize(deserializer)?)
            .and_then(|bytes| bytes.try_into().ok())
            .map(Self)
            .ok_or_else(|| serde::de::Error::custom("a user handle is 64 bytes of base64url"))
    }
}
