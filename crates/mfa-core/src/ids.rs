//! Identifiers of users, tokens and keys.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// ID of a user: the primary key in `users`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UserId(i64);

impl UserId {
    /// Creates the ID from the row's primary key.
    pub const fn new(id: i64) -> Self {
        Self(id)
    }

    /// Returns the row's primary key.
    pub const fn value(self) -> i64 {
        self.0
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// ID of a token in denylists: the first 16 bytes of the SHA-256 of its `jti`.
///
/// A digest, so that any string can be a `jti` and the database holds no usable `jti`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenId([u8; 16]);

impl TokenId {
    /// Computes the ID from the `jti` claim, or from the whole token if it has none.
    pub fn from_jti(text: &str) -> Self {
        let mut id = [0_u8; 16];
        for (to, from) in id.iter_mut().zip(Sha256::digest(text.as_bytes())) {
            *to = from;
        }
        Self(id)
    }

    /// Creates the ID from its 16 bytes.
    pub const fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// Returns the 16 bytes of the ID.
    pub const fn bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// Returns the ID in lower-case hexadecimal: the ID of a session.
    pub fn to_hex(&self) -> String {
        data_encoding::HEXLOWER.encode(&self.0)
    }

    /// Parses 32 lower-case hexadecimal digits.
    pub fn parse_hex(text: &str) -> Option<Self> {
        let bytes = data_encoding::HEXLOWER.decode(text.as_bytes()).ok()?;
        bytes.try_into().ok().map(Self)
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

/// `jti` of a token that is still to be issued: 128 random bits in base64url (RFC 7519 §4.1.7).
///
/// Drawn before the decision that grants the token, so that the decision records its [`TokenId`].
#[derive(Clone, PartialEq, Eq)]
pub struct Jti(String);

impl Jti {
    /// Creates the `jti` from 16 random bytes.
    pub fn from_random(bytes: [u8; 16]) -> Self {
        Self(data_encoding::BASE64URL_NOPAD.encode(&bytes))
    }

    /// Returns the value of the claim.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the ID under which the token is denied and its session is listed.
    pub fn token_id(&self) -> TokenId {
        TokenId::from_jti(&self.0)
    }
}

impl fmt::Debug for Jti {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Jti({:?})", self.token_id())
    }
}

/// ID of a key in a key ring: 1 to 32 characters of `A-Z a-z 0-9 _ -`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct KeyId(String);

/// Error for a key ID that is empty, longer than 32 characters, or has a forbidden character.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a key id is 1 to 32 letters, digits, underscores or dashes")]
pub struct KeyIdError;

impl KeyId {
    /// Parses a key ID.
    ///
    /// # Errors
    ///
    /// [`KeyIdError`] if the text is not 1 to 32 letters, digits, `_` or `-`: reject the configuration.
    pub fn parse(text: &str) -> Result<Self, KeyIdError> {
        let fits = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
        if (1..=32).contains(&text.len()) && text.bytes().all(fits) {
            Ok(Self(text.to_owned()))
        } else {
            Err(KeyIdError)
        }
    }

    /// Returns the ID as text.
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
    fn a_session_id_has_one_spelling() {
        let id = TokenId::from_jti("abc");
        assert_eq!(id.to_hex(), "ba7816bf8f01cfea414140de5dae2223");
        assert_eq!(TokenId::parse_hex(&id.to_hex()), Some(id));
        for bad in ["", "ba78", "BA7816BF8F01CFEA414140DE5DAE2223", "ba7816bf8f01cfea414140de5dae222g"] {
            assert_eq!(TokenId::parse_hex(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_jti_that_is_still_to_be_issued_does_not_appear_in_debug_output() {
        let jti = Jti::from_random([7; 16]);
        assert_eq!(jti.as_str().len(), 22);
        assert_eq!(jti.token_id(), TokenId::from_jti(jti.as_str()));
        assert!(!format!("{jti:?}").contains(jti.as_str()));
    }

    #[test]
    fn key_names_that_could_break_a_sealed_value_are_refused() {
        assert!(KeyId::parse("k2026-11_a").is_ok());
        for bad in ["", "a.b", "a b", "é", &"x".repeat(33)] {
            assert_eq!(KeyId::parse(bad), Err(KeyIdError), "{bad}");
        }
    }
}
