//! Identifiers: of users, tokens and keys.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The key of a row of `users`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UserId(i64);

impl UserId {
    /// From the integer key of the row.
    pub const fn new(id: i64) -> Self {
        Self(id)
    }

    /// The integer key of the row.
    pub const fn value(self) -> i64 {
        self.0
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What a token is remembered by once it is spent or revoked: 16 bytes of the SHA-256 of its `jti`.
///
/// A digest, so that any string may be a `jti` and a row never holds one that can be used.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenId([u8; 16]);

impl TokenId {
    /// Of the `jti` claim, or of the whole token where it has none.
    pub fn from_jti(text: &str) -> Self {
        let mut id = [0_u8; 16];
        for (to, from) in id.iter_mut().zip(Sha256::digest(text.as_bytes())) {
            *to = from;
        }
        Self(id)
    }

    /// From its sixteen bytes.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Its sixteen bytes.
    pub const fn bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

impl fmt::Debug for TokenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenId(")?;
        for byte in self.0.iter().take(4) {
            write!(f, "{byte:02x}")?;
        }
        f.write_str("…)")
    }
}

impl Serialize for TokenId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&data_encoding::BASE64URL_NOPAD.encode(self.bytes()))
    }
}

impl<'de> Deserialize<'de> for TokenId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        data_encoding::BASE64URL_NOPAD
            .decode(text.as_bytes())
            .ok()
            .and_then(|bytes| bytes.try_into().ok())
            .map(Self::from_bytes)
            .ok_or_else(|| serde::de::Error::custom("a token id is 16 bytes of base64url"))
    }
}

/// The name of a key in a ring: 1 to 32 of `A-Z a-z 0-9 _ -`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct KeyId(String);

/// A key name that is empty, too long, or has another character than letters, digits, `_` and `-`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a key id is 1 to 32 letters, digits, underscores or dashes")]
pub struct KeyIdError;

impl KeyId {
    /// Parses the name of a key.
    ///
    /// # Errors
    ///
    /// [`KeyIdError`] when it is not 1 to 32 letters, digits, `_` or `-`.
    pub fn parse(text: &str) -> Result<Self, KeyIdError> {
        let fits = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
        if (1..=32).contains(&text.len()) && text.bytes().all(fits) {
            Ok(Self(text.to_owned()))
        } else {
            Err(KeyIdError)
        }
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_id_is_the_start_of_a_digest_and_shows_little_of_itself() {
        let id = TokenId::from_jti("abc");
        assert_eq!(id.bytes().first(), Some(&0xba), "SHA-256 of abc starts ba7816bf");
        assert_eq!(format!("{id:?}"), "TokenId(ba7816bf…)");
    }

    #[test]
    fn key_names_that_could_break_a_sealed_value_are_refused() {
        assert!(KeyId::parse("k2026-11_a").is_ok());
        for bad in ["", "a.b", "a b", "é", &"x".repeat(33)] {
            assert_eq!(KeyId::parse(bad), Err(KeyIdError), "{bad}");
        }
    }
}
